"""The samples: samples/expected holds the output of `apispy show` for them (``make golden`` rewrites it)."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest
from test_planted import codings

from apispy.capture import Header, read, read_lines
from apispy.cli.proxy import proxy
from apispy.outputs import json_lines
from tests.e2e import make_samples
from tests.e2e.make_samples import ARGUMENT, SAMPLES_MADE, SECRET

SAMPLES = Path(__file__).parents[2] / "samples"
CAPTURES = sorted(SAMPLES.glob("*.jsonl"), key=lambda path: path.stem)
VIEWS = {
    "txt": [],
    "vv.txt": ["-vv"],
    "json": ["--json"],
    "stats.txt": ["--stats"],
}
LARGEST = 120_000
DOCUMENTED = re.findall(r"(?m)^\| (\w+) +\|", json_lines.__doc__ or "")
TUNNELS = ("/grpc", "/session")
"""Where a client may leave: buildx opens some tunnels only to see whether the daemon has BuildKit."""

pytestmark = pytest.mark.usefixtures("utc")


def show(*words: object) -> str:
    result = click.testing.CliRunner().invoke(proxy, ["show", *map(str, words)], standalone_mode=False)
    assert (result.exception, result.return_value, result.stderr) == (None, 0, "")
    return result.stdout


@pytest.mark.parametrize("ending", VIEWS)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_is_shown_of_it(path: Path, ending: str, expect: Callable[[Path, str], None]) -> None:
    expect(SAMPLES / f"expected/{path.stem}.{ending}", show(*VIEWS[ending], path))


def test_each_is_made_by_the_script_explained_and_expected() -> None:
    page = (SAMPLES / "README.md").read_text()
    assert [path.stem for path in CAPTURES] == sorted(sample.name for sample in SAMPLES_MADE)
    assert re.findall(r"^\| `(\S+)\.jsonl` \| (.+) \|$", page, re.MULTILINE) == [
        (sample.name, sample.description) for sample in SAMPLES_MADE
    ]
    expected = {f"{path.stem}.{ending}" for path in CAPTURES for ending in VIEWS}
    assert {path.name for path in SAMPLES.glob("expected/*")} == expected
    assert all(
        f"`{path.name}`" in page for path in SAMPLES.iterdir() if path.is_file() and path.stem != "README"
    )


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_it_is_small_and_whole(path: Path) -> None:
    """Nothing of a body is left out, but what is withheld of BuildKit's tunnels; so it can be played."""
    assert path.stat().st_size < LARGEST
    [header] = [line for _, line in read_lines(path) if isinstance(line, Header)]
    assert header.redacted
    for exchange in read(path):
        left = exchange.end == "left" and exchange.request.target in TUNNELS
        assert left or (exchange.end, exchange.problems) == ("complete", ())
        assert all(not body.cut or not body.shown for body in exchange.streams.values())


@pytest.mark.parametrize("planted", [ARGUMENT, SECRET])
def test_none_has_what_a_build_got_in_secret(planted: str) -> None:
    """Neither as it is nor in base64, as the progress of a build is in some."""
    scripts = (
        make_samples.LEGACY,
        make_samples.BUILDKIT,
        make_samples.BUILDX,
        make_samples.FAILS,
        make_samples.BAKES,
    )
    assert sum(planted in script for script in (*scripts, make_samples.STAGES)) >= 3
    for path in SAMPLES.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert [form for form in codings(planted) if form.encode() in data] == [], path


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_field_of_the_json_is_documented(path: Path) -> None:
    for call in map(json.loads, show("--json", "-vv", path).splitlines()):
        assert set(call) <= set(DOCUMENTED)
        for stream in (call["request"], call["response"], *(call["tunnel"] or {}).values()):
            if isinstance(stream, dict):
                assert set(stream) <= {*DOCUMENTED, "headers", "at"}
