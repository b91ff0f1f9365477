"""The load of one client: random actions. Each opens its own connection, and ends it in its own way."""

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
TIMEOUT = 30  # seconds


class Worker:
    """One client with its own random numbers."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger, seed: int) -> None:
        self._endpoint, self._ledger = endpoint, ledger
        self._random = random.Random(seed)
        self._unanswered: set[int] = set()  # on the current connection

    def keep_alive_once(self) -> None:
        """Make some calls on one connection, without a container."""
        with self._endpoint.wire(TIMEOUT) as wire:
            self.keep_alive(wire)

    def call_once(self) -> None:
        """Make one call."""
        with self._endpoint.wire(TIMEOUT) as wire:
            self._call(wire, "GET", "/_ping")

    def run_once(self) -> None:
        """Run one action. Errors due to a killed daemon are recorded as client errors, and do not fail the soak."""
        action = self._random.choice(ACTIONS)
        self._unanswered.clear()
        try:
            with self._endpoint.wire(TIMEOUT) as wire:
                try:
                    action(self, wire)
                finally:
                    reset = self._random.random() < 0.2
                    if reset:
                        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    if reset or wire.was_reset:
                        self._ledger.on_reset |= self._unanswered
        except (OSError, AssertionError, ValueError, KeyError) as error:
            self._ledger.record_error(f"{action.__name__}: {type(error).__name__}")

    # -- deeds --

    def keep_alive(self, wire: Wire) -> None:
        for _ in range(self._random.randrange(1, 20)):
            self._call(wire, "GET", self._random.choice(READS))

    def pipeline(self, wire: Wire) -> None:
        numbers = [self._send(wire, "GET", "/_ping") for _ in range(3)]
        for number in numbers:
            self._receive(wire, number)

    def execute(self, wire: Wire) -> None:
        wanted = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}
        made = self._call(wire, "POST", f"/containers/{CONTAINER}/exec", body=json.dumps(wanted).encode())
        identity = json.loads(made.partition(b"\r\n\r\n")[2])["Id"]
        number = self._send(wire, "POST", f"/exec/{identity}/start", *HIJACK, body=b'{"Tty":false}')
        self._receive_head(wire, number)
        wire.send(b"hello\n" * self._random.randrange(1, 2000))
        if self._random.random() < 0.8:
            wire.half_close()
            wire.read_all()

    def follow(self, wire: Wire) -> None:
        """Disconnect in the middle of `docker logs -f`."""
        path = f"/containers/{CONTAINER}/logs?follow=1&stdout=1&tail=5"
        self._receive_head(wire, self._send(wire, "GET", path))
        for _ in range(self._random.randrange(1, 8)):
            wire.read_until(b"tick\n")

    def events(self, wire: Wire) -> None:
        self._receive_head(wire, self._send(wire, "GET", "/events?since=0"))
        wire.recv()

    def upload(self, wire: Wire) -> None:
        body = tar_of(f=self._random.randbytes(self._random.randrange(1, 300_000)))
        self._call(wire, "PUT", f"/containers/{CONTAINER}/archive?path=/tmp", body=body)
        self._call(wire, "GET", f"/containers/{CONTAINER}/archive?path=/tmp/f")

    def abort_upload(self, wire: Wire) -> None:
        """Disconnect in the middle of a request body.

        This is never the first request of a connection: with TLS a reset can overtake data sent with the handshake's
        end.
        """
        self._call(wire, "GET", "/_ping")
        number, path = self._ledger.mark(f"/containers/{CONTAINER}/archive?path=/tmp")
        wire.send(f"PUT {path} HTTP/1.1\r\nHost: d\r\nContent-Length: 5000\r\n\r\n".encode() + bytes(700))
        self._note_sent(number)

    def send_no_call(self, wire: Wire) -> None:
        """Connect without sending a complete request: nothing, or half a head."""
        if self._random.random() < 0.5:
            wire.send(b"GET /_ping HTTP/1.1\r\nHos")

    # -- parts --

    def _call(self, wire: Wire, method: str, path: str, body: bytes = b"") -> bytes:
        return self._receive(wire, self._send(wire, method, path, body=body))

    def _send(self, wire: Wire, method: str, path: str, *headers: str, body: bytes = b"") -> int:
        number, path = self._ledger.mark(path)
        lines = [f"{method} {path} HTTP/1.1", "Host: docker", *headers]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        wire.send("\r\n".join([*lines, "", ""]).encode() + body)
        self._note_sent(number)
        return number

    def _note_sent(self, number: int) -> None:
        self._ledger.sent.add(number)
        self._unanswered.add(number)

    def _note_answered(self, number: int) -> None:
        self._ledger.answered.add(number)
        self._unanswered.discard(number)

    def _receive(self, wire: Wire, number: int) -> bytes:
        answer = wire.read_response()
        self._note_answered(number)
        return answer

    def _receive_head(self, wire: Wire, number: int) -> None:
        wire.read_until(b"\r\n\r\n")
        self._note_answered(number)


Action = Callable[[Worker, Wire], None]
ACTIONS: tuple[Action, ...] = (
    *[Worker.keep_alive] * 4,
    Worker.pipeline,
    *[Worker.execute] * 3,
    *[Worker.follow] * 2,
    Worker.events,
    Worker.upload,
    Worker.abort_upload,
    Worker.send_no_call,
)
