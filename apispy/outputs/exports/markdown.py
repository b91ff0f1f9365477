"""A transcript for a bug report: a table of the calls, their contents, and the versions of client and daemon.

It is meant for tens of calls: streams are cut to their first lines, and everything is held until the end. Text from
the wire stays plain text in GitHub's Markdown: it cannot break out of its place, mention a person by @name or become
a link.
"""

import html
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

import apispy
from apispy.model import Direction
from apispy.outputs import details, units
from apispy.outputs.arguments import arguments
from apispy.outputs.base import DecodedCall
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import iso_time
from apispy.outputs.outcome import outcome

MAX_LINES = 40
"""Lines shown of one stream."""

WIDTH = 300
"""Characters shown of one line."""

TITLES: dict[Direction, str] = {
    "request": "Request",
    "response": "Response",
    "to_server": "Sent on the hijacked connection",
    "to_client": "Received on the hijacked connection",
}

HEADINGS = ("#", "time", "operation", "request", "response", "duration")


@exporter("markdown", suffix=".md", description="a readable transcript for a bug report")
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    rows, parts = [], []
    versions: dict[str, list[str]] = {"client": [], "daemon": [], "API": []}
    first = ""
    failed = 0
    for decoded in decoded_calls:
        first = first or iso_time(decoded.exchange.started)
        failed += decoded.failed
        rows.append(_row(decoded))
        parts.append("\n".join(_call(decoded)))
        _note_versions(decoded, versions)
    failures = f", {failed} failed" if failed else ""
    began = f", starting at {first}" if first else ""
    yield f"# Docker API: {units.count(len(rows), 'calls')}{failures}\n\n{_table(rows)}\n"
    yield from (f"\n{part}\n" for part in parts)
    yield f"\n## Versions\n\n{_versions(versions)}\nMade by apispy {apispy.__version__}{began}; times are UTC. "
    yield f"At most {MAX_LINES} lines of each stream are shown. Secrets are replaced by `<redacted>` or withheld.\n"


def _row(decoded: DecodedCall) -> tuple[str, ...]:
    exchange = decoded.exchange
    return (
        str(exchange.id),
        iso_time(exchange.started)[11:23],
        table_cell(decoded.call.operation.id or "?"),
        table_cell(_request(decoded)),
        table_cell(_result(decoded)),
        units.duration(exchange.duration),
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _request(decoded: DecodedCall) -> str:
    request = decoded.exchange.request
    path = request.target.partition("?")[0] if decoded.call.known else request.target
    text = [f"{name}={value}" for name, value in arguments(decoded).items()]
    return _cut(decoded.label(" ".join([request.method, path, *text])))


def _result(decoded: DecodedCall) -> str:
    exchange = decoded.exchange
    status = str(exchange.response.status) if exchange.response else "no response"
    text = "; ".join(decoded.errors) or outcome(decoded)
    ending = "" if exchange.end == "complete" else exchange.end
    return _cut("; ".join(filter(None, (f"{status} {text}".strip(), ending, *exchange.problems))))


def _call(decoded: DecodedCall) -> Iterator[str]:
    exchange = decoded.exchange
    title = f"#{exchange.id} {decoded.call.operation.id or '?'}: {_request(decoded)} -> {_result(decoded)}"
    yield f"<details><summary>{html_code(title)}</summary>\n"
    for direction, body in exchange.streams.items():
        lines = [*_head(decoded, direction), *_content(decoded, direction)]
        if lines:
            yield f"{TITLES[direction]}, {units.size(body.size)}:\n"
            yield "\n".join(fenced(lines, "text")) + "\n"
    for note in decoded.notes:
        yield f"- {code(note)}\n"
    yield "</details>"


def _head(decoded: DecodedCall, direction: Direction) -> list[str]:
    heads = {"request": details.request_head, "response": details.response_head}
    return [_cut(line) for line in heads[direction](decoded)] if direction in heads else []


def _content(decoded: DecodedCall, direction: Direction) -> Iterator[str]:
    body = details.body(decoded, direction, sys.maxsize)
    yield from (_cut(line) for line in islice(body, MAX_LINES))
    if more := sum(1 for _ in body):
        yield f"... and {units.count(more, 'more lines')}"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}...(+{len(line) - WIDTH})"


def _note_versions(decoded: DecodedCall, versions: dict[str, list[str]]) -> None:
    """Collect the versions of client, daemon and API, each once."""
    exchange = decoded.exchange
    response = exchange.response.headers if exchange.response else None
    found = {
        "client": exchange.request.headers.text("user-agent"),
        "daemon": response.text("server") if response else "",
        "API": decoded.call.version or "",
    }
    for party, version in found.items():
        if version and version not in versions[party] and len(versions[party]) < MAX_LINES:
            versions[party].append(version)


def _versions(versions: dict[str, list[str]]) -> str:
    lines = (f"- {party}: {', '.join(map(code, found)) or 'unknown'}\n" for party, found in versions.items())
    return "".join(lines)


def code(text: str) -> str:
    """Format *text* as a code span."""
    text = escape(text).strip()
    if not text:
        return ""
    ticks = _ticks(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def table_cell(text: str) -> str:
    """Format *text* as a code span in a table: bars do not end the cell, whatever precedes them."""
    return re.sub(r"(\\*)\|", r"\1\1\|", code(text))


def html_code(text: str) -> str:
    """Format *text* as HTML code, on one line."""
    return f"<code>{html.escape(escape(text))}</code>"


def fenced(lines: Iterable[str], language: str = "") -> Iterator[str]:
    """Yield a code block of lines that are already escaped, with a fence longer than any inside."""
    text = list(lines)
    fence = _ticks("\n".join(text), 3)
    yield fence + language
    yield from text
    yield fence


def _ticks(text: str, least: int) -> str:
    """Return more backticks in a row than *text* has, and at least *least*."""
    return "`" * max(least, 1 + max(map(len, re.findall("`+", text)), default=0))
