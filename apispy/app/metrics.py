"""The metrics of a running session (``--metrics``), served for Prometheus."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from apispy import __version__
from apispy.app.web import Answer, OpenAccess, WebRequest, WebServer
from apispy.errors import ApispyError, MissingExtra
from apispy.outputs.metrics import (
    COUNTERS,
    DURATION,
    LIMITS,
    OPEN_STREAMS,
    Durations,
    Family,
    Figures,
    Metrics,
)

if TYPE_CHECKING:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

    from apispy.endpoints import Listen

PATH = "/metrics"

ROOT = Answer(200, f"apispy: the metrics are at {PATH}\n".encode())

INFO = ("apispy", "The running apispy.")


class MetricsServer:
    """Serves *metrics* at the TCP address *where*: on loopback to programs of this machine, or to any that connects.

    Raises ApispyError if prometheus-client is not installed, and from ``start`` if it cannot listen.
    """

    def __init__(self, metrics: Metrics, where: "Listen") -> None:
        self._choose_encoder, self._registry = _prometheus(metrics)
        self._is_local = where.loopback
        self._server = WebServer(
            {"/": ROOT},
            questions={PATH: self._scrape},
            host=where.host,
            port=where.port,
            access=partial(OpenAccess, checks_host=where.loopback),
        )
        self._one_at_a_time = asyncio.Lock()

    @property
    def url(self) -> str:
        """The address to scrape, the real one once the server has started."""
        return f"{self._server.url}{PATH}"

    def announcement(self) -> list[str]:
        """Describe the server, for the lines at the start."""
        lines = [f"metrics for Prometheus: {self.url}"]
        if not self._is_local:
            lines.append(
                "metrics: PLAINTEXT AND REMOTE: anyone who can reach this port can read which operations are called, "
                "by which kinds of clients, and how often"
            )
        return lines

    async def start(self) -> None:
        """Listen. Raises ApispyError."""
        try:
            await self._server.start()
        except ApispyError as error:
            raise ApispyError(f"--metrics: {error}") from error

    async def stop(self) -> None:
        """Stop listening, and end all connections."""
        await self._server.close()

    async def _scrape(self, request: WebRequest) -> Answer:
        """Answer in the format that the client accepts. The text is made in a thread: it may be long."""
        try:
            encode, content_type = self._choose_encoder(",".join(request.all("accept")))
        except (TypeError, ValueError):  # a version that is not a number
            encode, content_type = self._choose_encoder("")
        async with self._one_at_a_time:
            text = await asyncio.to_thread(encode, self._registry)
        return Answer(200, text, content_type)


def _prometheus(metrics: Metrics) -> tuple[Callable[[str], tuple[Callable[[Any], bytes], str]], Any]:
    """Return prometheus-client's choice of a format, and its registry with *metrics*. Raises ApispyError."""
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder
    except ImportError:
        raise MissingExtra("prometheus-client", "to serve metrics (--metrics)", "prometheus") from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics))
    return choose_encoder, registry


class _Collector:
    """Gives prometheus-client the counts of *metrics*, when it is scraped."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> "Iterable[Metric]":
        return ()

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.metrics_core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
            InfoMetricFamily,
        )

        now = self._metrics.figures()
        yield InfoMetricFamily(*INFO, value={"version": __version__})
        for family in COUNTERS:
            yield _filled(CounterMetricFamily, family, now)
        histogram = HistogramMetricFamily(
            DURATION.prometheus_name, DURATION.description, labels=DURATION.labels
        )
        for labels, durations in DURATION.rows(now):
            histogram.add_metric(labels, _buckets(durations), durations.total)
        yield histogram
        yield _filled(GaugeMetricFamily, OPEN_STREAMS, now)


def _filled(kind: "type[CounterMetricFamily | GaugeMetricFamily]", family: Family, now: Figures) -> "Metric":
    found = kind(family.prometheus_name, family.description, labels=family.labels)
    for labels, value in family.rows(now):
        found.add_metric(labels, value)
    return found


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Return (limit, number of durations up to it): Prometheus' buckets contain all shorter ones."""
    found: list[tuple[str, float]] = []
    count = 0
    for limit, more in zip((*map(str, LIMITS), "+Inf"), durations.counts, strict=True):
        count += more
        found.append((limit, count))
    return found
