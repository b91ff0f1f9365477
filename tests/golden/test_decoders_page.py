"""docs/decoders.md lists the decoders (``make golden`` rewrites its tables) and shows how to add one."""

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apispy.decoders import DECODERS
from apispy.decoders.header_values import HEADERS, PARAMETERS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/decoders.md"


LAWS = [
    f"laws/test_decoders.py::{name}"
    for name in (
        "test_total_lossless_and_split_proof[ticks]",
        "test_split_proof_byte_by_byte[ticks]",
        "test_memory_is_bounded[-ticks]",
    )
]
"""Those of every decoder. Further beginnings in `test_memory_is_bounded` are of other formats."""


def first_paragraph(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def filled(page: str, name: str, lines: list[str]) -> str:
    """*page* with the lines between ``<!-- name -->`` and the next ``<!-- end -->``."""
    text = "\n".join([f"<!-- {name} -->", *lines, "<!-- end -->"])
    return re.sub(rf"<!-- {name} -->.*?<!-- end -->", lambda _: text, page, flags=re.DOTALL)


def tables(page: str) -> str:
    rows = [f"| `{name}` | {first_paragraph(made)} |" for name, made in sorted(DECODERS.items())]
    page = filled(page, "decoders", ["| name | what it reads |", "| --- | --- |", *rows])
    heads = [f"| header `{name}` | `{form}` |" for name, form in HEADERS.items()]
    heads += [f"| parameter `{name}` | `{form}` |" for name, form in PARAMETERS.items()]
    return filled(page, "heads", ["| header or parameter | decoder |", "| --- | --- |", *heads])


def test_the_page_lists_every_decoder(request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(tables(page))
    assert tables(page) == PAGE.read_text(), "run `make golden`"


def test_every_decoder_says_what_it_reads() -> None:
    for made in DECODERS.values():
        assert vars(made)["__doc__"], made  # its own words, not those of its base


def test_the_example_is_all_that_a_new_decoder_takes(tmp_path: Path) -> None:
    """The file from the page, put beside the others, is registered and keeps the laws."""
    shutil.copytree(ROOT / "apispy", tmp_path / "apispy")
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "apispy/decoders/ticks.py").write_text(example)
    shutil.copytree(
        ROOT / "tests/laws", tmp_path / "laws"
    )  # beside the copy, or the package beside them is imported
    said = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LAWS)
    assert re.search(rf"^{len(LAWS)} passed", said, re.MULTILINE), said
    read = "from apispy.decoders import make; print(make('ticks').feed(bytes([0] * 7 + [7])))"
    assert run(tmp_path, "-c", read) == (
        "[Item(kind='tick', label='tick 7', value=7, span=(0, 8), children=())]\n"
    )


def run(where: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(where), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=where, env=environment, capture_output=True, text=True, timeout=100
    )
    return done.stdout + done.stderr
