"""The requests that a part of a response waits for."""

from apispy.redaction import Redactor
from apispy.replay.ordering import MAX_SESSIONS, BuildSessions, CausalOrder
from apispy.replay.recorded_calls import in_request_order
from tests.recorded_calls import call, streamed

A, B = "a" * 64, "b" * 64

CALLS = in_request_order(
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
EVENTS, WAIT = CALLS[2], CALLS[3]


def missing(order: CausalOrder, number: int, at: float) -> list[int]:
    return [one.number for one in order.missing_before(CALLS[number - 1], at)]


def test_a_stream_about_everything_waits_for_all_state_changing_requests() -> None:
    order = CausalOrder(CALLS)
    assert missing(order, EVENTS.number, 1.5) == [4]
    assert missing(order, EVENTS.number, 9.0) == [4, 5, 6, 7, 10]


def test_a_call_about_a_container_waits_for_requests_about_the_same_container() -> None:
    order = CausalOrder(CALLS)
    assert missing(order, WAIT.number, 1.5) == []
    assert missing(order, WAIT.number, 9.0) == [6, 7, 10]


def test_nothing_waits_for_requests_that_came_or_timed_out() -> None:
    order = CausalOrder(CALLS)
    order.mark_requested(CALLS[5])
    assert missing(order, WAIT.number, 9.0) == [7, 10]
    order.stop_waiting_for([CALLS[6]])
    assert missing(order, WAIT.number, 9.0) == [10]


class EndedSession:
    """A session that has passed all that was recorded."""

    def has_caught_up(self, at: float) -> bool:
        return True


def test_only_the_last_sessions_are_known() -> None:
    """A replay may run for weeks; each build has a session of its own."""
    sessions = BuildSessions()
    for number in range(MAX_SESSIONS + 1):
        sessions.open(f"session {number}", EndedSession())
    caught_up = [
        sessions.has_caught_up("recorded", f"session {number}", 1.0) for number in range(MAX_SESSIONS + 1)
    ]
    assert caught_up == [False] + [True] * MAX_SESSIONS
