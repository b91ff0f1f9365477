"""A failing output affects no other."""

from typing import Any

from apispy.outputs import Output
from apispy.outputs.isolation import Isolated

from .decoded_calls import decoded_call

CALL = decoded_call("GET /info")


class Faulty(Output):
    """Fails on every call; records the notices."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault
        self.tried = 0
        self.notices: list[str] = []

    def write(self, _: Any) -> None:
        self.tried += 1
        raise self.fault

    def notice(self, text: str, at: float) -> None:
        self.notices.append(text)


def tell(output: Isolated, times: int) -> None:
    for _ in range(times):
        output.on_call(CALL, lambda to: to.write(CALL))


def test_a_fault_is_told_once_and_the_call_dropped() -> None:
    faulty = Faulty(ValueError("odd"))
    output = Isolated(faulty)
    tell(output, 3)
    assert faulty.tried == 1
    assert faulty.notices == ["call #7 cannot be shown here: an internal error in apispy: ValueError('odd')"]
    output.write(CALL)
    tell(output, 1)
    assert faulty.tried == 2


def test_after_a_closed_pipe_nothing_more_is_told() -> None:
    faulty = Faulty(BrokenPipeError())
    output = Isolated(faulty)
    tell(output, 3)
    output.notice("unheard", 0.0)
    output.close()
    assert (faulty.tried, faulty.notices) == (1, [])
