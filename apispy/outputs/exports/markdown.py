"""A transcript to be pasted into a bug report: a table of the calls, what each said, and which versions spoke.

It is made for tens of calls: what is shown of a stream is cut to its first lines, and all is held until the end.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice

import apispy
from apispy.model import Direction
from apispy.outputs import details, units
from apispy.outputs.arguments import arguments
from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import time_text
from apispy.outputs.exports.markdown_text import cell, code, fenced, tagged
from apispy.outputs.outcome import outcome

LINES = 40
"""Of one stream."""

WIDTH = 300
"""Characters of one line."""

TITLES: dict[Direction, str] = {
    "request": "Request",
    "response": "Answer",
    "to_server": "Sent on the hijacked connection",
    "to_client": "Received on the hijacked connection",
}

HEADINGS = ("#", "time", "operation", "request", "answer", "took")


@exporter("markdown", suffix=".md", says="a readable transcript for bug reports")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    rows, parts = [], []
    versions: dict[str, list[str]] = {"client": [], "daemon": [], "API": []}
    first = ""
    failed = 0
    for reading in readings:
        first = first or time_text(reading.exchange.started)
        failed += reading.failed
        rows.append(_row(reading))
        parts.append("\n".join(_call(reading)))
        _note_versions(reading, versions)
    wrong = f", {failed} of them went wrong" if failed else ""
    began = f", from {first} on" if first else ""
    yield f"# Docker API: {units.count(len(rows), 'calls')}{wrong}\n\n{_table(rows)}\n"
    yield from (f"\n{part}\n" for part in parts)
    yield f"\n## Versions\n\n{_versions(versions)}\nMade by apispy {apispy.__version__}{began}; times are UTC. "
    yield f"Of each stream {LINES} lines are shown at most. Secrets stand as `<redacted>` or are withheld.\n"


def _row(reading: Reading) -> tuple[str, ...]:
    exchange = reading.exchange
    return (
        str(exchange.id),
        time_text(exchange.started)[11:23],
        cell(reading.call.operation.id or "?"),
        cell(_asked(reading)),
        cell(_answered(reading)),
        units.duration(exchange.duration),
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _asked(reading: Reading) -> str:
    request = reading.exchange.request
    path = request.target.partition("?")[0] if reading.call.known else request.target
    words = [f"{name}={value}" for name, value in arguments(reading).items()]
    return _cut(reading.label(" ".join([request.method, path, *words])))


def _answered(reading: Reading) -> str:
    exchange = reading.exchange
    status = str(exchange.response.status) if exchange.response else "no answer"
    words = "; ".join(reading.errors) or outcome(reading)
    ending = "" if exchange.end == "complete" else exchange.end
    return _cut("; ".join(filter(None, (f"{status} {words}".strip(), ending, *exchange.problems))))


def _call(reading: Reading) -> Iterator[str]:
    exchange = reading.exchange
    title = f"#{exchange.id} {reading.call.operation.id or '?'}: {_asked(reading)} -> {_answered(reading)}"
    yield f"<details><summary>{tagged(title)}</summary>\n"
    for direction, body in exchange.streams.items():
        lines = [*_head(reading, direction), *_shown(reading, direction)]
        if lines:
            yield f"{TITLES[direction]}, {units.size(body.size)}:\n"
            yield "\n".join(fenced(lines, "text")) + "\n"
    for note in reading.notes:
        yield f"- {code(note)}\n"
    yield "</details>"


def _head(reading: Reading, direction: Direction) -> list[str]:
    heads = {"request": details.request_head, "response": details.response_head}
    return [_cut(line) for line in heads[direction](reading)] if direction in heads else []


def _shown(reading: Reading, direction: Direction) -> Iterator[str]:
    body = details.body(reading, direction, sys.maxsize)
    yield from (_cut(line) for line in islice(body, LINES))
    if more := sum(1 for _ in body):
        yield f"... and {units.count(more, 'more lines')}"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}...(+{len(line) - WIDTH})"


def _note_versions(reading: Reading, versions: dict[str, list[str]]) -> None:
    """Remember who spoke, each once."""
    exchange = reading.exchange
    answer = exchange.response.headers if exchange.response else None
    said = {
        "client": exchange.request.headers.text("user-agent"),
        "daemon": answer.text("server") if answer else "",
        "API": reading.call.version or "",
    }
    for who, what in said.items():
        if what and what not in versions[who] and len(versions[who]) < LINES:
            versions[who].append(what)


def _versions(versions: dict[str, list[str]]) -> str:
    lines = (f"- {who}: {', '.join(map(code, found)) or 'not known'}\n" for who, found in versions.items())
    return "".join(lines)
