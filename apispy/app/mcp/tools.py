"""The tools: each answers with text about one capture. They only read.

A tool reads the file again for each call, so a capture that grows is current, and memory does not grow with it. A new
tool is a function and a row in ``TOOLS``.
"""

import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apispy.app.decoded_calls import read_files
from apispy.app.view import View
from apispy.errors import UsageError
from apispy.outputs.escaping import escape

if TYPE_CHECKING:
    from apispy.app.messages import StyledLine
    from apispy.outputs import DecodedCall

WIDTH = 120
"""Columns of the lines of an answer."""

MAX_LISTED = 500
"""Calls that one answer lists."""

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a tool. It is optional if it has a default, or None if that says nothing."""

    type: str  # "string" or "integer"
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, as the protocol describes it."""

    name: str
    description: str
    run: Callable[[Path, Arguments], str]
    arguments: dict[str, Argument] = field(default_factory=dict)


def _calls(file: Path, given: Arguments) -> str:
    """List calls as `apispy show` does."""
    limit, offset = _number(given, "limit", 50, MAX_LISTED), _number(given, "offset", 0)
    found = itertools.islice(_matching(file, given), offset, offset + limit + 1)
    listed = list(itertools.islice(found, limit))
    text = _shown(listed, 0)
    more = (
        f"There are more calls: offset={offset + limit} continues." if next(found, None) else "No more calls."
    )
    return f"{text}{more}" if listed else "No call matches."


def _call(file: Path, given: Arguments) -> str:
    """Show one call with headers and bodies."""
    number = _number(given, "number", 0)
    found = [decoded for decoded, _ in read_files((file,)) if decoded.exchange.id == number]
    if not found:
        raise UsageError(f"the capture has no call {number}; the tool calls lists the numbers")
    return _shown(found, min(3, _number(given, "detail", 2)))


def _shown(calls: Iterable["DecodedCall"], verbosity: int) -> str:
    text: list[str] = []
    view = View(verbosity=verbosity, color="never", streams=False)
    console, _ = view.outputs(text.append, io.StringIO())
    for decoded in calls:
        text.append(f"#{decoded.exchange.id} ")
        console.write(decoded)
    return "".join(text)


def _statistics(file: Path, given: Arguments) -> str:
    from apispy.outputs import Stats

    text: list[str] = []
    stats = Stats(text.append, as_json=False)
    for decoded in _matching(file, given):
        stats.write(decoded)
    stats.close()
    return "".join(text)


def _story(file: Path, given: Arguments) -> str:
    from apispy.learn.story import Story, story_lines

    story = Story()
    for decoded in _matching(file, given):
        story.add(decoded)
    return _text(story_lines(story, WIDTH)) if story.calls else "No call matches."


def _permissions(file: Path, given: Arguments) -> str:
    from apispy.learn.permissions import TARGETS, Usage, usage_lines, write_rules

    usage = Usage()
    for decoded in _matching(file, given):
        usage.add(decoded)
    target = given.get("target")
    if target is None:
        return _text(usage_lines(usage, WIDTH))
    if target not in TARGETS:
        raise UsageError(f"there is no target {target!r}; the targets are {', '.join(TARGETS)}")
    return "\n".join(escape(line) for line in write_rules(TARGETS[str(target)], usage))


def _explain(file: Path, given: Arguments) -> str:
    from apispy.learn import explain

    return _text(explain.question_page(str(given["question"]), width=WIDTH).lines)


def _matching(file: Path, given: Arguments) -> Iterator["DecodedCall"]:
    from apispy.filters import Filter

    expression = given.get("filter")
    call_filter = Filter.parse_typed(str(expression)) if expression else None
    return (decoded for decoded, _ in read_files((file,), call_filter))


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
        Tool(
            "story",
            "Tell what was done to each container, image, network and volume, what failed, and what was left behind.",
            _story,
            dict(_FILTER),
        ),
        Tool("statistics", "Count and time the calls of each operation.", _statistics, dict(_FILTER)),
        Tool(
            "permissions",
            "List the operations that were used and what is dangerous, or write a socket proxy's rules for them.",
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
        ),
    )
}
