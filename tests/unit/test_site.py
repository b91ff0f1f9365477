"""The site of the documentation: its contents and its list of versions. ``make site`` builds it, and CI does."""

import runpy
from pathlib import Path

TOP = Path(__file__).parent.parent.parent
CONF = runpy.run_path(str(TOP / "tools/site/conf.py"))
PUBLISH = runpy.run_path(str(TOP / "tools/site/publish.py"))


def test_each_page_has_a_place():
    listed = [page for pages in CONF["CONTENTS"].values() for page in pages.split()]
    there = {f"docs/{path.stem}" for path in TOP.glob("docs/*.md")} | {path.stem for path in TOP.glob("*.md")}
    assert sorted(listed) == sorted(there - {CONF["root_doc"]} | {"bench/RESULTS", "samples/README"})


def test_the_session_has_a_place():
    assert CONF["MARK"] in (TOP / "docs/page.md").read_text()
    assert (TOP / CONF["SAMPLE"]).is_file()


def test_the_newest_release_is_the_first():
    assert PUBLISH["in_order"](["next", "0.9", "0.10", "1.0", "0.9.1"]) == [
        "1.0",
        "0.10",
        "0.9.1",
        "0.9",
        "next",
    ]


def test_the_start_page_leads_to_the_newest_release(tmp_path: Path):
    for version in ("next", "0.2", "0.10"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "index.html").write_text(version)
    PUBLISH["write_list"](tmp_path)
    assert "url=0.10/index.html" in (tmp_path / "index.html").read_text()
    rows = (tmp_path / "versions.html").read_text()
    assert rows.index("0.10/") < rows.index("0.2/") < rows.index("next/")
