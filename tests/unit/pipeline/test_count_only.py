"""What is counted without a look into it, what is not, and what a fault does."""

from apispy.model import Exchange, Request, Response
from apispy.outputs import Output, Reading
from apispy.outputs.call_stats import CallStats
from apispy.pipeline import CountOnlyPipeline
from apispy.tap.events import Closed, Opened, ResponseStarted


class Counts(Output):
    """Writes down how it was told of calls; *faulty*: it cannot be told."""

    def __init__(self, *, faulty: bool = False) -> None:
        self.told: list[str] = []
        self._faulty = faulty

    def count(self, figures: CallStats) -> None:
        if self._faulty:
            raise ValueError("of this output")
        self.told.append(f"counted {figures.operation}")

    def write(self, reading: Reading) -> None:
        self.told.append(f"wrote {reading.call.operation.id}")

    def notice(self, text: str, at: float) -> None:
        self.told.append(text)


def run(counts: Counts, target: str, method: str = "GET") -> list[bool]:
    """What was taken at once of a call's events; the others are fed."""
    pipeline = CountOnlyPipeline(counts, clock=lambda: 2.0)
    call = Exchange(1, 1, 1.0, "c", "u", Request(method, target), Response(200))
    taken = []
    for event in (Opened(call), ResponseStarted(call), Closed(call)):
        taken.append(pipeline.take_now(event))
        if not taken[-1]:
            pipeline.feed(event)
    return taken


def test_most_calls_are_counted_at_once() -> None:
    counts = Counts()
    assert run(counts, "/v1.41/containers/json") == [True, True, True]
    assert counts.told == ["counted ContainerList"]


def test_an_answer_that_may_tell_of_an_error_later_goes_the_whole_way() -> None:
    counts = Counts()
    assert run(counts, "/images/create?fromImage=a", "POST") == [False, False, False]
    assert counts.told == ["wrote ImageCreate"]


def test_a_fault_is_told_and_goes_no_further() -> None:
    counts = Counts(faulty=True)
    assert run(counts, "/_ping") == [True, True, True]
    assert counts.told == ["an internal error in apispy, a call may be missing: ValueError('of this output')"]
