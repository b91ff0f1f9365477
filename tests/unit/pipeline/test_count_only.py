"""What is counted without a look into it, what is not, and what a fault does."""

import pytest

from apispy.model import Exchange, Headers, Request, Response
from apispy.outputs import DecodedCall
from apispy.outputs.call_stats import CallCounter, CallStats
from apispy.outputs.metrics import Metrics
from apispy.pipeline import CountOnlyPipeline
from apispy.tap.events import Closed, Opened, ResponseStarted


class Counts(CallCounter):
    """Writes down how it was told of calls; *faulty*: it cannot be told."""

    def __init__(self, *, faulty: bool = False) -> None:
        self.told: list[str] = []
        self._faulty = faulty

    def count(self, stats: CallStats, exchange: Exchange) -> None:
        if self._faulty:
            raise ValueError("of this output")
        self.told.append(f"counted {stats.operation}")

    def write(self, reading: DecodedCall) -> None:
        self.told.append(f"wrote {reading.call.operation.id}")

    def notice(self, text: str, at: float) -> None:
        self.told.append(text)


def run(counts: CallCounter | list[CallCounter], target: str, method: str = "GET") -> list[bool]:
    """What was taken at once of a call's events; the others are fed."""
    pipeline = CountOnlyPipeline(counts if isinstance(counts, list) else [counts], clock=lambda: 2.0)
    call = Exchange(1, 1, 1.0, "c", "u", Request(method, target), Response(200))
    taken = []
    for event in (Opened(call), ResponseStarted(call), Closed(call)):
        later = pipeline.take_now([event])
        taken.append(not later)
        pipeline.feed_all(later)
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


def test_a_fault_of_one_counter_takes_nothing_from_another() -> None:
    faulty, sound = Counts(faulty=True), Counts()
    run([faulty, sound], "/_ping")
    assert "counted SystemPing" in sound.told


def test_metrics_need_no_more_than_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in work, because times depend on the machine: no call is redacted or decoded."""
    metrics = Metrics()
    pipeline = CountOnlyPipeline([Counts(), metrics], clock=lambda: 2.0)
    monkeypatch.setattr(pipeline, "feed", None)
    agent = Headers(((b"User-Agent", b"Docker-Client/28.2.2 (linux)"),))
    call = Exchange(
        1, 1, 1.0, "c", "u", Request("HEAD", "/_ping", headers=agent), Response(200), duration=0.5
    )
    assert pipeline.take_now([Opened(call), ResponseStarted(call), Closed(call)]) == []
    now = metrics.figures()
    assert now.calls == {("SystemPingHead", "2xx", "docker"): 1}
    assert now.durations["SystemPingHead"].total == 0.5
