"""Rounds of load: all clients work for some seconds, all disconnect, and apispy is measured."""

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from apispy.capture import read
from apispy.capture.rotation import finished_files
from apispy.units import count as counted
from tests.e2e.apispy_process import Apispy
from tests.e2e.daemon import IMAGE, Daemon
from tests.soak.ledger import Ledger
from tests.soak.load import CONTAINER, Worker
from tests.soak.metrics import RoundMetrics, descriptors, read_settled_statistics, settled_descriptors

TICK = "while :; do echo tick; usleep 20000; done"


KEEP = 5
"""Finished files of the capture that apispy keeps."""

COLLECT_INTERVAL = 0.2
"""Seconds between two looks for finished files; a rotation takes a second or more, so none is removed unseen."""


class FinishedFiles:
    """Links in *directory* to all finished files of a rotated capture, also to those that apispy has removed since."""

    def __init__(self, capture: Path, directory: Path) -> None:
        self._capture, self._directory = capture, directory
        self._over = threading.Event()
        directory.mkdir()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> list[Path]:
        """Return all files, the oldest first."""
        self._over.set()
        self._thread.join()
        return sorted(self._directory.iterdir())

    def _run(self) -> None:
        while True:
            is_last = self._over.wait(COLLECT_INTERVAL)
            for file in finished_files(self._capture):
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    if file.stat().st_size:  # else a name that is reserved, just before the file gets it
                        os.link(file, self._directory / file.name)
            if is_last:
                return


@dataclass
class Soak:
    """A soak by *clients* clients at a time through *spy*, which writes *capture* and rotates it.

    *stats_socket* is that of `instrumented_apispy.py`.
    """

    spy: Apispy
    stats_socket: Path
    capture: Path
    finished: FinishedFiles
    daemon: Daemon
    clients: int = 50
    ledger: Ledger = field(default_factory=Ledger)
    _rounds: int = 0

    def prepare(self) -> None:
        """Create the container that the load uses, and count the descriptors of an idle apispy."""
        self.daemon.docker("rm", "-f", CONTAINER)
        self.daemon.docker("run", "-d", "--name", CONTAINER, "--network", "none", IMAGE, "sh", "-c", TICK)
        self._rest = descriptors(self.spy)

    def rounds(self, count: int, seconds: float, restart: Callable[[int], bool]) -> Iterator[RoundMetrics]:
        """*count* metrics, one after each *seconds*. In the rounds that *restart* picks the daemon is killed."""
        began = time.monotonic()
        for number in range(count):
            before, started = len(self.ledger.sent), time.monotonic()
            self._work(seconds, restart(number))
            took = time.monotonic() - started
            open_now = settled_descriptors(self.spy, self._rest)
            inner = read_settled_statistics(self.stats_socket)
            yield RoundMetrics(
                seconds=time.monotonic() - began,
                calls=len(self.ledger.sent),
                per_second=(len(self.ledger.sent) - before) / took,
                memory=self.spy.memory(),
                descriptors=open_now,
                tasks=len(inner["tasks"]),  # type: ignore[arg-type]
                threads=inner["threads"],  # type: ignore[arg-type]
                observers=inner["observers"],  # type: ignore[arg-type]
                daemon="killed" if restart(number) else "",
                objects=inner["objects"],  # type: ignore[arg-type]
            )

    def faults(self) -> list[str]:
        """Stop apispy and list the faults in its exit code, its output and its capture."""
        code = self.spy.end()
        problems = [] if code == 0 else [f"apispy ended with {code}: {self.spy.err[-500:]}"]
        problems += ["apispy printed a traceback"] if "Traceback" in self.spy.output else []
        problems += (
            ["there is an internal error in apispy"]
            if "an internal error in apispy" in self.spy.output
            else []
        )
        files, kept = self.finished.end(), len(finished_files(self.capture))
        problems += ["apispy has not rotated the capture"] if not files else []
        problems += [f"{counted(kept, 'finished files')}, but --keep is {KEEP}"] if kept > KEEP else []
        calls = itertools.chain.from_iterable(map(read, [*files, self.capture]))
        return problems + self.ledger.differences(calls)

    def _work(self, seconds: float, kill: bool) -> None:
        over = threading.Event()
        self._rounds += 1
        workers = [
            threading.Thread(target=self._one, args=[self._rounds * 1000 + number, over])
            for number in range(self.clients)
        ]
        for worker in workers:
            worker.start()
        try:
            over.wait(seconds / 2)
            if kill:
                self.daemon.kill()
                self.daemon.start()
                self.daemon.docker("start", CONTAINER)
            over.wait(seconds / 2)
        finally:  # also if the soak is interrupted
            over.set()
        for worker in workers:
            worker.join()

    def _one(self, seed: int, over: threading.Event) -> None:
        worker = Worker(self.spy.at, self.ledger, seed)
        while not over.is_set():
            worker.run_once()


def start(
    where: Path, upstream: list[str], listener: list[str], daemon: Daemon, clients: int, rotate: int
) -> Soak:
    """Start an instrumented apispy with a capture, which is rotated every *rotate* seconds, ready for the load."""
    stats_socket, capture = where.with_suffix(".stats"), where.with_suffix(".jsonl")
    words = [*listener, *upstream, "--capture", str(capture), "--rotate", f"{rotate}s", "--keep", str(KEEP)]
    spy = Apispy.start(
        where, *words, env={"SOAK_STATS_SOCKET": str(stats_socket)}, module="tests.soak.instrumented_apispy"
    )
    finished = FinishedFiles(capture, where.with_suffix(".finished"))
    soak = Soak(spy, stats_socket, capture, finished, daemon, clients)
    soak.prepare()
    return soak
