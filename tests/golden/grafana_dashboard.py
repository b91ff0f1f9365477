"""packaging/grafana-dashboard.json as tests read it: its panels, and its queries as Prometheus takes them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DASHBOARD: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "packaging/grafana-dashboard.json").read_text()
)

PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

VARIABLES: dict[str, dict[str, Any]] = {
    variable["name"]: variable for variable in DASHBOARD["templating"]["list"]
}

INTERVALS = {"__rate_interval": "1m", "__range": "1h"}
"""Variables that Grafana has itself."""


@dataclass(frozen=True)
class Query:
    """A query in PromQL, and where the dashboard has it."""

    where: str
    text: str

    @property
    def for_prometheus(self) -> str:
        """The query as Grafana sends it while "All" is chosen."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            return INTERVALS[name] if name in INTERVALS else str(VARIABLES[name]["allValue"])

        return re.sub(r"\$(\w+)", value, self.text)

    @property
    def selectors(self) -> list[tuple[str, set[str]]]:
        """The metrics that it names, each with the labels that it matches."""
        found = re.findall(r"(apispy_\w+)(?:\{([^}]*)\})?", self.text)
        return [(name, set(re.findall(r"(\w+)=~?\"", labels))) for name, labels in found]

    @property
    def grouped(self) -> set[str]:
        """The labels that it groups by."""
        lists = re.findall(r"by \(([^)]*)\)", self.text)
        return {label for one in lists for label in re.split(r",\s*", one)}


def queries() -> list[Query]:
    """Return the queries of all panels and variables."""
    found = [Query(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
    for name, variable in VARIABLES.items():
        if variable["type"] == "query":
            [text] = re.findall(r"^label_values\((.*), \w+\)$", variable["query"]["query"])
            found.append(Query(f"${name}", text))
    return found
