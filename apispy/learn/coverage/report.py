"""The coverage of one API version: for each operation what is covered and what is missing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from apispy.engine.operation import Operation
from apispy.engine.operations import DOCUMENTED
from apispy.engine.parameters import parameters_of
from apispy.engine.shapes import Shape, request_shape, statuses
from apispy.engine.versions import nearest
from apispy.learn.coverage.collect import Coverage, Touched
from apispy.structs import Struct, field

MAX_DEPTH = 12
"""Levels of fields that are counted."""

ASPECTS = ("parameters", "fields", "statuses")


class Part(Struct, frozen=True):
    """Names that a description has, and those of them that calls touch."""

    covered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.covered) + len(self.missing)


class OperationCoverage(Struct, frozen=True):
    """The coverage of an operation."""

    operation: Operation
    calls: int
    parameters: Part
    fields: Part
    statuses: Part

    def part(self, aspect: str) -> Part:
        found: Part = getattr(self, aspect)
        return found


class Tally(Struct, frozen=True):
    """Numbers of covered and all things of some operations."""

    name: str  # a tag, or "total"
    operations: tuple[int, int]
    aspects: dict[str, tuple[int, int]]  # by name in ASPECTS


class Baseline(Struct, frozen=True):
    """Operations that an earlier report covers, and all that its version has."""

    covered: frozenset[str]
    version: str


class Report(Struct, frozen=True):
    """The coverage of an API version."""

    version: str
    calls: int
    versions: Counter[str]  # calls by version
    rows: list[OperationCoverage]
    beyond: list[tuple[str, int]]  # operations that the version's description does not have, with their calls
    unknown: int  # calls of no known operation
    baseline: Baseline | None = field(default=None)

    @classmethod
    def of(cls, coverage: Coverage, version: str | None = None, baseline: Baseline | None = None) -> "Report":
        """Make the report for *version*; None: the version that most calls name."""
        chosen = nearest(version) if version else coverage.main_version
        described = [operation for operation in DOCUMENTED if operation.exists_in(chosen)]
        ids = {operation.id for operation in described}
        rows = [
            _row(operation, coverage.operations.get(operation.id) or Touched(), chosen)
            for operation in described
        ]
        beyond = sorted((name, found.calls) for name, found in coverage.operations.items() if name not in ids)
        return cls(chosen, coverage.calls, coverage.versions, rows, beyond, coverage.unknown, baseline)

    @property
    def covered(self) -> list[OperationCoverage]:
        return [row for row in self.rows if row.calls]

    @property
    def tallies(self) -> list[Tally]:
        """The numbers for each tag, in the order of the reference, then the total."""
        tags = dict.fromkeys(row.operation.tag for row in self.rows)
        found = [_tally(tag, [row for row in self.rows if row.operation.tag == tag]) for tag in tags]
        return [*found, _tally("total", self.rows)]

    @property
    def percent(self) -> float:
        """The part of the operations that is covered."""
        return 100 * len(self.covered) / len(self.rows) if self.rows else 0.0

    @property
    def gained(self) -> list[str]:
        """Operations that are covered now, and were not in the baseline."""
        return [] if self.baseline is None else sorted(self._now - self.baseline.covered)

    @property
    def lost(self) -> list[str]:
        """Operations of this version that the baseline covers, and that are not covered now."""
        known = {row.operation.id for row in self.rows}
        return [] if self.baseline is None else sorted((self.baseline.covered & known) - self._now)

    @property
    def _now(self) -> set[str]:
        return {row.operation.id for row in self.covered}


def _row(operation: Operation, touched: Touched, version: str) -> OperationCoverage:
    described = [
        f"{one.place} {one.name}"
        for one in parameters_of(operation.id, version)
        if one.documented and one.place != "path"
    ]
    # No client can cause an error of the daemon.
    codes = [str(status) for status in statuses(operation.id, version) if status < 500]
    return OperationCoverage(
        operation,
        touched.calls,
        _part(described, touched.parameters),
        _part(_fields(operation.id, version), touched.fields),
        _part(codes, {str(status) for status in touched.statuses}),
    )


def _part(described: Iterable[str], touched: set[str]) -> Part:
    names = list(dict.fromkeys(described))
    return Part(
        tuple(name for name in names if name in touched), tuple(name for name in names if name not in touched)
    )


@cache
def _fields(operation: str, version: str) -> tuple[str, ...]:
    shape = request_shape(operation, version)
    return tuple(_field_names(shape)) if shape is not None else ()


def _field_names(shape: Shape, path: str = "", depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if shape.items is not None:
        yield from _field_names(shape.items, f"{path}{'[]' if shape.kind == 'array' else '{}'}", depth + 1)
    for row in shape.fields:
        inner = f"{path}.{row.name}".lstrip(".")
        yield inner
        yield from _field_names(row.shape, inner, depth + 1)


def _tally(name: str, rows: list[OperationCoverage]) -> Tally:
    covered = sum(bool(row.calls) for row in rows)
    aspects = {
        aspect: (
            sum(len(row.part(aspect).covered) for row in rows),
            sum(row.part(aspect).total for row in rows),
        )
        for aspect in ASPECTS
    }
    return Tally(name, (covered, len(rows)), aspects)
