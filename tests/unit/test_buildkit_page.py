"""docs/buildkit.md is correct: the session, the methods, the fields of JSON (``make golden`` rewrites what it can)."""

import json
import re
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from apispy.decoders.grpc_methods import METHOD_DESCRIPTIONS
from apispy.decoders.grpc_schema import METHODS
from apispy.decoders.grpc_stream import MAX_MESSAGE_SIZE
from apispy.filters import Filter
from apispy.pipeline.live_stream import MESSAGE_BYTES

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docs/buildkit.md"
NATIVE = ROOT / "tests/golden/expected/native-build.console.txt"
STEP = 'buildstep:"RUN chmod*"'
SAMPLE, OLD = "samples/buildx-stages.jsonl", "samples/build-buildkit.jsonl"
BAKE, CHECK = "samples/buildx-bake.jsonl", "samples/buildx-check.jsonl"

pytestmark = pytest.mark.usefixtures("utc")


def show(*words: str, sample: str = SAMPLE) -> str:
    run = click.testing.CliRunner().invoke(proxy, ["show", *words, str(ROOT / sample)], standalone_mode=False)
    assert (run.exception, run.stderr) == (None, "")
    return run.stdout


def filled(page: str) -> str:
    for command, sample, is_shown in (
        (f"$ apispy show {SAMPLE} | grep -v h2c\n", SAMPLE, lambda line: "h2c" not in line),
        (f"$ apispy show {OLD} | grep '#2'\n", OLD, lambda line: "#2" in line),
        (f"$ apispy show {BAKE} | grep ' build |'\n", BAKE, lambda line: " build |" in line),
        (
            f"$ apispy show {CHECK} | grep -E 'check:|warning'\n",
            CHECK,
            lambda line: "check:" in line or "warning" in line,
        ),
        (f"$ apispy show --filter '{STEP}' {SAMPLE} | grep '#8'\n", SAMPLE, lambda line: "#8" in line),
    ):
        start = page.index(command)
        words = ("--filter", STEP) if "--filter" in command else ()
        shown = "".join(filter(is_shown, show(*words, sample=sample).splitlines(keepends=True)))
        page = page[:start] + command + shown + page[page.index("```", start) :]
    native = "".join(
        line for line in NATIVE.read_text().splitlines(keepends=True) if not re.match(r" +#\d+ h2c ", line)
    )
    page = re.sub(
        r"(?s)<!-- native -->\n.*?<!-- end -->",
        lambda _: f"<!-- native -->\n```text\n{native}```\n<!-- end -->",
        page,
    )
    rows = "".join(f"| `{path[1:]}` | {METHOD_DESCRIPTIONS[path]} |\n" for path in METHODS)
    return re.sub(
        r"(?s)<!-- methods -->\n.*?<!-- end -->",
        f"<!-- methods -->\n| method | purpose |\n| --- | --- |\n{rows}<!-- end -->",
        page,
    )


def test_the_session_and_the_methods(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite-golden"):
        PATH.write_text(filled(PATH.read_text()))
    assert filled(PATH.read_text()) == PATH.read_text(), "run `make golden`"


def test_the_fields_of_json() -> None:
    [table] = re.findall(r"<!-- build -->\n(.*?)<!-- end -->", PATH.read_text(), re.DOTALL)
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| (.*) \|$", table))
    builds = [call["build"] for call in map(json.loads, show("--json").splitlines()) if "build" in call]
    assert {name for build in builds for name in build} <= set(rows)
    for name in ("requests", "steps", "files", "secrets"):
        found = [one for build in builds for one in build.get(name, ())]
        assert found
        inner = set(re.findall(r"`(\w+)`", rows[name]))
        assert {key for one in found if isinstance(one, dict) for key in one} <= inner


def test_the_failed_step_and_the_limits() -> None:
    steps = [
        step
        for call in map(json.loads, show("--json").splitlines())
        for step in call.get("build", {}).get("steps", ())
    ]
    [failed] = [step for step in steps if "error" in step]
    assert "RUN chmod +x /greet && /greet" in failed["name"]
    page = PATH.read_text()
    assert f"more than {MAX_MESSAGE_SIZE >> 20} MiB" in page
    assert f"{MESSAGE_BYTES >> 20} MiB of them" in page
    for text in re.findall(r"--filter '?([^'\n]+?)'?$", page, re.MULTILINE):
        Filter.parse(text)
