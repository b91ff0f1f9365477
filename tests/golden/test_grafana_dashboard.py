"""The Grafana dashboard: it fits the metrics that apispy serves, and Grafana's rules for panels.

``tests/e2e/test_metrics.py`` runs its queries in Prometheus.
"""

import json
import re
from collections import defaultdict

import pytest
from prometheus_client.parser import text_string_to_metric_families
from test_fleet_page import served

from tests.golden.grafana_dashboard import DASHBOARD, PANELS, VARIABLES, Query, queries

SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds to what it scrapes."""

COLUMNS = 24
"""The width of a dashboard in Grafana."""

UNITS = {"reqps", "percentunit", "s", "short", "Bps", "none"}
"""Names of Grafana's units: requests a second, parts of 1, seconds, counts, bytes a second, text."""

QUERIES = queries()


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """The labels of each metric that apispy serves."""
    found: dict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(served()):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    return found


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.where}: {query.text[:30]}")
def test_a_query_uses_metrics_and_labels_that_exist(query: Query, labels: dict[str, set[str]]) -> None:
    assert query.selectors
    for name, matched in query.selectors:
        assert name in labels
        assert matched <= labels[name] | SCRAPED
        assert query.grouped <= labels[name]
    assert set(re.findall(r"\$(\w+)", query.text)) <= {*VARIABLES, "__rate_interval", "__range"}


def test_it_shows_every_metric(labels: dict[str, set[str]]) -> None:
    shown = {name for query in QUERIES for name, _ in query.selectors}
    parts = {f"apispy_call_duration_seconds_{part}" for part in ("count", "sum")}
    assert set(labels) - parts == shown


def test_every_legend_names_labels_that_the_query_keeps() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            assert named <= Query("", target["expr"]).grouped, panel["title"]


def test_panels_do_not_overlap() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert 0 <= at["x"] < at["x"] + at["w"] <= COLUMNS, panel["title"]
        for cell in (
            (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
        ):
            assert cell not in taken, (panel["title"], taken.get(cell))
            taken[cell] = panel["title"]


def test_panels_are_complete() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    titles = [panel["title"] for panel in PANELS]
    assert len(set(titles)) == len(titles)
    for panel in PANELS:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        refs = [target["refId"] for target in panel["targets"]]
        assert refs == [chr(ord("A") + number) for number in range(len(refs))], panel["title"]


def test_no_panel_is_bound_to_a_datasource_of_one_installation() -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert VARIABLES["datasource"]["type"] == "datasource"
    assert VARIABLES["datasource"]["query"] == "prometheus"
    bound = [panel["datasource"] for panel in PANELS]
    bound += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    bound += [variable["datasource"] for variable in VARIABLES.values() if variable["type"] == "query"]
    assert all(one == chosen for one in bound)
    assert len(re.findall(r'"uid"', json.dumps(DASHBOARD))) == len(bound) + 1  # and the dashboard's own
