"""The page of a session: its calls, with what can be learned from all of them.

Importing this module registers the exporter.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from apispy.app.call_reports import CALL_REPORTS
from apispy.outputs.base import DecodedCall
from apispy.outputs.exports import exporter

if TYPE_CHECKING:
    from apispy.app.messages import StyledLine

WIDTH = 110
"""Columns of the texts in tabs."""

STATISTICS = "statistics"

TABS = ("story", STATISTICS, "permissions", "coverage")
"""The tabs beside the calls; but for the statistics, each is a report."""


@exporter(
    "html",
    suffix=".html",
    description="a page to look at, in one file: waterfall, table, contents, story",
    has_urls=True,
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    return session_page(decoded_calls)


def session_page(
    decoded_calls: Iterable[DecodedCall], title: str = "", comparison: "Iterable[StyledLine]" = ()
) -> Iterator[str]:
    """Yield the page of *decoded_calls*, which are redacted.

    *title*: the name of their file. *comparison*: lines of the tab that compares them with others.
    """
    from apispy.filters.as_json import grammar
    from apispy.outputs.page import document

    tabs = _Tabs()

    def calls() -> Iterator[dict[str, Any]]:
        for decoded in decoded_calls:
            tabs.add(decoded)
            yield call_on_page(decoded)

    def values() -> dict[str, Any]:
        compared = _lines(comparison)
        return tabs.values() | ({"comparison": {"lines": compared}} if compared else {})

    return document(calls(), values, grammar(), title)


def live_page(title: str) -> bytes:
    """Return the page without calls: its script gets them from the server that it comes from."""
    from apispy.filters.as_json import grammar
    from apispy.outputs.page import document

    return "".join(document((), dict, grammar(), title, live=True)).encode()


def call_on_page(decoded: DecodedCall) -> dict[str, Any]:
    """Return the data of one call."""
    from apispy.filters.as_json import field_values
    from apispy.outputs.page import page_call

    return page_call(decoded, docker=_docker(decoded), fields=field_values(decoded))


class _Tabs:
    """What the tabs beside the calls say."""

    def __init__(self) -> None:
        from apispy.outputs import Stats

        self._written: list[str] = []
        self._stats = Stats(self._written.append, as_json=True)
        self._parts = {name: CALL_REPORTS[name].load() for name in TABS if name != STATISTICS}
        self._collectors = {name: parts.collector() for name, parts in self._parts.items()}

    def add(self, decoded: DecodedCall) -> None:
        self._stats.write(decoded)
        for collector in self._collectors.values():
            collector.add(decoded)

    def values(self) -> dict[str, Any]:
        self._stats.close()
        return {name: self._value(name) for name in TABS}

    def _value(self, name: str) -> Any:
        if name == STATISTICS:
            return json.loads(self._written[-1])
        return {"lines": _lines(self._parts[name].lines(self._collectors[name], WIDTH))}


def _lines(lines: "Iterable[StyledLine]") -> list[list[str]]:
    return [[line.text, line.style] if line.style else [line.text] for line in lines]


def _docker(decoded: DecodedCall) -> str:
    """Return the docker command that creates the container of a call; "" for other calls."""
    from apispy.learn.story import docker_line
    from apispy.outputs.decoded_values import first_json

    if decoded.call.operation.id != "ContainerCreate":
        return ""
    body, call = first_json(decoded, "request"), decoded.call
    if not isinstance(body, dict):
        return ""
    return docker_line(body, name=call.value("name"), platform=call.value("platform"), started=False).text
