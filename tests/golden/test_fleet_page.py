"""docs/fleet.md shows what apispy serves and exports (``make golden`` rewrites its table and samples)."""

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from test_decoders_page import filled

import apispy.app.metrics
from apispy.app.metrics import MetricsServer
from apispy.endpoints import Listen
from apispy.outputs.metrics import (
    CLIENTS,
    LIMITS,
    NO_RESPONSE,
    OTHER,
    PODMAN,
    STATUS_CLASSES,
    UNKNOWN,
    Metrics,
)
from tests.golden.exported import decoded_calls

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


def written(page: str) -> str:
    """Return *page* with the current table and sample."""
    text = served()
    page = filled(page, "metrics", table(text))
    lines = [line for line in text.splitlines() if "ContainerCreate" in line and "_bucket" not in line]
    return filled(page, "sample", ["```text", *lines, "```"])


def test_the_table_and_the_sample(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apispy.app.metrics, "__version__", "VERSION")
    page = PAGE.read_text()
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(written(page))
    assert PAGE.read_text() == written(page)


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
