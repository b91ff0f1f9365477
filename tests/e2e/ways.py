"""What two recorders saw of one connection through apispy, compared while it flows: byte by byte, and the ends."""

import threading
from dataclasses import dataclass, field

from .channels import End

SHOWN = 200  # bytes of a difference


@dataclass
class Way:
    """One direction of one connection: ``put`` before apispy, ``take`` behind it. ``ended`` is how each saw it end."""

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
            self.fault = f"from byte {self.taken} on: in {expected[:SHOWN]!r}, out {data[:SHOWN]!r}"
        del self._inside[: len(data)]
        self.taken += len(data)

    @property
    def level(self) -> bool:
        """All that went in came out, the end too if there was one."""
        return not self._inside and ("in" in self.ended) == ("out" in self.ended)

    def final(self, cut: bool, unix: bool) -> str:
        """ "" or what is wrong now that it is over. *cut*: a peer is gone, and what was on its way may be lost."""
        return self.fault or self._lost(cut) or self._wrong_end(cut, unix)

    def _lost(self, cut: bool) -> str:
        return (
            f"{len(self._inside)} of {self.put_in} bytes never came out" if self._inside and not cut else ""
        )

    def _wrong_end(self, cut: bool, unix: bool) -> str:
        into, out = self.ended.get("in"), self.ended.get("out")
        fine = {into, None, End.RESET} if cut else {into}
        if unix and into is End.RESET:
            fine.add(End.FIN)  # a unix socket knows no RST
        return "" if out in fine else f"its end went in as {into}, and came out as {out}"


class Connection:
    """Both ways. The recorders say ``done`` when they are through; ``over`` is set when both are.

    ``cut``: the client or the daemon took nothing any more; ``left``: apispy did not.
    """

    def __init__(self, *, unix: bool) -> None:
        self.ways = {True: Way("client to daemon"), False: Way("daemon to client")}
        self.cut = self.left = False
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
        """It is over, or every end that went in came out: a client library may keep its half for later."""
        return self.over.is_set() or all(way.level for way in self.ways.values())

    def fault(self) -> str:
        """ "" or what is wrong with it; while it is not over, only its bytes are judged."""
        over = self.over.is_set()
        told = {
            way.name: way.final(self.cut, self._unix) if over else way.fault for way in self.ways.values()
        }
        found = [f"{name}: {fault}" for name, fault in told.items() if fault]
        if over and self.left and not self.cut:
            found.append("apispy left, and neither the client nor the daemon had")
        return "; ".join(found)


class Teller:
    """What one recorder tells of a connection. *before*: it stands before apispy, so the client's data goes in here."""

    def __init__(self, connection: Connection, *, before: bool) -> None:
        self._connection = connection
        self._before = before

    def data(self, from_client: bool, data: bytes) -> None:
        way = self._connection.ways[from_client]
        (way.put if from_client is self._before else way.take)(data)

    def end(self, from_client: bool, kind: End) -> None:
        way = self._connection.ways[from_client]
        way.ended.setdefault("in" if from_client is self._before else "out", kind)

    def gone(self, client: bool) -> None:
        if client is self._before:
            self._connection.cut = True
        else:
            self._connection.left = True
