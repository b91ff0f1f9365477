"""The load: what one client does, over and over. Each deed opens its own connection and leaves it in its own way."""

import json
import random
import socket
from collections.abc import Callable

from tests.e2e.archives import tar_of
from tests.e2e.channels import RESET
from tests.e2e.endpoints import Endpoint, Wire
from tests.soak.ledger import Ledger

CONTAINER = "soaked"
HIJACK = ("Connection: Upgrade", "Upgrade: tcp")
READS = ("/_ping", "/version", "/containers/json?all=1", "/images/json", "/info", "/containers/nosuch/json")
PATIENCE = 30  # seconds


class Worker:
    """One client, by its own dice."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger, seed: int) -> None:
        self._endpoint, self._ledger = endpoint, ledger
        self._dice = random.Random(seed)

    def once(self) -> None:
        """One deed. What a dying daemon does to it is written down as trouble, and no fault of the load."""
        deed = self._dice.choice(DEEDS)
        try:
            with self._endpoint.wire(PATIENCE) as wire:
                deed(self, wire)
                if self._dice.random() < 0.2:
                    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except (OSError, AssertionError, ValueError, KeyError) as error:
            self._ledger.trouble(f"{deed.__name__}: {type(error).__name__}")

    # -- deeds --

    def kept_alive(self, wire: Wire) -> None:
        for _ in range(self._dice.randrange(1, 20)):
            self._call(wire, "GET", self._dice.choice(READS))

    def pipelined(self, wire: Wire) -> None:
        numbers = [self._ask(wire, "GET", "/_ping") for _ in range(3)]
        for number in numbers:
            self._hear(wire, number)

    def execute(self, wire: Wire) -> None:
        wanted = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}
        made = self._call(wire, "POST", f"/containers/{CONTAINER}/exec", body=json.dumps(wanted).encode())
        identity = json.loads(made.partition(b"\r\n\r\n")[2])["Id"]
        number = self._ask(wire, "POST", f"/exec/{identity}/start", *HIJACK, body=b'{"Tty":false}')
        self._head(wire, number)
        wire.send(b"hello\n" * self._dice.randrange(1, 2000))
        if self._dice.random() < 0.8:
            wire.half_close()
            wire.read_all()

    def follow(self, wire: Wire) -> None:
        """`docker logs -f`, left in the middle."""
        path = f"/containers/{CONTAINER}/logs?follow=1&stdout=1&tail=5"
        self._head(wire, self._ask(wire, "GET", path))
        for _ in range(self._dice.randrange(1, 8)):
            wire.read_until(b"tick\n")

    def events(self, wire: Wire) -> None:
        self._head(wire, self._ask(wire, "GET", "/events?since=0"))
        wire.recv()

    def upload(self, wire: Wire) -> None:
        body = tar_of(f=self._dice.randbytes(self._dice.randrange(1, 300_000)))
        self._call(wire, "PUT", f"/containers/{CONTAINER}/archive?path=/tmp", body=body)
        self._call(wire, "GET", f"/containers/{CONTAINER}/archive?path=/tmp/f")

    def upload_left(self, wire: Wire) -> None:
        """Half a body, and gone.

        Not as the first thing on a connection: with TLS a reset can overtake what came with the handshake's end.
        """
        self._call(wire, "GET", "/_ping")
        number, path = self._ledger.mark(f"/containers/{CONTAINER}/archive?path=/tmp")
        wire.send(f"PUT {path} HTTP/1.1\r\nHost: d\r\nContent-Length: 5000\r\n\r\n".encode() + bytes(700))
        self._ledger.sent.add(number)

    def nothing(self, wire: Wire) -> None:
        """A connection without a call: none, or half a head."""
        if self._dice.random() < 0.5:
            wire.send(b"GET /_ping HTTP/1.1\r\nHos")

    # -- parts --

    def _call(self, wire: Wire, method: str, path: str, body: bytes = b"") -> bytes:
        return self._hear(wire, self._ask(wire, method, path, body=body))

    def _ask(self, wire: Wire, method: str, path: str, *headers: str, body: bytes = b"") -> int:
        number, path = self._ledger.mark(path)
        lines = [f"{method} {path} HTTP/1.1", "Host: docker", *headers]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        wire.send("\r\n".join([*lines, "", ""]).encode() + body)
        self._ledger.sent.add(number)
        return number

    def _hear(self, wire: Wire, number: int) -> bytes:
        answer = wire.read_response()
        self._ledger.answered.add(number)
        return answer

    def _head(self, wire: Wire, number: int) -> None:
        wire.read_until(b"\r\n\r\n")
        self._ledger.answered.add(number)


Deed = Callable[[Worker, Wire], None]
DEEDS: tuple[Deed, ...] = (
    *[Worker.kept_alive] * 4,
    Worker.pipelined,
    *[Worker.execute] * 3,
    *[Worker.follow] * 2,
    Worker.events,
    Worker.upload,
    Worker.upload_left,
    Worker.nothing,
)
