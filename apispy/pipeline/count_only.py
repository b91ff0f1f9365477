"""A pipeline for counts only, as with ``-q``.

It does not redact or decode calls, except those whose response may report an error after a successful status: they take
the full path.
"""

import time
from collections.abc import Callable
from typing import Protocol

from apispy.capture.exchange_summary import ExchangeSummary, summarize_exchange
from apispy.outputs.base import Output
from apispy.outputs.call_stats import CallStats
from apispy.pipeline.fast_stats import UNREDACTED, may_fail_late, stats_from_head
from apispy.pipeline.pipeline import Pipeline
from apispy.tap.events import Closed, Data, Event, Opened, ResponseStarted, StreamEnded


class Counter(Output, Protocol):
    """An output that needs only the statistics of each call."""

    def count(self, stats: CallStats) -> None:
        """Count a finished call of which only the statistics are known."""


class CountOnlyPipeline(Pipeline):
    """Passes the statistics of each call to *counter*. It shows nothing else, so nothing needs to be hidden."""

    def __init__(self, counter: Counter, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__([counter], redactor=UNREDACTED, notes="off", clock=clock)
        self._held = None  # ``take_now`` needs to know which calls are open
        self._counter = counter
        self._head_only: dict[int, ExchangeSummary] = {}  # open calls that are not decoded, by number

    def close(self) -> None:
        for summary in self._head_only.values():
            summary.end, summary.duration = "open", max(0.0, self._clock() - summary.started)
            self._counter.count(stats_from_head(summary))
        self._head_only.clear()
        super().close()

    def take_now(self, event: Event) -> bool:
        try:
            return self._took(event)
        except Exception as fault:  # as in ``feed``
            self._failed(fault)
            return True

    def _took(self, event: Event) -> bool:
        match event:
            case Data(number, direction, _, chunk) if (summary := self._head_only.get(number)) is not None:
                if direction in ("request", "to_server"):
                    summary.sent += len(chunk.data)
                else:
                    summary.received += len(chunk.data)
            case Opened(exchange) if not may_fail_late(exchange.request.method, exchange.request.target):
                self._head_only[exchange.id] = summarize_exchange(exchange)
            case ResponseStarted(exchange) if (summary := self._head_only.get(exchange.id)) is not None:
                assert exchange.response is not None
                summary.status, summary.response_at = exchange.response.status, exchange.response.at
            case Closed(exchange) if self._head_only.pop(exchange.id, None) is not None:
                self._counter.count(stats_from_head(summarize_exchange(exchange)))
            case StreamEnded(number) if number in self._head_only:
                pass
            case Data(number, "request", _, chunk) if self._sends_bulk(number):
                self._live[number].stream("request", chunk.at).skip(len(chunk.data))
            case _:
                return False
        return True

    def _sends_bulk(self, number: int) -> bool:
        """Whether the request body is an archive, which does not matter for decoding the response."""
        live = self._live.get(number)
        return live is not None and live.call.operation.request == "tar"

    def _take(self, event: Event) -> None:
        if not self.take_now(event):
            super()._take(event)
