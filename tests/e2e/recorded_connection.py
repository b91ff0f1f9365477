"""One connection through apispy as two recorders saw it, compared byte by byte while it runs, and how it ended."""

import threading
from dataclasses import dataclass, field

from .channels import End

MAX_SHOWN = 200  # bytes of a difference


@dataclass
class Direction:
    """One direction of a connection: ``put`` takes data sent to apispy, ``take`` data received from apispy.

    ``ended``: how each recorder saw the direction end.
    """

    name: str
    put_in: int = 0  # bytes
    taken: int = 0
    ended: dict[str, End] = field(default_factory=dict)  # "in", "out"
    fault: str = ""
    _inside: bytearray = field(default_factory=bytearray)

    def put(self, data: bytes) -> None:
        self._inside += data
        self.put_in += len(data)

    def take(self, data: bytes) -> None:
        expected = bytes(self._inside[: len(data)])
        if data != expected and not self.fault:
            self.fault = f"from byte {self.taken} on: in {expected[:MAX_SHOWN]!r}, out {data[:MAX_SHOWN]!r}"
        del self._inside[: len(data)]
        self.taken += len(data)

    @property
    def balanced(self) -> bool:
        """Whether apispy has forwarded all data, and the end if there was one."""
        return not self._inside and ("in" in self.ended) == ("out" in self.ended)

    def final(self, cut: bool, unix: bool) -> str:
        """Return "" or the fault after the end. *cut*: a peer disconnected, so data in transit may be lost."""
        return self.fault or self._lost(cut) or self._wrong_end(cut, unix)

    def _lost(self, cut: bool) -> str:
        return (
            f"{len(self._inside)} of {self.put_in} bytes never came out" if self._inside and not cut else ""
        )

    def _wrong_end(self, cut: bool, unix: bool) -> str:
        into, out = self.ended.get("in"), self.ended.get("out")
        fine = {into, None, End.RESET} if cut else {into}
        if unix and into is End.RESET:
            fine.add(End.FIN)  # unix sockets have no RST
        return "" if out in fine else f"it ended with {into} before apispy, and with {out} after it"


class RecordedConnection:
    """A connection in both directions. Each recorder calls ``done`` at its end; ``over`` is set when both have.

    ``cut``: the client or the daemon disconnected; ``apispy_left``: apispy disconnected.
    """

    def __init__(self, *, unix: bool) -> None:
        self.directions = {True: Direction("client to daemon"), False: Direction("daemon to client")}
        self.cut = self.apispy_left = False
        self.over = threading.Event()
        self._unix = unix
        self._running = 2
        self._mutex = threading.Lock()

    def done(self) -> None:
        with self._mutex:
            self._running -= 1
        if not self._running:
            self.over.set()

    @property
    def settled(self) -> bool:
        """Whether it is over or all ends were forwarded; a client library may keep its half open."""
        return self.over.is_set() or all(direction.balanced for direction in self.directions.values())

    def fault(self) -> str:
        """Return "" or the fault; before the end, only of the bytes."""
        over = self.over.is_set()
        faults = {
            direction.name: direction.final(self.cut, self._unix) if over else direction.fault
            for direction in self.directions.values()
        }
        found = [f"{name}: {fault}" for name, fault in faults.items() if fault]
        if over and self.apispy_left and not self.cut:
            found.append("apispy disconnected, although neither the client nor the daemon had")
        return "; ".join(found)


class RecorderObserver:
    """Passes on what one recorder sees. *before*: it is on the client's side of apispy, so the client's data enters here."""

    def __init__(self, connection: RecordedConnection, *, before: bool) -> None:
        self._connection = connection
        self._before = before

    def data(self, from_client: bool, data: bytes) -> None:
        direction = self._connection.directions[from_client]
        (direction.put if from_client is self._before else direction.take)(data)

    def end(self, from_client: bool, kind: End) -> None:
        direction = self._connection.directions[from_client]
        direction.ended.setdefault("in" if from_client is self._before else "out", kind)

    def gone(self, client: bool) -> None:
        if client is self._before:
            self._connection.cut = True
        else:
            self._connection.apispy_left = True
