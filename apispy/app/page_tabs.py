"""The tabs beside the calls of a page: the same for a file, whose page has them, and for a live page, which asks."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from apispy.app.call_reports import CALL_REPORTS
from apispy.outputs.base import DecodedCall

if TYPE_CHECKING:
    from apispy.app.messages import StyledLine

WIDTH = 110
"""Columns of the texts in tabs."""

STATISTICS = "statistics"

TABS = ("story", STATISTICS, "permissions", "coverage")
"""The tabs beside the calls; but for the statistics, each is a report."""


class Tab(Protocol):
    """What one tab says of calls."""

    def add(self, decoded: DecodedCall, /) -> None: ...
    def value(self) -> Any:
        """Return the JSON value that the page's script shows."""
        ...


def make_tab(name: str) -> Tab:
    """Return the tab *name* without calls. Imports what it needs."""
    return _StatisticsTab() if name == STATISTICS else _ReportTab(name)


class _StatisticsTab:
    def __init__(self) -> None:
        from apispy.outputs import Stats

        self._stats = Stats(lambda text: None)
        self.add = self._stats.write

    def value(self) -> Any:
        return self._stats.as_json()


class _ReportTab:
    def __init__(self, name: str) -> None:
        self._parts = CALL_REPORTS[name].load()
        self._collector = self._parts.collector()
        self.add = self._collector.add

    def value(self) -> Any:
        return {"lines": line_values(self._parts.lines(self._collector, WIDTH))}


def line_values(lines: "Iterable[StyledLine]") -> list[list[str]]:
    """Return lines as the page shows them: [text, style], or [text]."""
    return [[line.text, line.style] if line.style else [line.text] for line in lines]
