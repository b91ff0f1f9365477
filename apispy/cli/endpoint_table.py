"""How ``apispy endpoints`` shows what there is: as text for a terminal, and as JSON."""

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence

from apispy.endpoints.discovery import ProbeResult
from apispy.outputs.escaping import escape

NARROWEST = 24
"""Columns that the last column gets, however long the names are."""


def as_text(found: Sequence[ProbeResult]) -> Iterator[str]:
    """Lines: name, kind and address of each, and below the address its version or what is wrong."""
    columns = shutil.get_terminal_size().columns
    rows = [(_marked(asked), asked.known.kind, _address(asked), _state(asked)) for asked in found]
    name, kind = (max(len(row[i]) for row in [*rows, ("  NAME", "KIND")]) for i in (0, 1))
    start = name + kind + 4
    yield f"{'  NAME':{name}}  {'KIND':{kind}}  ADDRESS, VERSION"
    for row in rows:
        lines = [line for text in row[2:] if text for line in _wrapped(text, max(columns - start, NARROWEST))]
        yield f"{row[0]:{name}}  {row[1]:{kind}}  {lines[0]}".rstrip()
        yield from (f"{'':{start}}{line}" for line in lines[1:])
    yield ""
    yield "Type a name or an address after --upstream. *: what docker would use."


def _marked(asked: ProbeResult) -> str:
    return ("* " if asked.known.current else "  ") + escape(asked.known.name or "-")


def _address(asked: ProbeResult) -> str:
    endpoint = asked.known.endpoint
    if endpoint is None:
        return ""
    return escape(str(endpoint)) + (" (TLS)" if endpoint.tls else "")


def _state(asked: ProbeResult) -> str:
    if (daemon := asked.daemon) is None:
        return escape(asked.problem)
    lowest = f"{daemon.min_api_version} to " if daemon.min_api_version else ""
    return escape(f"version {daemon.version}, API {lowest}{daemon.api_version}")


def _wrapped(text: str, width: int) -> list[str]:
    # An address is never broken: it is there to be copied.
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def as_json(found: Sequence[ProbeResult]) -> str:
    """A list of objects; ``daemon`` is null when there was no answer, and ``problem`` says why."""
    return json.dumps([_object(asked) for asked in found], indent=2)


def _object(asked: ProbeResult) -> dict[str, object]:
    known, daemon = asked.known, asked.daemon
    versions = daemon and {
        "version": daemon.version,
        "api_version": daemon.api_version,
        "min_api_version": daemon.min_api_version,
    }
    return {
        "name": known.name or None,
        "kind": known.kind,
        "address": str(known.endpoint) if known.endpoint else None,
        "tls": bool(known.endpoint and known.endpoint.tls),
        "current": known.current,
        "daemon": versions,
        "problem": asked.problem or None,
    }
