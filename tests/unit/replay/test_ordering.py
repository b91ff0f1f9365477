"""What a piece of an answer waits for."""

from apispy.redaction import Redactor
from apispy.replay.ordering import CausalOrder
from apispy.replay.recorded_calls import recorded_calls_of
from tests.recorded_calls import call, streamed

A, B = "a" * 64, "b" * 64

ENTRIES = recorded_calls_of(
    [
        call(1, "POST", "/containers/create?name=web", {"Id": A}, begins=1),
        call(2, "POST", "/containers/create?name=db", {"Id": B}, begins=2),
        streamed(3, "GET", "/events", (9.0, b"{}"), begins=3),
        streamed(4, "POST", "/containers/web/wait", (9.0, b"{}"), begins=4),
        call(5, "POST", f"/containers/{B}/start", begins=5),
        call(6, "POST", f"/containers/{A[:12]}/start", begins=6),
        call(7, "POST", f"/containers/{A}/exec", {"Id": "e1"}, begins=7),
        call(8, "POST", "/exec/e1/resize?h=1&w=1", begins=7.2),
        call(9, "GET", "/exec/e1/json", begins=7.4),
        call(10, "POST", "/exec/e1/start", begins=7.6),
    ],
    Redactor(),
)
EVENTS, WAIT = ENTRIES[2], ENTRIES[3]


def missing(deeds: CausalOrder, number: int, at: float) -> list[int]:
    return [deed.number for deed in deeds.before(ENTRIES[number - 1], at)]


def test_a_stream_about_all_waits_for_all_that_changed_something_meanwhile() -> None:
    deeds = CausalOrder(ENTRIES)
    assert missing(deeds, EVENTS.number, 1.5) == [4]
    assert missing(deeds, EVENTS.number, 9.0) == [4, 5, 6, 7, 10]


def test_one_about_a_container_waits_for_what_is_about_the_same() -> None:
    deeds = CausalOrder(ENTRIES)
    assert missing(deeds, WAIT.number, 1.5) == []
    assert missing(deeds, WAIT.number, 9.0) == [6, 7, 10]


def test_what_was_done_or_given_up_is_not_waited_for() -> None:
    deeds = CausalOrder(ENTRIES)
    deeds.done(ENTRIES[5])
    assert missing(deeds, WAIT.number, 9.0) == [7, 10]
    deeds.give_up([ENTRIES[6]])
    assert missing(deeds, WAIT.number, 9.0) == [10]
