"""Rounds of load: all clients work for some seconds, all leave, and the accounts are made."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from apispy.capture import read
from tests.e2e.daemon import IMAGE, Daemon
from tests.e2e.spy import Spy
from tests.soak.accounts import Account, descriptors, inside_at_rest, settled
from tests.soak.ledger import Ledger
from tests.soak.load import CONTAINER, Worker

TICK = "while :; do echo tick; usleep 20000; done"


@dataclass
class Soak:
    """*clients* at a time, through *spy*, whose door (`inside.py`) is *door* and whose capture is *capture*."""

    spy: Spy
    door: Path
    capture: Path
    daemon: Daemon
    clients: int = 50
    ledger: Ledger = field(default_factory=Ledger)
    _rounds: int = 0

    def prepare(self) -> None:
        """The container that the load uses, and the descriptors that apispy has when nobody is there."""
        self.daemon.docker("rm", "-f", CONTAINER)
        self.daemon.docker("run", "-d", "--name", CONTAINER, "--network", "none", IMAGE, "sh", "-c", TICK)
        self._rest = descriptors(self.spy)

    def rounds(self, count: int, seconds: float, restart: Callable[[int], bool]) -> Iterator[Account]:
        """*count* accounts, one after each *seconds*. In the rounds that *restart* picks the daemon is killed."""
        began = time.monotonic()
        for number in range(count):
            before, started = len(self.ledger.sent), time.monotonic()
            self._work(seconds, restart(number))
            took = time.monotonic() - started
            open_now = settled(self.spy, self._rest)
            inner = inside_at_rest(self.door)
            yield Account(
                seconds=time.monotonic() - began,
                calls=len(self.ledger.sent),
                per_second=(len(self.ledger.sent) - before) / took,
                memory=self.spy.memory(),
                descriptors=open_now,
                tasks=len(inner["tasks"]),  # type: ignore[arg-type]
                threads=inner["threads"],  # type: ignore[arg-type]
                watches=inner["watches"],  # type: ignore[arg-type]
                daemon="killed" if restart(number) else "",
                objects=inner["objects"],  # type: ignore[arg-type]
            )

    def faults(self) -> list[str]:
        """After the end of apispy: what is wrong with what it said and wrote."""
        code = self.spy.end()
        told = [] if code == 0 else [f"apispy ended with {code}: {self.spy.err[-500:]}"]
        told += ["apispy printed a traceback"] if "Traceback" in self.spy.said else []
        told += ["there is a fault in apispy"] if "a fault in apispy" in self.spy.said else []
        return told + self.ledger.differences(read(self.capture))

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
        finally:  # also when the soak is ended from outside
            over.set()
        for worker in workers:
            worker.join()

    def _one(self, seed: int, over: threading.Event) -> None:
        worker = Worker(self.spy.at, self.ledger, seed)
        while not over.is_set():
            worker.once()


def start(where: Path, upstream: list[str], listener: list[str], daemon: Daemon, clients: int) -> Soak:
    """An apispy with a door and a capture, ready for the load."""
    door, capture = where.with_suffix(".door"), where.with_suffix(".jsonl")
    words = [*listener, *upstream, "--capture", str(capture)]
    spy = Spy.start(where, *words, env={"SOAK_DOOR": str(door)}, module="tests.soak.inside")
    soak = Soak(spy, door, capture, daemon, clients)
    soak.prepare()
    return soak
