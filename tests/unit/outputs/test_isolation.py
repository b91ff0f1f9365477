"""A failing output affects no other."""

from typing import Any

from apispy.outputs import Output
from apispy.outputs.isolation import Outputs

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


class Sound(Output):
    """Counts the calls that it gets."""

    def __init__(self) -> None:
        self.calls = 0

    def write(self, _: Any) -> None:
        self.calls += 1


def tell(outputs: Outputs, times: int) -> None:
    for _ in range(times):
        outputs.on_call(CALL, lambda to: to.write(CALL))


def test_a_fault_is_told_once_and_the_call_dropped() -> None:
    sound, faulty = Sound(), Faulty(ValueError("odd"))
    outputs = Outputs([faulty, sound])
    tell(outputs, 3)
    assert faulty.tried == 1
    assert faulty.notices == ["call #7 cannot be shown here: an internal error in apispy: ValueError('odd')"]
    outputs.write(CALL)
    tell(outputs, 1)
    assert (faulty.tried, sound.calls) == (2, 5)


def test_a_group_of_outputs_knows_what_failed_in_the_whole() -> None:
    sound, faulty = Sound(), Faulty(ValueError("odd"))
    outputs = Outputs([sound, faulty])
    group = outputs.only(lambda output: output is faulty)
    tell(outputs, 1)
    tell(group, 1)
    assert (faulty.tried, sound.calls) == (1, 1)
    assert not outputs.only(lambda output: False)


def test_after_a_closed_pipe_nothing_more_is_told() -> None:
    sound, faulty = Sound(), Faulty(BrokenPipeError())
    outputs = Outputs([faulty, sound])
    tell(outputs, 3)
    outputs.notice("unheard", 0.0)
    outputs.close()
    assert (faulty.tried, faulty.notices, sound.calls) == (1, [], 3)
