"""Counts of a session for a monitoring system: calls, errors, durations, bytes, open streams, hidden secrets.

Every label has a fixed set of values, so that no client can fill the memory of apispy or of the system that gets it:
nothing from the wire becomes a label. ``Metrics.figures`` returns the counts so far; COUNTERS, DURATION and
OPEN_STREAMS describe them, for Prometheus (``--metrics``) and OpenTelemetry (``--otlp``).
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from apispy.model import Exchange
from apispy.outputs.base import DecodedCall
from apispy.outputs.call_stats import CallCounter, CallStats, stats_of
from apispy.structs import Struct, field

UNKNOWN = "?"
"""The operation of a call that apispy does not know."""

NO_RESPONSE = "none"
"""The status class of a call without a response."""

STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")

CLIENTS = {
    "docker-client/": "docker",
    "docker-compose/": "docker-compose",
    "compose/": "docker-compose",
    "docker-sdk-python/": "docker-py",
    "docker-py/": "docker-py",
}
"""The kind of a client by the beginning of its User-Agent, in lower case."""

PODMAN = "podman"
"""The kind of a client that uses Podman's own API; its User-Agent is that of any program in Go."""

OTHER = "other"
"""The kind of any other client, and the class of a status that does not exist."""

LIMITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the buckets of durations, in seconds; they are part of their bucket."""


class Durations(Struct):
    """Counts of durations by bucket, the last without a limit, and their sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(LIMITS) + 1))
    total: float = 0.0


class Figures(Struct):
    """The counts by the values of their labels."""

    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: dict[str, Durations] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    open_streams: Counter[str] = field(default_factory=Counter)
    redactions: int = 0


class Family(Struct, frozen=True):
    """What is counted, by the values of *labels*."""

    name: str  # "apispy.call.errors", as OpenTelemetry has it
    unit: str  # UCUM: "By" are bytes, "s" seconds; {...} counts things
    description: str
    labels: tuple[str, ...]
    values: Callable[[Figures], Mapping[Any, Any]]

    @property
    def prometheus_name(self) -> str:
        """The name for Prometheus, without "_total": the one that it gives to the name and unit of OpenTelemetry."""
        return self.name.replace(".", "_") + UNIT_SUFFIXES.get(self.unit, "")

    def rows(self, now: Figures) -> list[tuple[tuple[str, ...], Any]]:
        """Return the counts by the values of the labels, in order."""
        found = self.values(now)
        return [((key,) if isinstance(key, str) else key, found[key]) for key in sorted(found)]


UNIT_SUFFIXES = {"By": "_bytes", "s": "_seconds"}

COUNTERS = (
    Family("apispy.calls", "{call}", "Calls that have ended.", ("operation", "status", "client"),
           lambda now: now.calls),
    Family("apispy.call.errors", "{call}",
           "Calls that have failed: an error status, an error in the response, or an early end.",
           ("operation", "client"), lambda now: now.errors),
    Family("apispy.sent", "By", "Bytes of bodies and tunnels from clients, of calls that have ended.", ("operation",),
           lambda now: now.sent),
    Family("apispy.received", "By", "Bytes of bodies and tunnels to clients, of calls that have ended.",
           ("operation",), lambda now: now.received),
    Family("apispy.redactions", "{secret}", "Secrets that were hidden.", (), lambda now: {(): now.redactions}),
)  # fmt: skip
"""What only grows. The page docs/fleet.md lists it."""

DURATION = Family("apispy.call.duration", "s",
                  "Seconds until the end of a call; of a call that stays open, until its response head.",
                  ("operation",), lambda now: now.durations)  # fmt: skip
"""The values are Durations."""

OPEN_STREAMS = Family("apispy.open_streams", "{stream}",
                      "Calls that stay open, such as attach and events, and have not ended.", ("operation",),
                      lambda now: now.open_streams)  # fmt: skip


class _Row(Struct):
    """The counts of calls with the same labels."""

    durations: Durations  # of the operation
    calls: int = 0
    errors: int = 0
    sent: int = 0
    received: int = 0

    def count(self, stats: CallStats, seconds: float | None) -> None:
        """Add a call that took *seconds*; None: it got no response."""
        self.calls += 1
        self.errors += stats.failed
        self.sent += stats.sent
        self.received += stats.received
        if seconds is not None:
            self.durations.counts[bisect_left(LIMITS, seconds)] += 1
            self.durations.total += seconds


class Metrics(CallCounter):
    """Counts calls in bounded memory. ``figures`` may be called in any thread.

    Secrets are counted where they are hidden: a call that ``count`` counts adds none.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], _Row] = {}  # by operation, status class and client
        self._durations: dict[str, Durations] = {}  # by operation
        self._open: dict[int, str] = {}  # operations of open streams, by the number of the call
        self._open_streams: Counter[str] = Counter()
        self._redactions = 0
        self._lock = threading.Lock()

    def opened(self, decoded: DecodedCall) -> None:
        operation = decoded.call.operation.id or UNKNOWN
        with self._lock:
            self._open[decoded.exchange.id] = operation
            self._open_streams[operation] += 1

    def write(self, decoded: DecodedCall) -> None:
        exchange, memo = decoded.exchange, decoded.memo
        if memo is None:
            super().write(decoded)
            with self._lock:
                self._redactions += len(exchange.redactions)
            return
        # A call that repeats another one does not stay open, and has the same labels, sizes and hidden secrets.
        same: tuple[_Row, CallStats] | None = memo.get(self)
        with self._lock:
            if same is None:
                stats = stats_of(decoded)
                same = memo[self] = self._row(stats, exchange), stats
            row, stats = same
            row.count(stats, exchange.duration)
            self._redactions += len(exchange.redactions)

    def count(self, stats: CallStats, exchange: Exchange) -> None:
        with self._lock:
            if opened := self._open.pop(exchange.id, None):
                self._open_streams[opened] -= 1
            self._row(stats, exchange).count(stats, stats.latency)

    def _row(self, stats: CallStats, exchange: Exchange) -> _Row:
        operation, response = stats.operation or UNKNOWN, exchange.response
        status = status_class(response.status) if response else NO_RESPONSE
        labels = operation, status, client_kind(stats.tag, exchange)
        row = self._rows.get(labels)
        if row is None:
            row = self._rows[labels] = _Row(self._durations.setdefault(operation, Durations()))
        return row

    def figures(self) -> Figures:
        """Return a copy of the counts so far."""
        now = Figures()
        with self._lock:
            for (operation, status, client), row in self._rows.items():
                now.calls[operation, status, client] = row.calls
                now.errors[operation, client] += row.errors
                now.sent[operation] += row.sent
                now.received[operation] += row.received
            now.durations = {
                name: Durations(one.counts.copy(), one.total)
                for name, one in self._durations.items()
                if any(one.counts)
            }
            now.open_streams = self._open_streams.copy()
            now.redactions = self._redactions
        return now


def status_class(status: int) -> str:
    """Return the class of a response status: "2xx"; OTHER for one that HTTP does not have."""
    return STATUS_CLASSES[status // 100 - 1] if 100 <= status < 600 else OTHER


def client_kind(tag: str, exchange: Exchange) -> str:
    """Return the kind of the client, by its User-Agent and the API that it uses (*tag*): one of a few words."""
    if tag == "Podman":
        return PODMAN
    return _kind_of(exchange.request.headers.text("user-agent"))


@lru_cache(256)
def _kind_of(agent: str) -> str:
    agent = agent.lower()
    return next((kind for start, kind in CLIENTS.items() if agent.startswith(start)), OTHER)
