"""The exporter interface, and the registry of all exporters.

Tests check two laws for every exporter: it is total (it exports any call without raising), and it leaks no secret,
because the calls that it receives are already redacted.
"""

from collections.abc import Callable, Iterator

from apispy.structs import Struct

Export = Callable[..., Iterator[str | bytes]]
"""Turns decoded calls into the pieces of a file, one call at a time unless the format needs all of them.

It takes the calls: Iterable[DecodedCall]. One that ``takes_notices`` also takes the session's notices, (Unix seconds,
text): Iterable[tuple[float, str]], which are complete after the last call.
"""


class Exporter(Struct, frozen=True):
    """A registered export format."""

    name: str
    suffix: str  # of its files: ".har"
    description: str  # a few words
    export: Export
    binary: bool = False  # must not be written to a terminal
    takes_notices: bool = False
    has_urls: bool = False  # the upstream of a call through TLS is to be https://, not tcp://


EXPORTERS: dict[str, Exporter] = {}


def exporter(
    name: str,
    *,
    suffix: str,
    description: str,
    binary: bool = False,
    takes_notices: bool = False,
    has_urls: bool = False,
) -> Callable[[Export], Export]:
    """Decorator: register an exporter under the name of its format."""

    def register(function: Export) -> Export:
        assert name not in EXPORTERS, f"duplicate exporter {name!r}"
        EXPORTERS[name] = Exporter(name, suffix, description, function, binary, takes_notices, has_urls)
        return function

    return register


def for_file(name: str) -> Exporter | None:
    """Return the first registered exporter with the suffix of the file *name*, or None."""
    return next((found for found in EXPORTERS.values() if name.lower().endswith(found.suffix)), None)
