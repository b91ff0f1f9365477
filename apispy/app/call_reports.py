"""The reports on calls: the story, the permissions, the coverage and the drift.

A new report is a row in ``CALL_REPORTS``: the options of `apispy` and `apispy run`, and the tools for assistants, come
from it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from apispy.app.messages import StyledLine
    from apispy.outputs import DecodedCall


class Collector(Protocol):
    """Something that learns from calls in bounded memory, and counts them in ``calls``."""

    calls: int

    def add(self, decoded: "DecodedCall", /) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts[T: Collector]:
    """How a report is made: the collector, and what shows what it has collected."""

    collector: Callable[[], T]
    lines: Callable[[T, int], "Iterable[StyledLine]"]  # for a number of columns
    as_json: Callable[[T], Any]


@dataclass(frozen=True, slots=True)
class CallReport:
    """A report on calls."""

    name: str  # of the command and of the option
    purpose: str  # what it does, as a sentence without its period
    load: Callable[[], Parts[Any]]  # imports the parts, which a session without the report does not need


def _story() -> Parts[Any]:
    from apispy.learn.story import Story, story_json, story_lines

    return Parts(Story, story_lines, story_json)


def _permissions() -> Parts[Any]:
    from apispy.learn.permissions import Usage, usage_json, usage_lines

    return Parts(Usage, usage_lines, usage_json)


def _coverage() -> Parts[Any]:
    from apispy.learn.coverage import Coverage, Report, report_json, report_lines

    return Parts(
        Coverage,
        lambda found, width: report_lines(Report.of(found), width),
        lambda found: report_json(Report.of(found)),
    )


def _drift() -> Parts[Any]:
    from apispy.learn.drift import Drift, drift_json, drift_lines

    return Parts(Drift, drift_lines, drift_json)


CALL_REPORTS: dict[str, CallReport] = {
    report.name: report
    for report in (
        CallReport(
            "story",
            "Tell what was done to each container, image, network and volume, what failed, and what was left behind",
            _story,
        ),
        CallReport(
            "permissions",
            "List the operations that were used, the clients, and what is dangerous and why",
            _permissions,
        ),
        CallReport(
            "coverage",
            "Show how much of Docker's API was used: operations, parameters, body fields and statuses",
            _coverage,
        ),
        CallReport(
            "drift",
            "List where the daemon's responses differ from Docker's description of the API",
            _drift,
        ),
    )
}
