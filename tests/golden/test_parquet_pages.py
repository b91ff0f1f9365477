"""The queries on the pages: DuckDB answers as they show (``make golden`` rewrites the answers)."""

import re
import subprocess
import sys
from pathlib import Path

import click.testing
import duckdb
import pytest

from apispy.cli.proxy import proxy

ROOT = Path(__file__).parents[2]
ANSWERED = re.compile(r"(?s)(```sql\n((?:(?!```).)+)```\n\n```text\n)(.*?)(```)")
HOSTS = (
    ("2026-11-28", "build7", "build-legacy"),
    ("2026-11-29", "build7", "run"),
    ("2026-11-29", "desk3", "compose2"),
)
"""Day, host and sample of each export on docs/fleet.md."""


def answer(query: str) -> str:
    """Return the answer of DuckDB: the names of the columns, then a line for each row."""
    found = duckdb.sql(query)
    lines = [
        found.columns,
        *(["" if cell is None else str(cell) for cell in line] for line in found.fetchall()),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def check(page: Path, at_least: int, *, rewrite: bool) -> None:
    text = page.read_text()
    assert len(ANSWERED.findall(text)) >= at_least
    true = ANSWERED.sub(lambda found: f"{found[1]}{answer(found[2])}{found[4]}", text)
    if rewrite:
        page.write_text(true)
    assert page.read_text() == true


def export(sample: str, file: Path) -> None:
    words = ["export", str(ROOT / f"samples/{sample}.jsonl"), "-o", str(file)]
    done = click.testing.CliRunner().invoke(proxy, words, standalone_mode=False)
    assert (done.exception, done.return_value) == (None, 0)


def test_the_queries_of_one_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    export("run", tmp_path / "calls.parquet")
    check(ROOT / "docs/exports.md", 2, rewrite=request.config.getoption("--rewrite-golden"))


def test_the_queries_of_many_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    for day, host, sample in HOSTS:
        directory = tmp_path / f"fleet/day={day}/host={host}"
        directory.mkdir(parents=True)
        export(sample, directory / "calls.parquet")
    check(ROOT / "docs/fleet.md", 3, rewrite=request.config.getoption("--rewrite-golden"))


def test_the_lines_for_each_host_make_these_directories(tmp_path: Path) -> None:
    [script] = re.findall(r"(?s)```sh\n(out=.*?)```", (ROOT / "docs/fleet.md").read_text())
    (tmp_path / "calls.jsonl").symlink_to(ROOT / "samples/run.jsonl")
    fixed = f"""
        date() {{ echo "$2" >&2; echo 2026-11-29; }}
        hostname() {{ echo build7; }}
        apispy() {{ {sys.executable} -m apispy "$@"; }}
    """
    done = subprocess.run(
        ["sh", "-euc", fixed + script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "+%F\n")
    files = [path for path in tmp_path.rglob("*.parquet") if path.is_file()]
    assert files == [tmp_path / "fleet/day=2026-11-29/host=build7/calls.parquet"]
