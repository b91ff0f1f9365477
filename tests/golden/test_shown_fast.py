"""What ``apispy show`` makes quickly is what it makes step by step, byte for byte.

Calls that are taken at once, that repeat others, and whose contents were read before, are compared with the same calls
read line by line and handled event by event: each session three times, so that its calls repeat.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sessions import SESSIONS
from test_captures import captured
from test_golden import VIEWS

from apispy import capture
from apispy.capture.lines import encode_line, read_documents, read_line
from apispy.capture.typed_line import Contents
from apispy.filters import Filter
from apispy.model import Exchange
from apispy.outputs import Console, Filtered, JsonLines, Stats, Summary
from apispy.outputs.base import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor
from apispy.redaction.tokens import Tokens
from apispy.structs import replace
from tests.recorded_calls import call

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = sorted(
    path
    for path in (*SAMPLES.glob("*.jsonl"), *SAMPLES.glob("fixtures/*.json"))
    if not path.stem.startswith("buildx") or path.name == "buildx.jsonl"  # they take long, and are alike
)

ROUNDS, HOUR = 3, 3600.0

Write = Callable[[str], None]


class TakesHeads(Output):
    """Asks for the head of each call, so that the pipeline handles every event as it comes."""

    def started(self, decoded: DecodedCall) -> None:
        return


def all_outputs(write: Write) -> list[Output]:
    """Of several widths and kinds, with filters, and as a terminal has them."""
    return [
        Console(write),
        Console(write, columns=lambda: 80, color=True, defer=lambda text: write(f"deferred: {text}")),
        Console(write, columns=lambda: 40, relative=True, streams=False, client_prints_errors=True),
        Console(write, verbosity=2),
        JsonLines(write, verbosity=2),
        Summary(write),
        Stats(write),
        Filtered(Console(write), Filter.parse("op:Container* or status>=400")),
        Filtered(Stats(write, as_json=True), Filter.parse("method:GET")),
    ]


def shown(exchanges: list[Exchange], outputs: Callable[[Write], list[Output]], *, by_events: bool) -> str:
    """What is shown of calls that do not overlap."""
    texts: list[str] = []
    listed = [*outputs(texts.append), *([TakesHeads()] if by_events else [])]
    redactor = Redactor(Policy(), Tokens(b"k" * 32))
    pipeline = Pipeline(listed, redactor=redactor, notes="strict", clock=lambda: 2e9)
    contents = Contents()
    for line in again(exchanges):
        found = read_line(line, 1) if by_events else read_documents(line, 1, contents)
        assert isinstance(found, Exchange)
        pipeline.feed(found)
    pipeline.close()
    return "".join(texts)


def again(exchanges: list[Exchange]) -> Iterator[bytes]:
    """The lines of the calls in ROUNDS rounds."""
    for number, exchange in enumerate(exchanges * ROUNDS, 1):
        yield encode_line(replace(exchange, id=number, started=exchange.started + number * HOUR))


def check(exchanges: list[Exchange], outputs: Callable[[Write], list[Output]] = all_outputs) -> str:
    found = shown(exchanges, outputs, by_events=False)
    assert found == shown(exchanges, outputs, by_events=True)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_is_shown_alike(path: Path) -> None:
    assert check(list(capture.read(path)))


def views(write: Write) -> list[Output]:
    """All of the golden tests but -vvv, with which nothing is taken at once."""
    return [view(write) for name, view in VIEWS.items() if name != "console-vvv"]


@pytest.mark.parametrize("session", SESSIONS)
def test_a_golden_session_is_shown_alike(session: str, tmp_path: Path) -> None:
    captured(session, tmp_path / "a.jsonl")
    assert check(list(capture.read(tmp_path / "a.jsonl")), views)


ID = "c12250feba24" + "0" * 52


def test_a_repeated_call_is_shown_with_the_name_of_its_time() -> None:
    start = call(2, "POST", f"/v1.41/containers/{ID}/start", status=204)
    rename = call(4, "POST", f"/v1.41/containers/{ID}/rename?name=db", status=204)
    inspect = call(1, "GET", f"/v1.41/containers/{ID}/json", b'{"Id":"%b","Name":"/web"}' % ID.encode())
    lines = check(
        [start, inspect, start, inspect, start, rename, start, start], lambda write: [Console(write)]
    )
    starts = [
        line.split("containers/")[1].split("/start")[0] for line in lines.splitlines() if "/start" in line
    ]
    unnamed, web, db = ID[:12], f"web ({ID[:12]})", f"db ({ID[:12]})"
    assert starts == [unnamed, web, web, db, db, *[db, web, web, db, db] * 2]
