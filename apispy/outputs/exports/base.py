"""What an exporter is, and the register of all exporters.

The laws, tested over the register: total (any reading is exported without raising), and whatever is secret stays out,
because an exporter is given readings that are redacted already.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apispy.outputs.base import Reading

Export = Callable[[Iterable[Reading]], Iterator[str | bytes]]
"""From readings to the pieces of a file. It takes one reading at a time, unless its format wants all at once."""


@dataclass(frozen=True, slots=True)
class Exporter:
    name: str
    suffix: str  # of the files that are written in it: ".har"
    says: str  # what it is, in a few words
    export: Export
    binary: bool = False  # not for a terminal


EXPORTERS: dict[str, Exporter] = {}


def exporter(name: str, *, suffix: str, says: str, binary: bool = False) -> Callable[[Export], Export]:
    """Decorator: register an exporter under the format's name."""

    def register(function: Export) -> Export:
        assert name not in EXPORTERS, f"two exporters are called {name!r}"
        EXPORTERS[name] = Exporter(name, suffix, says, function, binary)
        return function

    return register


def for_file(name: str) -> Exporter | None:
    """The exporter whose suffix the file *name* has; of several, the one that was registered first."""
    return next((one for one in EXPORTERS.values() if name.lower().endswith(one.suffix)), None)
