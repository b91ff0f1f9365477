"""docs/fleet.md shows what apispy serves and exports (``make golden`` rewrites its table and samples)."""

import re
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from test_decoders_page import filled

import apispy.app.metrics
from apispy.app.metrics import MetricsServer
from apispy.app.otlp import Settings, sender
from apispy.app.otlp.export import FLUSH_TIMEOUT, encoded
from apispy.app.otlp.http_transport import RETRY_HTTP, HttpTransport
from apispy.app.otlp.sender import Sender
from apispy.app.otlp.settings import CA, HEADERS, RESOURCE, SERVICE
from apispy.endpoints import Listen
from apispy.outputs.exports.otlp_protobuf import encode
from apispy.outputs.exports.otlp_spans import Spans
from apispy.outputs.metrics import (
    CLIENTS,
    COUNTERS,
    DURATION,
    LIMITS,
    NO_RESPONSE,
    OPEN_STREAMS,
    OTHER,
    PODMAN,
    STATUS_CLASSES,
    UNKNOWN,
    Metrics,
)
from tests.golden.exported import decoded_calls, exported
from tests.laws.otlp_reader import attributes_of, spans_of
from tests.otlp_receiver import http_receiver

PAGE = Path(__file__).parents[2] / "docs/fleet.md"


def served() -> str:
    """Return the metrics of a session of ``docker run``."""
    metrics = Metrics()
    for decoded in decoded_calls("run"):
        metrics.opened(decoded) if decoded.call.stays_open else None
        metrics.write(decoded)
    return generate_latest(MetricsServer(metrics, Listen("tcp", "127.0.0.1", 0, ""))._registry).decode()


def table(text: str) -> list[str]:
    """Return a row for each family: name, type, labels and description."""
    rows = ["| name | type | labels | what it is |", "| --- | --- | --- | --- |"]
    for name, about, kind in re.findall(r"# HELP (\S+) (.+)\n# TYPE \S+ (\S+)\n", text):
        found = re.search(rf"(?m)^{name}\w*{{(.*)}} ", text)
        labels = re.findall(r'(\w+)="', found[1]) if found else []
        shown = ", ".join(f"`{label}`" for label in labels if label != "le")
        rows.append(f"| `{name}` | {kind} | {shown} | {about} |")
    return rows


def span_table() -> list[str]:
    """Return a row for each span of a session of ``docker run``."""
    made = spans_of(exported("otlp-json", decoded_calls("run")))
    names = {span.span_id: span.name for span in made}
    rows = ["| span | container | status | events | links |", "| --- | --- | --- | --- | --- |"]
    for span in made:
        found = attributes_of(span)
        events = ", ".join(
            f"{count} {name}" for name, count in Counter(one.name for one in span.events).items()
        )
        links = ", ".join(
            f"{attributes_of(one)['docker.link']}: `{names[one.span_id]}`" for one in span.links
        )
        cells = (found.get("container.name", ""), found["http.response.status_code"], events, links)
        rows.append(f"| `{span.name}` | {' | '.join(map(str, cells))} |")
    return rows


def metric_table(text: str) -> list[str]:
    """Return a row for each metric that is sent; its name for Prometheus is one that is served."""
    rows = ["| metric | unit | in Prometheus |", "| --- | --- | --- |"]
    for family in (*COUNTERS, DURATION, OPEN_STREAMS):
        [name] = re.findall(rf"# TYPE ({family.prometheus_name}(?:_total)?) ", text)
        rows.append(f"| `{family.name}` | `{family.unit}` | `{name}` |")
    return rows


METRICS = encode("Metrics", {"resourceMetrics": [{"scopeMetrics": [{}]}]})


def messages() -> list[str]:
    """Return what apispy prints if nothing listens at the endpoint, and if it answers that a token is wrong."""
    said: list[str] = []
    with http_receiver() as receiver:
        receiver.answers = [(401, {}, b"")]
        calls = decoded_calls("run")
        for port, name in ((receiver.port, "http://collector:4318"), (1, "http://localhost:4318")):
            transport = HttpTransport(Settings("http", "127.0.0.1", port))
            sender = Sender(transport, name, lambda: METRICS, said.append)
            for parts in Spans().of(calls[0]):
                sender.add(b"", encoded(parts))
            sender.start()
            said += sender.close(30)
    return ["```text", *(f"apispy: {line}" for line in said), "```"]


def written(page: str) -> str:
    """Return *page* with the current tables and samples."""
    text = served()
    page = filled(page, "metrics", table(text))
    page = filled(page, "otlp-spans", span_table())
    page = filled(page, "otlp-metrics", metric_table(text))
    page = filled(page, "otlp-messages", messages())
    lines = [line for line in text.splitlines() if "ContainerCreate" in line and "_bucket" not in line]
    return filled(page, "sample", ["```text", *lines, "```"])


def test_the_table_and_the_sample(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apispy.app.metrics, "__version__", "VERSION")
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(written(page))
    assert PAGE.read_text() == written(page)


def test_the_limits_of_the_delivery() -> None:
    text = " ".join(PAGE.read_text().partition("### Delivery")[2].partition("###")[0].split())
    for phrase in (
        f"at most about {sender.MAX_BATCH_SPANS:,} spans, or {sender.MAX_BATCH / 2**20:g} MB",
        f"sent after {sender.BATCH_DELAY:g} second,",
        f"again after {sender.FIRST_DELAY:g} second,",
        f"pauses of up to {sender.MAX_DELAY:g},",
        f"After {sender.GIVE_UP_AFTER:g} seconds it is dropped",
        f"At most {sender.MAX_QUEUED / 2**20:g} MB of spans wait",
        f"gets {FLUSH_TIMEOUT:g} seconds to take the rest",
        f"answers {', '.join(map(str, RETRY_HTTP))} or ",
    ):
        assert phrase in text, phrase
    assert f"sent every {sender.METRICS_INTERVAL:g} seconds" in PAGE.read_text()


def test_the_variables_of_opentelemetry_are_those_that_are_read() -> None:
    text = PAGE.read_text().partition("### Environment")[2].partition("###")[0]
    assert re.findall(r"(?m)^\| `(OTEL_\w+)`", text) == [HEADERS, CA, RESOURCE, SERVICE]


def test_the_values_of_the_labels_are_all() -> None:
    text = PAGE.read_text()
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", text.partition("| label | values |")[2]))
    assert set(re.findall(r"`(\w+)`", rows["status"])) == {*STATUS_CLASSES, NO_RESPONSE, OTHER}
    assert set(re.findall(r"`([\w-]+)`", rows["client"])) == {*CLIENTS.values(), PODMAN, OTHER}
    assert f"`{UNKNOWN}`" in rows["operation"]
    agents = text.partition("beginning of its User-Agent")[2].partition(". ")[0]
    assert {start.lower() for start in re.findall(r"`(\S+/)`", agents)} == set(CLIENTS)
    assert len(LIMITS) == len(set(LIMITS)) == 16


def test_the_queries_use_metrics_that_exist() -> None:
    queries = re.findall(r"(?m)^\| .+\? \| `(.+)` \|$", PAGE.read_text())
    assert len(queries) >= 6
    text = served()
    for query in queries:
        for name in re.findall(r"apispy_\w+", query):
            assert re.search(rf"(?m)^{name}[{{ ]", text), name
