"""Take the picture of the page in docs/images: the page of samples/buildx-stages.jsonl with its failed build open.

Chromium takes it (/usr/bin/chromium, or $CHROMIUM): `make page-picture`.
"""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from apispy.app.page_server import make_page

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples/buildx-stages.jsonl"
PICTURE = ROOT / "docs/images/page.png"
SIZE = {"width": 1280, "height": 640}


def main() -> None:
    """Write docs/images/page.png."""
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        file = Path(directory) / "session.html"
        file.write_bytes(make_page(SAMPLE))
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light", timezone_id="UTC")  # type: ignore[arg-type]
        page.goto(file.as_uri())
        page.click("tr.failed")
        page.wait_for_selector(".steps")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
