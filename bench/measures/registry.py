"""The table of measures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.lab import Lab, Upstream
from bench.places import Transport
from bench.subjects import Route

Take = Callable[[Lab, Route], float]
"""One reading. The lab says how much effort may be made."""


@dataclass(frozen=True)
class Measure:
    name: str
    unit: str
    better: Literal["more", "less"]
    upstream: Upstream
    transports: tuple[Transport, ...]
    take: Take
    subjects: tuple[str, ...] = ()  # () for all
    quick: bool = False  # part of `make bench-quick`


MEASURES: dict[str, Measure] = {}


def measure(
    name: str,
    unit: str,
    better: Literal["more", "less"],
    upstream: Upstream,
    *transports: Transport,
    subjects: tuple[str, ...] = (),
    quick: bool = False,
) -> Callable[[Take], Take]:
    """Decorator: register a function as the measure called *name*."""

    def register(take: Take) -> Take:
        assert name not in MEASURES, f"two measures are called {name!r}"
        MEASURES[name] = Measure(name, unit, better, upstream, transports, take, subjects, quick)
        return take

    return register
