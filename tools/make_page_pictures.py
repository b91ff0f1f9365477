"""Draw the pictures of the page in docs/images: the page of samples/buildx-stages.jsonl with its failed build open.

Chromium takes them (/usr/bin/chromium, or $CHROMIUM): `make page-pictures`.
"""

import os
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from apispy.app.page_server import make_page

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples/buildx-stages.jsonl"
IMAGES = ROOT / "docs/images"
SIZE = {"width": 1280, "height": 640}
THEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


def main() -> None:
    """Write docs/images/page-light.png and page-dark.png."""
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        file = Path(directory) / "session.html"
        file.write_bytes(make_page(SAMPLE))
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        for theme in THEMES:
            page = browser.new_page(viewport=SIZE, color_scheme=theme, timezone_id="UTC")  # type: ignore[arg-type]
            page.goto(file.as_uri())
            page.click("tr.failed")
            page.wait_for_selector(".steps")
            page.screenshot(path=IMAGES / f"page-{theme}.png")
        browser.close()


if __name__ == "__main__":
    main()
