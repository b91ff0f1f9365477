"""docs/json.md lists the fields that each ``--json`` output has, and their types."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click.testing
import pytest

from apispy.app.doctor.base import problem
from apispy.cli import endpoint_table
from apispy.cli.proxy import proxy
from apispy.endpoints.discovery import KnownDaemon, ProbeResult
from apispy.endpoints.probe import Daemon
from tests import forked_apispy

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/json.md").read_text()
TABLE = re.compile(r"<!-- ([a-z ]+) -->\n(.*?)<!-- end -->", re.DOTALL)
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "list": (list,), "object": (dict,),
    "null": (type(None),), "any": (object,),
}  # fmt: skip


def _fields(rows: str) -> Iterator[tuple[str, str]]:
    for row in rows.splitlines()[2:]:
        names, kind, _ = (cell.strip() for cell in row.strip("|").split("|", 2))
        yield from ((name, kind) for name in re.findall(r"`([^`]+)`", names))


TABLES = {name: dict(_fields(rows)) for name, rows in TABLE.findall(PAGE)}


def paths(value: Any, *, stop: tuple[str, ...] = (), at: str = "") -> Iterator[tuple[str, Any]]:
    """Each field in *value* with its value; nothing below the fields in *stop*, whose names are free."""
    if isinstance(value, list):
        for part in value:
            yield from paths(part, stop=stop, at=f"{at}[]")
    elif isinstance(value, dict):
        for name, part in value.items():
            path = f"{at}.{name}".removeprefix("[].").removeprefix(".")
            yield path, part
            if path not in stop:
                yield from paths(part, stop=stop, at=path)


def compare(table: str, found: list[tuple[str, Any]]) -> None:
    """The table has just these fields, and each value has the type that it says."""
    fields = TABLES[table]
    assert {path for path, _ in found} == set(fields)
    for path, value in found:
        kinds = fields[path].split(" or ")
        assert isinstance(value, tuple(one for kind in kinds for one in TYPES[kind])), (path, value)
        assert isinstance(value, bool) <= ("boolean" in kinds or kinds == ["any"]), (path, value)


def printed(*words: str) -> Any:
    run = click.testing.CliRunner().invoke(proxy, list(words))
    assert run.exception is None, run.exception
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def calls() -> list[Any]:
    samples = [str(path) for path in sorted((ROOT / "samples").glob("*.jsonl"))]
    run = click.testing.CliRunner().invoke(proxy, ["show", "--json", "-vv", "--curl=direct", *samples])
    return [json.loads(line) for line in run.stdout.splitlines()]


STREAMS = ("request", "response", "tunnel.to_server", "tunnel.to_client")


def test_calls(calls: list[Any]) -> None:
    streams = TABLES["streams"]
    found = [pair for call in calls for pair in paths(call, stop=("arguments", "query", "build"))]
    of_streams = re.compile(rf"({'|'.join(STREAMS)})\.({'|'.join(streams)})(\W.*)?")
    compare("calls", [(path, value) for path, value in found if not of_streams.fullmatch(path)])


def test_streams(calls: list[Any]) -> None:
    found: list[tuple[str, Any]] = []
    for call in calls:
        tunnel = call["tunnel"] or {}
        for stream in (call["request"], call["response"], tunnel.get("to_server"), tunnel.get("to_client")):
            extra = ("headers", "at")
            found += [(name, value) for name, value in (stream or {}).items() if name not in extra]
    compare("streams", found)


def test_the_options_that_add_fields(calls: list[Any]) -> None:
    [few, some] = [printed("show", "--json", *more, "--filter", "op:ContainerDelete", str(ROOT / "samples/run.jsonl"))
                   for more in ([], ["-v"])]  # fmt: skip
    assert set(calls[0]) - set(few) == {"curl"}
    assert set(some["request"]) - set(few["request"]) == {"headers"}
    assert set(calls[0]["request"]) - set(some["request"]) == {"encoding", "body"}


def test_statistics() -> None:
    compare(
        "statistics", list(paths(printed("show", "--stats", "--json", str(ROOT / "samples/compose.jsonl"))))
    )


def test_differences() -> None:
    files = [
        str(ROOT / f"samples/{name}")
        for name in ("docker-20.10.pcap", "docker-ps.socat.log", "docker-28.2.pcap")
    ]
    run = click.testing.CliRunner()
    found: list[tuple[str, Any]] = []
    for one, other in ((0, 1), (1, 0), (0, 2)):
        output = run.invoke(proxy, ["diff", "--json", files[one], files[other]], standalone_mode=False)
        found += paths(json.loads(output.stdout))
    compare("differences", found)


def test_explanations() -> None:
    found: list[tuple[str, Any]] = []
    for words in (
        ["GET /v1.41/containers/json?all=1&filters={}"],
        ["ContainerCreate"],
        ["docker", "run", "-it", "x"],
        ['curl: POST http://d/v1.41/containers/create: the container name "/web" is already in use'],
    ):
        explained = printed("explain", "--json", *words)
        found += paths(explained, stop=("explanations[].given[].decoded",))
    below = re.compile(r"(explanations\[\]\..*(?:fields|changes)\[\])\.(\w+)")
    compare("explanations", [pair for pair in found if not below.fullmatch(pair[0])])
    parts = [(match[1], match[2], value) for path, value in found if (match := below.fullmatch(path))]
    compare("fields", [(name, value) for at, name, value in parts if at.endswith("fields[]")])
    compare("changes", [(name, value) for at, name, value in parts if at.endswith("changes[]")])


def test_other_explanations() -> None:
    found = [pair for words in (["restart"], ["--list"], ["--diff", "1.41", "1.44"])
             for pair in paths(printed("explain", "--json", *words))]  # fmt: skip
    operation = [name.removeprefix("explanations[].") for name in list(TABLES["explanations"])]
    operation = operation[operation.index("operation") : operation.index("does") + 1]
    known = {f"{at}[].{name}" for at in ("found", "operations") for name in operation}
    known |= {f"changes[].{name}" for name in TABLES["changes"]}
    assert known <= {path for path, _ in found}
    compare("other explanations", [(path, value) for path, value in found if path not in known])


def test_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "apispy.app.doctor.run_checks", lambda _: [("clock", problem("it is slow", "set it", "date -s now"))]
    )
    run = click.testing.CliRunner().invoke(proxy, ["doctor", "--json"])
    compare("doctor", list(paths(json.loads(run.stdout))))


def test_endpoints() -> None:
    daemon = Daemon("28.2.2", "1.50", "1.24", "linux", "amd64")
    found = [
        ProbeResult(KnownDaemon("context:default", "context", None, True), daemon, ""),
        ProbeResult(KnownDaemon("", "Podman", None), None, "no answer in time"),
    ]  # fmt: skip
    compare("endpoints", list(paths(json.loads(endpoint_table.as_json(found)))))


def test_the_report_of_a_replay(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ["replay", "-q", str(ROOT / "samples/run.jsonl"), "--report", str(report), "--", "true"]
    forked_apispy.run(*words).check_returncode()
    compare("report", list(paths(json.loads(report.read_text()))))


def test_every_command_with_json_is_on_the_page() -> None:
    context = click.Context(proxy)
    commands = {name: proxy.get_command(context, name) for name in proxy.list_commands(context)}
    for name, command in commands.items():
        if command and any("--json" in option.opts for option in command.params):
            assert re.search(rf"`(apispy )?{name}\b", PAGE), name
