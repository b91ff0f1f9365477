"""A call as the page shows it: one JSON object.

Times are seconds, those inside a call since its first byte; sizes are bytes. Text is not escaped: the page makes
control characters visible. Numbers that JSON cannot have are null.
"""

import json
import math
from itertools import pairwise
from typing import Any

from apispy.decoders import decode_header, decode_parameter
from apispy.decoders.build import Build, build_of
from apispy.model import Exchange, Headers, Item
from apispy.outputs.arguments import arguments, shell_quoted
from apispy.outputs.base import DecodedCall
from apispy.outputs.curl import Target, curl
from apispy.outputs.decoded_values import bytes_received, bytes_sent, problems_beyond_errors
from apispy.outputs.outcome import outcome
from apispy.outputs.page.sections import Section, build_log, sections

PageCall = dict[str, Any]

MAX_MARKS = 300
"""Times of data on a stream that the waterfall marks; more are thinned out."""


def page_call(decoded: DecodedCall, *, docker: str = "", fields: dict[str, Any] | None = None) -> PageCall:
    """Return the data of *decoded*, which is redacted. Pure; what is empty is left out.

    *docker* is the docker command that makes the call, and *fields* what the filter language reads in it.
    """
    exchange, call = decoded.exchange, decoded.call
    response = exchange.response
    found = {
        "id": exchange.id,
        "connection": exchange.connection,
        "started": number(exchange.started),
        "duration": number(exchange.duration),
        "answered": number(response.at) if response else None,
        "client": exchange.client,
        "upstream": exchange.upstream,
        "operation": call.operation.id,
        "tag": call.operation.tag,
        "about": call.operation.does,
        "commands": call.operation.commands,
        "method": exchange.request.method,
        "target": exchange.request.target,
        "names": decoded.label(_path(decoded)),
        "arguments": decoded.label(_arguments(decoded)),
        "status": response.status if response else None,
        "reason": response.reason if response else "",
        "outcome": outcome(decoded),
        "errors": decoded.errors,
        "problems": problems_beyond_errors(decoded),
        "notes": decoded.notes,
        "failed": decoded.failed,
        "end": exchange.end,
        "stream": call.stays_open or exchange.tunnel is not None,
        "tunnel": exchange.tunnel.protocol if exchange.tunnel else "",
        "sent": bytes_sent(decoded),
        "received": bytes_received(decoded),
        "marks": _marks(exchange),
        "query": [_named(name, value, decode_parameter(name, value)) for name, value in call.query],
        "request": {"version": exchange.request.version, "headers": _headers(exchange.request.headers)},
        "response": {"version": response.version, "headers": _headers(response.headers)}
        if response
        else None,
        "streams": {direction: _stream(decoded, direction) for direction in exchange.streams},
        "build": _build(build_of(item for items in decoded.items.values() for item in items)),
        "log": build_log(decoded),
        "redactions": [[one.place, one.kind] for one in exchange.redactions],
        "curl": curl(decoded, _target(exchange.upstream)),
        "docker": docker,
        "fields": fields,
    }
    return {name: value for name, value in found.items() if value not in (None, "", [], (), {}, False)}


def page_json(value: Any) -> str:
    """Format JSON so that it can stand in a script element: in ASCII, without `<`, `>` and `&`.

    Raises ValueError for a number that JSON cannot have.
    """
    text = json.dumps(value, separators=(",", ":"), default=repr, allow_nan=False)
    for character in "<>&\x7f":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def number(value: float) -> float | None:
    """Return *value* to the microsecond; None if JSON cannot have it."""
    return round(value, 6) if math.isfinite(value) else None


def _path(decoded: DecodedCall) -> str:
    target = decoded.exchange.request.target
    if not decoded.call.known:
        return target
    return decoded.call.path


def _arguments(decoded: DecodedCall) -> str:
    return " ".join(f"{name}={shell_quoted(value)}" for name, value in arguments(decoded).items())


def _target(upstream: str) -> Target:
    """Return the target of the curl command: the daemon of the call, without its certificates."""
    scheme, _, address = upstream.partition("://")
    match scheme:
        case "unix":
            return Target(socket=address)
        case "tcp" | "http":
            return Target(base=f"http://{address}")
        case "https":
            return Target(base=upstream)
    return Target(socket="/var/run/docker.sock")


def _headers(headers: Headers) -> list[list[str]]:
    return [
        _named(name.decode("latin-1"), value.decode("latin-1"), decode_header(name, value))
        for name, value in headers
    ]


def _named(name: str, value: str, meaning: Item | None) -> list[str]:
    """Return name and value, and what the value means if that is known."""
    if meaning is None:
        return [name, value]
    text = meaning.label if meaning.kind == "value" else f"({meaning.value})"
    return [name, value] if text == value else [name, value, text]


def _stream(decoded: DecodedCall, direction: Any) -> dict[str, Any]:
    body = decoded.exchange.streams[direction]
    found: dict[str, Any] = {
        "size": body.size,
        "kept": body.kept if body.cut else None,
        "withheld": not body.shown and body.size > 0,
        "format": decoded.formats.get(direction),
        "trailers": _headers(body.trailers),
    }
    content: list[Section] = sections(decoded, direction) if body.shown and body.size else []
    found["content"] = content
    return {name: value for name, value in found.items() if value not in (None, [], False)}


def _marks(exchange: Exchange) -> list[float]:
    """Return when data came on a stream, in order, at most MAX_MARKS times."""
    times = sorted(
        {
            round(at, 4)
            for direction, body in exchange.streams.items()
            for at in (*(chunk.at for chunk in body.chunks), *(seen.at for seen in body.seen))
            if direction != "request" and math.isfinite(at)
        }
    )
    if len(times) < 2:
        return []
    return times if len(times) <= MAX_MARKS else _thinned(times)


def _thinned(times: list[float]) -> list[float]:
    """Return the first of *times* in each of MAX_MARKS - 1 equal parts, so that one alone in a quiet hour stays."""
    width = (times[-1] - times[0]) / (MAX_MARKS - 1)
    return [
        times[0],
        *(at for before, at in pairwise(times) if (at - times[0]) // width > (before - times[0]) // width),
    ]


def _build(build: Build) -> dict[str, Any]:
    """Return the summary of a build, in which each step has its runs: start and end in Unix seconds."""
    found = build.summary()
    if not found:
        return {}
    found["steps"] = [
        {
            "name": step.name,
            "cached": step.cached,
            "error": step.error,
            "runs": [
                [number(start), number(end)] for start, end in step.runs.items() if math.isfinite(end - start)
            ],
        }
        for step in build.ordered_steps()
    ]
    return found
