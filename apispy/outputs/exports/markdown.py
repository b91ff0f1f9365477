"""A transcript for a bug report: a table of the calls, their contents, and the versions of client and daemon.

It is meant for tens of calls: everything is held until the end. Streams are cut to their first lines, to fewer if the
whole would be too long for a comment on GitHub; then details of calls, and at last rows are left out, and the end says
so. Text from
the wire stays plain text in GitHub's Markdown: it cannot break out of its place, mention a person by @name or become
a link.
"""

import html
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain, islice

import apispy
from apispy import units
from apispy.model import Direction
from apispy.outputs import details
from apispy.outputs.arguments import arguments
from apispy.outputs.base import DecodedCall
from apispy.outputs.build_lines import summary_lines
from apispy.outputs.decoded_values import problems_beyond_errors
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import iso_time
from apispy.outputs.outcome import outcome
from apispy.structs import Struct

MAX_SIZE = 65_000
"""Characters of the transcript. A comment on GitHub may have 65,536."""

MAX_LINES = 40
FEWER_LINES = (MAX_LINES, 20, 10, 5, 2, 0)
"""Lines shown of one stream: as many as fit into MAX_SIZE. With 0, the details of most calls are left out."""

WIDTH = 300
"""Characters shown of one line."""

TITLES: dict[Direction, str] = {
    "request": "Request",
    "response": "Response",
    "to_server": "Sent on the hijacked connection",
    "to_client": "Received on the hijacked connection",
}

TABLE_HEAD = ["| # | time | operation | request | response | duration |", "| --- " * 6 + "|"]

MAX_NOTE = 250
"""Characters of the sentences about what is shown."""


class CallDetails(Struct, frozen=True):
    """The details of one call."""

    title: str
    streams: tuple[
        tuple[str, list[str], list[str], int], ...
    ]  # title, head, first lines, number of further lines
    notes: tuple[str, ...]
    failed: bool

    def text(self, lines: int) -> Iterator[str]:
        """Yield it with at most *lines* lines of each stream."""
        yield f"<details><summary>{html_code(self.title)}</summary>\n"
        for title, head, content, more in self.streams:
            shown = [*head, *content[:lines]]
            if more := more + len(content[lines:]):
                shown.append(f"... and {units.count(more, 'more lines')}")
            yield f"{title}:\n"
            yield "\n".join(fenced(shown, "text")) + "\n"
        for note in self.notes:
            yield f"- {code(note)}\n"
        yield "</details>"


@exporter("markdown", suffix=".md", description="a readable transcript for a bug report")
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    rows: list[str] = []
    calls: list[CallDetails] = []
    versions: dict[str, list[str]] = {"client": [], "daemon": [], "API": []}
    first = ""
    failed = 0
    for decoded in decoded_calls:
        first = first or iso_time(decoded.exchange.started)
        failed += decoded.failed
        rows.append(f"| {' | '.join(_row(decoded))} |")
        calls.append(_details(decoded))
        _note_versions(decoded, versions)
    failures = f", {failed} failed" if failed else ""
    began = f", starting at {first}" if first else ""
    heading = f"# Docker API: {units.count(len(rows), 'calls')}{failures}\n\n"
    end = (
        f"\n## Versions\n\n{_versions(versions)}\nMade by apispy {apispy.__version__}{began}; times are UTC. "
    )
    secrets = "Secrets are replaced by `<redacted>` or withheld.\n"
    room = MAX_SIZE - len(heading) - len(end) - len(secrets) - MAX_NOTE
    table = _fitting(TABLE_HEAD + rows, room)
    parts, lines = _parts(calls, room - sum(map(_size, table)))
    yield heading
    yield from (f"{line}\n" for line in table)
    yield from (f"{part}\n" for part in parts)
    yield f"{end}At most {units.count(lines, 'lines')} of each stream are shown. "
    yield _left_out(len(rows) - len(table) + len(TABLE_HEAD), len(calls) - len(parts))
    yield secrets


def _parts(calls: "list[CallDetails]", room: int) -> tuple[list[str], int]:
    """Format the details of calls in *room* characters; return them and the lines of each stream.

    If they do not fit even without lines, those of the first calls are left out but of failed ones, which come first.
    """
    for lines in FEWER_LINES:
        parts = ["\n" + "\n".join(call.text(lines)) for call in calls]
        if sum(map(_size, parts)) <= room:
            return parts, lines
    by_importance = sorted(range(len(calls)), key=lambda number: not calls[number].failed)
    kept = by_importance[: len(_fitting([parts[number] for number in by_importance], room))]
    return [parts[number] for number in sorted(kept)], lines


def _fitting(texts: list[str], room: int) -> list[str]:
    """Return the first texts, as many as fit in *room* characters."""
    sizes = accumulate(map(_size, texts))
    return [text for text, size in zip(texts, sizes, strict=True) if size <= room]


def _size(text: str) -> int:
    return len(text) + 1


def _left_out(rows: int, details_: int) -> str:
    """Say what was left out; at most MAX_NOTE characters."""
    found = [f"{units.count(rows, 'calls')} of the table"] if rows else []
    found += [f"the details of {units.count(details_, 'calls')}"] if details_ else []
    if not found:
        return ""
    return f"Left out, to fit into a comment: {' and '.join(found)}; `apispy export --filter` selects calls. "


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
    return _cut(
        "; ".join(filter(None, (f"{status} {text}".strip(), ending, *problems_beyond_errors(decoded))))
    )


def _details(decoded: DecodedCall) -> CallDetails:
    exchange = decoded.exchange
    title = f"#{exchange.id} {decoded.call.operation.id or '?'}: {_request(decoded)} -> {_result(decoded)}"
    streams = []
    for direction, body in exchange.streams.items():
        head, (content, more) = _head(decoded, direction), _content(decoded, direction)
        if head or content:
            streams.append((f"{TITLES[direction]}, {units.size(body.size)}", head, content, more))
    return CallDetails(title, tuple(streams), decoded.notes, decoded.failed)


def _head(decoded: DecodedCall, direction: Direction) -> list[str]:
    heads = {"request": details.request_head, "response": details.response_head}
    return [_cut(line) for line in heads[direction](decoded)] if direction in heads else []


def _content(decoded: DecodedCall, direction: Direction) -> tuple[list[str], int]:
    """Return the first lines of a stream, and the number of further ones. A build's steps come first."""
    last = "response" if decoded.exchange.tunnel is None else "to_client"
    body = summary_lines(decoded.build) if direction == last else iter(())
    body = chain(body, details.body(decoded, direction, sys.maxsize))
    return [_cut(line) for line in islice(body, MAX_LINES)], sum(1 for _ in body)


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
