"""The documentation as a site, by Sphinx: ``make site``.

The source is the whole checkout, so links between pages, and to files, are the same as on GitHub. The order of the
pages is in CONTENTS. Sphinx reports pages that it lacks, and broken links; ``make site`` fails then.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent.parent

CONTENTS = {
    "First steps": "docs/from-the-article docs/index",
    "Look": "docs/endpoints docs/reading docs/page docs/buildkit docs/explain docs/story docs/diff docs/doctor",
    "Keep and convert": "docs/captures docs/exports docs/imports docs/mcp",
    "Test without Docker": "docs/fixtures docs/replay docs/pytest docs/other-languages docs/faults docs/coverage"
    " docs/drift docs/ci",
    "Guard and operate": "docs/guard docs/permissions docs/fleet",
    "Reference": "docs/install docs/commands docs/filters docs/json docs/statistics docs/exit-codes docs/environment"
    " docs/decoders docs/compatibility docs/versions samples/README docs/glossary",
    "Background": "docs/secrets SECURITY docs/reliability docs/speed bench/RESULTS docs/ARCHITECTURE CONTRIBUTING"
    " CHANGELOG",
}
"""The pages by what a reader wants, in order."""

SAMPLE, SESSION = "samples/compose2.jsonl", "session.html"
"""A capture, and its page in the site."""

MARK = "<!-- site: a session -->"
FRAME = (
    f'<iframe src="../{SESSION}" title="The page of a docker compose up" loading="lazy"'
    ' style="width:100%;height:42rem;border:1px solid #8884"></iframe>'
)
"""Where a page shows the session, and how."""

project = "apispy"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "bench/RESULTS.md", "samples/README.md"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # samples are as programs printed them
templates_path = ["templates"]

release = os.environ.get("APISPY_SITE_VERSION", "")  # tools/site/publish.py sets it
html_theme = "furo"
html_title = f"apispy {release}".strip()
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {
    "**": [f"sidebar/{part}.html" for part in ("brand", "search", "scroll-start", "navigation", "scroll-end")]
    + (["versions.html"] if release else [])
}


def _contents() -> str:
    return "\n".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(pages.split()) + "\n```"
        for caption, pages in CONTENTS.items()
    )


def _read(_: Any, name: str, text: list[str]) -> None:
    """Add to a page what only the site has."""
    text[0] = text[0].replace(MARK, FRAME) + (_contents() if name == root_doc else "")


def _finish(app: Any, failure: Exception | None) -> None:
    """Add the session, the pictures that pages show by HTML, and a start page."""
    if failure is None:
        out = Path(app.outdir)
        command = [sys.executable, "-m", "apispy", "export", SAMPLE, "--to", "html"]
        (out / SESSION).write_bytes(subprocess.run(command, cwd=TOP, check=True, capture_output=True).stdout)
        shutil.copytree(TOP / "docs/images", out / "docs/images", dirs_exist_ok=True)
        (out / "index.html").write_text(f'<meta http-equiv="refresh" content="0; url={root_doc}.html">\n')


def setup(app: Any) -> None:
    """Connect the hooks above with the build."""
    app.connect("source-read", _read)
    app.connect("build-finished", _finish)
