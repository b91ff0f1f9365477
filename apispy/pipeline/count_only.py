"""A pipeline of which only the counts at the end are shown.

Nothing of a call is then redacted, decoded or learned, except where an answer may tell of an error after a status of
success: such a call goes the whole way.
"""

import time
from collections.abc import Callable
from typing import Protocol

from apispy.capture.exchange_summary import ExchangeSummary, summarize_exchange
from apispy.outputs.base import Output
from apispy.outputs.call_stats import CallStats
from apispy.pipeline.fast_stats import AS_IT_IS, may_fail_late, stats_from_head
from apispy.pipeline.pipeline import Pipeline
from apispy.tap.events import Closed, Data, Event, Opened, ResponseStarted, StreamEnded


class Counter(Output, Protocol):
    """An output to which the figures of a call are enough."""

    def count(self, figures: CallStats) -> None:
        """A call is over, and no more than its figures is known."""


class CountOnlyPipeline(Pipeline):
    """Tells *counter* the figures of each call. It shows nothing else, so nothing is hidden either."""

    def __init__(self, counter: Counter, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__([counter], redactor=AS_IT_IS, notes="off", clock=clock)
        self._counter = counter
        self._glimpsed: dict[
            int, ExchangeSummary
        ] = {}  # the open calls that do not go the whole way, by number

    def close(self) -> None:
        for gist in self._glimpsed.values():
            gist.end, gist.duration = "open", max(0.0, self._clock() - gist.started)
            self._counter.count(stats_from_head(gist))
        self._glimpsed.clear()
        super().close()

    def take_now(self, event: Event) -> bool:
        try:
            return self._took(event)
        except Exception as fault:  # as in ``feed``
            self._failed(fault)
            return True

    def _took(self, event: Event) -> bool:
        match event:
            case Data(number, direction, _, chunk) if (gist := self._glimpsed.get(number)) is not None:
                if direction in ("request", "to_server"):
                    gist.sent += len(chunk.data)
                else:
                    gist.received += len(chunk.data)
            case Opened(exchange) if not may_fail_late(exchange.request.method, exchange.request.target):
                self._glimpsed[exchange.id] = summarize_exchange(exchange)
            case ResponseStarted(exchange) if (gist := self._glimpsed.get(exchange.id)) is not None:
                assert exchange.response is not None
                gist.status, gist.response_at = exchange.response.status, exchange.response.at
            case Closed(exchange) if self._glimpsed.pop(exchange.id, None) is not None:
                self._counter.count(stats_from_head(summarize_exchange(exchange)))
            case StreamEnded(number) if number in self._glimpsed:
                pass
            case Data(number, "request", _, chunk) if self._sends_bulk(number):
                self._live[number].stream("request", chunk.at).skip(len(chunk.data))
            case _:
                return False
        return True

    def _sends_bulk(self, number: int) -> bool:
        """Whether the request's body tells nothing of how its answer is to be read."""
        live = self._live.get(number)
        return live is not None and live.call.operation.request == "tar"

    def _take(self, event: Event) -> None:
        if not self.take_now(event):
            super()._take(event)
