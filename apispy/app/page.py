"""The page of a session: its calls, with what can be learned from all of them.

Importing this module registers the exporter.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from apispy.outputs.base import DecodedCall
from apispy.outputs.exports import exporter

if TYPE_CHECKING:
    from apispy.learn.explain.layout import Line

WIDTH = 110
"""Columns of the texts in tabs."""


@exporter(
    "html",
    suffix=".html",
    description="a page to look at, in one file: waterfall, table, contents, story",
    has_urls=True,
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    return session_page(decoded_calls)


def session_page(
    decoded_calls: Iterable[DecodedCall], title: str = "", comparison: "Iterable[Line]" = ()
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
    """What the tabs beside the calls say: each is of a collector of its own."""

    def __init__(self) -> None:
        from apispy.learn.coverage import Coverage
        from apispy.learn.permissions import Usage
        from apispy.learn.story import Story
        from apispy.outputs import Stats

        self._written: list[str] = []
        self._stats = Stats(self._written.append, as_json=True)
        self._story, self._usage, self._coverage = Story(), Usage(), Coverage()

    def add(self, decoded: DecodedCall) -> None:
        self._stats.write(decoded)
        for collector in (self._story, self._usage, self._coverage):
            collector.add(decoded)

    def values(self) -> dict[str, Any]:
        from apispy.learn.coverage import Report, report_lines
        from apispy.learn.permissions import usage_lines
        from apispy.learn.story import story_lines

        self._stats.close()
        return {
            "story": {"lines": _lines(story_lines(self._story, WIDTH))},
            "statistics": json.loads(self._written[-1]),
            "permissions": {"lines": _lines(usage_lines(self._usage, WIDTH))},
            "coverage": {"lines": _lines(report_lines(Report.of(self._coverage), WIDTH))},
        }


def _lines(lines: "Iterable[Line]") -> list[list[str]]:
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
