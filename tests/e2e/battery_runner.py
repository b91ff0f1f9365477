"""Runs the rows of the battery, some at a time and each at most once per client and route, and compares outcomes."""

import difflib
import itertools
import os
import random
import threading
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .apispy_process import Apispy
from .battery import ROWS
from .clients import Client, Result, find_clis, packaged_cli
from .daemon import Daemon, Daemons
from .endpoints import Endpoint
from .normalize import normalize
from .row import EACH, ENGINE, MODERN, NO, OLD, Row

JOBS = int(os.environ.get("APISPY_E2E_JOBS", "3"))
CLIS = {} if ENGINE == MODERN else find_clis()
"""The docker CLIs by name: major versions, or MODERN, which is there once the daemons are."""
BUILDKIT_CLI = MODERN if ENGINE == MODERN else packaged_cli(CLIS)
"""The one that has BuildKit: 20.10 of Debian 12 by itself, later ones with buildx, which is packaged with them."""
MAJORS = [MODERN] if ENGINE == MODERN else sorted({BUILDKIT_CLI, "28", *CLIS})
"""The names that the battery requires, found or not, and of any others on this machine."""
NO_CLI = "none"

PAIRS, WHOLE = "pairs", "whole"
GRID = os.environ.get("APISPY_E2E_GRID", PAIRS)
"""Which rows run with which client by which transport; see `all_cells`."""
assert GRID in (PAIRS, WHOLE), f"APISPY_E2E_GRID is {GRID!r}; expected {PAIRS} or {WHOLE}"


@dataclass(frozen=True)
class Cell:
    """A row, run with a CLI version through apispy by a transport."""

    row: Row
    cli: str
    transport: str

    def __str__(self) -> str:
        return f"{self.row.name}-{self.transport}" + ("" if self.cli == NO_CLI else f"-cli{self.cli}")


def all_cells() -> list[Cell]:
    """Every row with every client and by every transport, and every client by every transport: all pairs.

    With APISPY_E2E_GRID=whole (`make differential`) every row with every client by every transport. With the modern
    engine by one transport each, in turn: how transports differ is no matter of the engine, and the battery of this
    machine's engine asks it already.
    """
    clis = {EACH: MAJORS, OLD: [BUILDKIT_CLI], NO: [NO_CLI]}
    turns = itertools.count()
    return [
        Cell(row, cli, transport)
        for row in ROWS
        for cli, transport in _routes(clis[row.cli], row.transports, turns)
    ]


def _routes(clis: list[str], transports: tuple[str, ...], turns: Iterator[int]) -> Iterable[tuple[str, str]]:
    """Return the pairs of a client and a transport for the next row. Rows with one choice take no turn."""
    if ENGINE == MODERN:
        turn = next(turns)
        return [(cli, transports[turn % len(transports)]) for cli in clis]
    if GRID == WHOLE:
        return itertools.product(clis, transports)
    turn = next(turns) if len(clis) > 1 else 0
    steps = range(max(len(clis), len(transports)))
    return [(clis[(turn + step) % len(clis)], transports[step % len(transports)]) for step in steps]


@dataclass(frozen=True)
class Outcome:
    """A result, and its two streams normalized."""

    result: Result
    out: str
    err: str


@dataclass
class BatteryRunner:
    where: Path
    data: Path
    daemons: Daemons
    spies: dict[str, Apispy]
    _done: dict[tuple[str, str, str], Future[Outcome]] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(JOBS, "row"))
    _mutex: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[tuple[str, Path], threading.Lock] = field(default_factory=dict)

    def start(self, cells: Iterable[Cell]) -> None:
        """Start all of these, in this order, JOBS at a time."""
        for cell in cells:
            if cell.cli == NO_CLI or cell.cli in CLIS:
                self._future(cell, self._direct(cell))
                self._future(cell, f"spy:{cell.transport}")

    def outcomes(self, cell: Cell) -> tuple[Outcome, Outcome]:
        """Return the outcomes (direct, through apispy)."""
        direct = self._future(cell, self._direct(cell))
        return direct.result(), self._future(cell, f"spy:{cell.transport}").result()

    def rerun(self, cell: Cell) -> tuple[Outcome, Outcome]:
        """Run both again, one after the other."""
        return tuple(
            self._run(cell.row, cell.cli, route) for route in (self._direct(cell), f"spy:{cell.transport}")
        )

    @staticmethod
    def _direct(cell: Cell) -> str:
        return f"direct:{cell.transport if cell.row.same_transport else 'unix'}"

    def finish(self, transport: str) -> Apispy:
        """Wait for everything that was started, and return the transport's apispy.

        Tests of what the battery left are also run without it (`pytest --last-failed`): its rows are then run here.
        """
        with self._mutex:
            started = any(place == f"spy:{transport}" for _, _, place in self._done)
        if not started:
            self.start(cell for cell in all_cells() if cell.transport == transport)
        self.wait()
        return self.spies[transport]

    def wait(self) -> None:
        """Wait until everything that was started is done."""
        for future in list(self._done.values()):
            future.exception()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _future(self, cell: Cell, place: str) -> Future[Outcome]:
        key = cell.row.name, cell.cli, place
        with self._mutex:
            if key not in self._done:
                self._done[key] = self._pool.submit(self._run, cell.row, cell.cli, place)
            return self._done[key]

    def _resolve(self, place: str) -> tuple[Endpoint, Daemon]:
        route, _, transport = place.partition(":")
        direct, daemon = self.daemons.by_transport[transport]
        return self.spies[transport].at if route == "spy" else direct, daemon

    def _run(self, row: Row, cli: str, place: str) -> Outcome:
        endpoint, daemon = self._resolve(place)
        name = "zq" + "".join(
            random.choices("ghjkmnprstvwxy", k=8)
        )  # cannot be mistaken for an id, and has a constant length
        client = Client(endpoint, daemon, CLIS.get(cli), name, self.where / name, self.data)
        with self._lock(row, daemon):
            return outcome_of(row, client)

    def _lock(self, row: Row, daemon: Daemon) -> threading.Lock:
        with self._mutex:
            return (
                self._locks.setdefault((row.lock, daemon.where), threading.Lock())
                if row.lock
                else threading.Lock()
            )


def outcome_of(row: Row, client: Client) -> Outcome:
    """Run a row with *client*; an exception of the test is code 99, with its traceback on stderr."""
    try:
        result = client.sh(row.run, timeout=row.timeout) if isinstance(row.run, str) else row.run(client)
    except Exception:
        result = Result(err=traceback.format_exc().encode(), code=99)
    streams = [normalize(client, data) for data in (result.out, result.err)]
    for step in row.steps:
        streams = [step(text) for text in streams]
    return Outcome(result, *streams)


def differences(direct: Outcome, spied: Outcome) -> str:
    """Return the differences as a diff, or ""."""
    found = []
    if direct.result.code != spied.result.code:
        found.append(f"exit code: {direct.result.code} directly, {spied.result.code} through apispy\n")
    for name, a, b in (("stdout", direct.out, spied.out), ("stderr", direct.err, spied.err)):
        found += difflib.unified_diff(_lines(a), _lines(b), f"{name} directly", f"{name} through apispy")
    return "".join(found)


def _lines(text: str) -> list[str]:
    """Escape control characters and truncate long lines."""
    return [line.encode("unicode_escape").decode()[:2000] + "\n" for line in text.split("\n")]
