"""Which events of a streaming call are passed on, and when."""

import pytest

from apispy.filters import Filter
from apispy.model import Chunk, Headers, Item
from apispy.outputs import DecodedCall, Filtered
from apispy.outputs.filtered import FilteredByNumber
from apispy.structs import replace

from .decoded_calls import decoded_call


class Log:
    """An output that logs its events."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def opened(self, decoded: DecodedCall) -> None:
        self.told.append("opened")

    def item(self, decoded: DecodedCall, direction: str, item: Item) -> None:
        self.told.append("item")

    def chunk(self, decoded: DecodedCall, direction: str, offset: int, chunk: Chunk) -> None:
        self.told.append("chunk")

    def write(self, decoded: DecodedCall) -> None:
        self.told.append("write")

    def notice(self, text: str, at: float) -> None:
        self.told.append(f"notice {text}")

    def close(self) -> None:
        self.told.append("close")


EVENTS = decoded_call("GET /events", 200, {"Type": "container"}, duration=9.0)
ANSWERED = replace(EVENTS, exchange=replace(EVENTS.exchange, end="open", duration=0.0))
ASKED = replace(ANSWERED, items={}, exchange=replace(ANSWERED.exchange, response=None))


def told(text: str) -> list[str]:
    """Return the events that an output gets for docker events with two stream items."""
    log = Log()
    filtered = Filtered(log, Filter.parse(text))
    filtered.chunk(ASKED, "request", 0, Chunk(0, b"x"))
    filtered.opened(ASKED)
    for _ in range(2):
        filtered.chunk(ANSWERED, "response", 0, Chunk(0, b"x"))
        filtered.item(ANSWERED, "response", Item("json", "", {}, (0, 1)))
    filtered.write(EVENTS)
    assert not filtered._decided  # nothing is remembered of a call that is over
    assert not filtered._held
    return log.told


WHOLE = ["chunk", "opened", "chunk", "item", "chunk", "item", "write"]


@pytest.mark.parametrize(
    ("text", "hears"),
    [
        ("op:SystemEvents", WHOLE),
        ("op:SystemEvents or slow>1s", WHOLE),
        ("op:SystemPing", []),
        ("op:SystemPing and slow>1s", []),
        ("status:200", ["opened", "chunk", "item", "chunk", "item", "write"]),
        ("status:404", []),
        ("slow>1s", ["write"]),
        ("slow>10s", []),
    ],
)
def test_a_call_that_stays_open(text: str, hears: list[str]) -> None:
    assert told(text) == hears


def test_what_belongs_to_no_call_is_passed_on() -> None:
    log = Log()
    filtered = Filtered(log, Filter.parse("op:SystemPing"))
    filtered.notice("hello", 0.0)
    filtered.close()
    assert log.told == ["notice hello", "close"]


def test_what_was_decided_at_the_beginning_stays_so() -> None:
    """A container may be renamed meanwhile; a call that was opened is also ended."""
    log = Log()
    filtered = Filtered(log, Filter.parse("container:web"))
    begun = decoded_call("POST /containers/web/wait", 200, None, end="open")
    filtered.opened(begun)
    filtered.write(replace(begun, call=replace(begun.call, arguments={"id": "other"})))
    assert log.told == ["opened", "write"]


def test_a_body_that_is_to_come_may_decide() -> None:
    log = Log()
    filtered = Filtered(log, Filter.parse("image:busybox"))
    created = decoded_call("POST /containers/create", 201, {"Id": "x"}, ask={"Image": "busybox"})
    request = replace(created.exchange.request, headers=Headers(((b"Content-Length", b"20"),)))
    head = replace(created, items={}, exchange=replace(created.exchange, request=request, response=None))
    filtered.chunk(head, "request", 0, Chunk(0, b"x"))
    filtered.write(created)
    assert log.told == ["write"]


def test_numbers_of_calls_are_forgotten_when_they_were_passed_on() -> None:
    log, numbers = Log(), {EVENTS.exchange.id, 77}
    recorded = FilteredByNumber(log, numbers)  # type: ignore[arg-type]
    recorded.write(EVENTS)
    recorded.write(replace(EVENTS, exchange=replace(EVENTS.exchange, id=78)))
    assert (log.told, numbers) == (["write"], {77})
