"""The registry of measures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.addresses import Transport
from bench.setups import Route
from bench.testbed import Testbed, Upstream

MeasureFunction = Callable[[Testbed, Route], float]
"""Takes one reading. ``testbed.effort`` says how much to measure."""


@dataclass(frozen=True)
class Measure:
    name: str
    unit: str
    better: Literal["more", "less"]
    upstream: Upstream
    transports: tuple[Transport, ...]
    run: MeasureFunction
    setups: tuple[str, ...] = ()  # () means all
    quick: bool = False  # part of `make bench-quick`
    once: bool = False  # takes so long that one round must do
    ratios_to: tuple[str, ...] = ("direct", "mitmdump")  # the setups to which the tables show ratios


MEASURES: dict[str, Measure] = {}


def measure(
    name: str,
    unit: str,
    better: Literal["more", "less"],
    upstream: Upstream,
    *transports: Transport,
    setups: tuple[str, ...] = (),
    quick: bool = False,
    once: bool = False,
    ratios_to: tuple[str, ...] = ("direct", "mitmdump"),
) -> Callable[[MeasureFunction], MeasureFunction]:
    """Decorator: register a function as the measure called *name*."""

    def register(function: MeasureFunction) -> MeasureFunction:
        assert name not in MEASURES, f"duplicate measure {name!r}"
        MEASURES[name] = Measure(
            name, unit, better, upstream, transports, function, setups, quick, once, ratios_to
        )
        return function

    return register
