"""The tools: each answers with text about the calls. They only read.

A tool reads the calls again each time, so memory does not grow with their number. A new tool is a function and a row in
``TOOLS``; each report of ``CALL_REPORTS`` is a tool too.
"""

import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from apispy.app.call_reports import CALL_REPORTS, CallReport
from apispy.app.mcp.calls import Calls
from apispy.app.view import View
from apispy.errors import UsageError
from apispy.outputs.escaping import escape
from apispy.structs import Struct, field

if TYPE_CHECKING:
    from apispy.app.messages import StyledLine
    from apispy.outputs import DecodedCall

WIDTH = 120
"""Columns of the lines of an answer."""

MAX_LISTED = 500
"""Calls that one answer lists."""

NONE = "No call matches."

Arguments = dict[str, Any]


class Argument(Struct, frozen=True):
    """An argument of a tool. It is optional if it has a default, or None if that says nothing."""

    type: str  # "string" or "integer"
    description: str
    required: bool = False


class Tool(Struct, frozen=True):
    """A tool, as the protocol describes it."""

    name: str
    description: str
    run: Callable[[Calls, Arguments], str]
    arguments: dict[str, Argument] = field(default_factory=dict)
    about_calls: bool = True


def _calls(calls: Calls, given: Arguments) -> str:
    """List calls as `apispy show` does."""
    limit, offset = _number(given, "limit", 50, MAX_LISTED), _number(given, "offset", 0)
    found = itertools.islice(_matching(calls, given), offset, offset + limit + 1)
    listed = list(itertools.islice(found, limit))
    text = _shown(listed, 0)
    more = (
        f"There are more calls: offset={offset + limit} continues." if next(found, None) else "No more calls."
    )
    return f"{text}{more}" if listed else NONE


def _call(calls: Calls, given: Arguments) -> str:
    """Show one call with headers and bodies."""
    number = _number(given, "number", 0)
    found = [decoded for decoded in calls.read(None) if decoded.exchange.id == number]
    if not found:
        raise UsageError(f"there is no call {number}; the tool calls lists the numbers")
    return _shown(found, min(3, _number(given, "detail", 2)))


def _shown(calls: Iterable["DecodedCall"], verbosity: int) -> str:
    text: list[str] = []
    view = View(verbosity=verbosity, color="never", streams=False)
    console, _ = view.outputs(text.append, io.StringIO())
    for decoded in calls:
        text.append(f"#{decoded.exchange.id} ")
        console.write(decoded)
    return "".join(text)


def _statistics(calls: Calls, given: Arguments) -> str:
    from apispy.outputs import Stats

    text: list[str] = []
    stats = Stats(text.append, as_json=False)
    for decoded in _matching(calls, given):
        stats.write(decoded)
    stats.close()
    return "".join(text)


def _report(report: CallReport) -> Callable[[Calls, Arguments], str]:
    """Return the function of the tool that makes *report*."""

    def run(calls: Calls, given: Arguments) -> str:
        parts = report.load()
        collector = parts.collector()
        for decoded in _matching(calls, given):
            collector.add(decoded)
        return _text(parts.lines(collector, WIDTH)) if collector.calls else NONE

    return run


def _permissions(calls: Calls, given: Arguments) -> str:
    from apispy.learn.permissions import TARGETS, Usage, write_rules

    target = given.get("target")
    if target is None:
        return _report(CALL_REPORTS["permissions"])(calls, given)
    if target not in TARGETS:
        raise UsageError(f"there is no target {target!r}; the targets are {', '.join(TARGETS)}")
    usage = Usage()
    for decoded in _matching(calls, given):
        usage.add(decoded)
    return "\n".join(escape(line) for line in write_rules(TARGETS[str(target)], usage))


def _explain(calls: Calls, given: Arguments) -> str:
    from apispy.learn import explain

    return _text(explain.question_page(str(given["question"]), width=WIDTH).lines)


def _matching(calls: Calls, given: Arguments) -> Iterator["DecodedCall"]:
    from apispy.filters import Filter

    expression = given.get("filter")
    call_filter = Filter.parse_typed(str(expression)) if expression else None
    return calls.read(call_filter)


def _text(lines: Iterable["StyledLine"]) -> str:
    return "\n".join(escape(line.text) for line in lines)


def _number(given: Arguments, name: str, default: int, most: int = 1 << 53) -> int:
    value = given.get(name, default)
    return min(max(value, 0), most)  # type: ignore[no-any-return]  # the server has checked the type


_FILTER = {
    "filter": Argument(
        "string", "Only calls that match: 'op:Container* and status>=400', 'slow>1s', 'container:web'."
    )
}

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "calls",
            "List the calls between a Docker client and the daemon, one line each: number, time, operation, request, "
            "status, result.",
            _calls,
            _FILTER
            | {
                "limit": Argument("integer", f"How many calls to list (50; at most {MAX_LISTED})."),
                "offset": Argument("integer", "How many matching calls to skip (0)."),
            },
        ),
        Tool(
            "call",
            "Show one call with headers, query and bodies.",
            _call,
            {
                "number": Argument("integer", "The number of the call.", required=True),
                "detail": Argument(
                    "integer", "1: headers and query, 2: bodies too (2), 3: every chunk and frame."
                ),
            },
        ),
        Tool("statistics", "Count and time the calls of each operation.", _statistics, dict(_FILTER)),
        *(
            Tool(name, f"{report.purpose}.", _report(report), dict(_FILTER))
            for name, report in CALL_REPORTS.items()
            if name != "permissions"
        ),
        Tool(
            "permissions",
            f"{CALL_REPORTS['permissions'].purpose}; or write a socket proxy's rules for them.",
            _permissions,
            _FILTER
            | {
                "target": Argument(
                    "string",
                    "tecnativa, linuxserver, wollomatic, cetusguard, sockguard, opa or apispy: write its rules.",
                )
            },
        ),
        Tool(
            "explain",
            "Explain an operation, a request line, a docker or curl command, or an error message of Docker's API.",
            _explain,
            {
                "question": Argument(
                    "string", "What to explain: 'ContainerCreate', 'docker run -it x'.", required=True
                )
            },
            about_calls=False,
        ),
    )
}
