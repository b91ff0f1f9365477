"""A pipeline for counts only, as with ``-q``, also with ``--metrics``.

It does not redact or decode calls, except those whose response may report an error after a successful status: they take
the full path.
"""

import time
from collections.abc import Callable, Sequence

from apispy import engine
from apispy.capture.exchange_summary import ExchangeSummary, summarize_exchange
from apispy.model import Exchange
from apispy.outputs.base import DecodedCall
from apispy.outputs.call_stats import CallCounter
from apispy.pipeline.fast_stats import UNREDACTED, may_fail_late, stats_from_head
from apispy.pipeline.pipeline import Pipeline
from apispy.structs import Struct
from apispy.tap.events import Closed, Data, Event, Opened, ResponseStarted, StreamEnded


class _HeadOnly(Struct):
    """An open call that is not decoded: its exchange as of the last head, and the bytes of its bodies and tunnel."""

    exchange: Exchange
    sent: int = 0
    received: int = 0


class CountOnlyPipeline(Pipeline):
    """Passes the statistics of each call to *counters*. They show nothing else, so nothing needs to be hidden."""

    in_order = False

    def __init__(self, counters: Sequence[CallCounter], *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(counters, redactor=UNREDACTED, notes="off", clock=clock)
        self._held = None  # ``take_now`` needs to know which calls are open
        self._counters = counters
        self._head_only: dict[int, _HeadOnly] = {}  # by number

    def close(self) -> None:
        for head in self._head_only.values():
            summary = summarize_exchange(head.exchange)
            summary.end, summary.duration = "open", max(0.0, self._clock() - summary.started)
            summary.sent, summary.received = head.sent, head.received
            self._count(summary, head.exchange)
        self._head_only.clear()
        super().close()

    def take_now(self, events: Sequence[Event]) -> list[Event]:
        later = []
        for event in events:
            try:
                if not self._took(event):
                    later.append(event)
            except Exception as fault:  # as in ``feed``
                self._failed(fault)
        return later

    def _took(self, event: Event) -> bool:
        match event:
            case Data(number, direction, _, chunk) if (head := self._head_only.get(number)) is not None:
                if direction in ("request", "to_server"):
                    head.sent += len(chunk.data)
                else:
                    head.received += len(chunk.data)
            case Opened(exchange) if not may_fail_late(exchange.request.method, exchange.request.target):
                self._head_only[exchange.id] = _HeadOnly(exchange)
            case ResponseStarted(exchange) if (head := self._head_only.get(exchange.id)) is not None:
                head.exchange = exchange
                if exchange.tunnel is not None:
                    self._tell_of_tunnel(exchange)
            case Closed(exchange) if self._head_only.pop(exchange.id, None) is not None:
                self._count(summarize_exchange(exchange), exchange)
            case StreamEnded(number) if number in self._head_only:
                pass
            case Data(number, "request", _, chunk) if self._sends_bulk(number):
                self._live[number].stream("request", chunk.at).skip(len(chunk.data))
            case _:
                return False
        return True

    def _count(self, summary: ExchangeSummary, exchange: Exchange) -> None:
        stats = stats_from_head(summary)
        for counter in self._counters:
            try:
                counter.count(stats, exchange)
            except Exception as fault:  # the other counters count it
                self._failed(fault)

    def _tell_of_tunnel(self, exchange: Exchange) -> None:
        """Tell of a call that stays open because it became a tunnel. All others that stay open take the full path."""
        call = engine.lookup(exchange.request.method, exchange.request.target)
        reading = DecodedCall(exchange, call, {}, at=exchange.response.at if exchange.response else 0.0)
        self._outputs.on_call(reading, lambda to: to.opened(reading))

    def _sends_bulk(self, number: int) -> bool:
        """Whether the request body is an archive, which does not matter for decoding the response."""
        live = self._live.get(number)
        return live is not None and live.call.operation.request == "tar"

    def _take(self, event: Event) -> None:
        if not self._took(event):
            super()._take(event)
