"""The output of ``apispy endpoints``: a table for a terminal, or JSON."""

import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence

from apispy.endpoints.discovery import ProbeResult
from apispy.outputs.escaping import escape

MIN_LAST_COLUMN = 24
"""Least width of the last column, however long the names are."""


def as_text(found: Sequence[ProbeResult]) -> Iterator[str]:
    """Yield the lines of the table: name, kind and address of each, and below the address its version or problem."""
    columns = shutil.get_terminal_size().columns
    rows = [(_name(result), result.known.kind, _address(result), _version(result)) for result in found]
    name, kind = (max(len(row[i]) for row in [*rows, ("  NAME", "KIND")]) for i in (0, 1))
    start = name + kind + 4
    yield f"{'  NAME':{name}}  {'KIND':{kind}}  ADDRESS, VERSION"
    for row in rows:
        lines = [
            line for text in row[2:] if text for line in _wrapped(text, max(columns - start, MIN_LAST_COLUMN))
        ]
        yield f"{row[0]:{name}}  {row[1]:{kind}}  {lines[0]}".rstrip()
        yield from (f"{'':{start}}{line}" for line in lines[1:])
    yield ""
    yield "Type a name or an address after --upstream. *: the daemon that docker uses."


def _name(result: ProbeResult) -> str:
    return ("* " if result.known.current else "  ") + escape(result.known.name or "-")


def _address(result: ProbeResult) -> str:
    endpoint = result.known.endpoint
    if endpoint is None:
        return ""
    return escape(str(endpoint)) + (" (TLS)" if endpoint.tls else "")


def _version(result: ProbeResult) -> str:
    if (daemon := result.daemon) is None:
        return escape(result.problem)
    lowest = f"{daemon.min_api_version} to " if daemon.min_api_version else ""
    return escape(f"version {daemon.version}, API {lowest}{daemon.api_version}")


def _wrapped(text: str, width: int) -> list[str]:
    # Addresses are not broken, so that they can be copied.
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def as_json(found: Sequence[ProbeResult]) -> str:
    """Return a list of objects. ``daemon`` is null if the daemon did not respond, and ``problem`` says why."""
    return json.dumps([_object(result) for result in found], indent=2)


def _object(result: ProbeResult) -> dict[str, object]:
    known, daemon = result.known, result.daemon
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
        "problem": result.problem or None,
    }
