"""A client and a daemon in one thread, with apispy between them: each step waits until its bytes have arrived."""

import re
import select
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apispy.capture import Notice
from apispy.capture.format import FORMAT
from apispy.capture.lines import read_line
from apispy.model import Exchange

from .apispy_process import Apispy
from .channels import RESET
from .wait import until

TIMEOUT = 3.0  # seconds


class ProxiedConnection:
    """One connection through apispy, with its number there. ``client`` and ``daemon`` are the two ends."""

    def __init__(self, number: int, client: socket.socket, daemon: socket.socket) -> None:
        self.number, self.client, self.daemon = number, client, daemon

    def send(self, data: bytes, *, from_client: bool, pieces: list[int] | None = None) -> None:
        """Send *data* in pieces of these sizes (the rest at once), and check that each piece arrives."""
        sender, receiver = (self.client, self.daemon) if from_client else (self.daemon, self.client)
        for size in [*(pieces or []), len(data)]:
            piece, data = data[:size], data[size:]
            pass_through(sender, receiver, piece)

    def end(self, *, from_client: bool) -> None:
        """Half-close one side, and check that the other side sees it."""
        sender, receiver = (self.client, self.daemon) if from_client else (self.daemon, self.client)
        sender.shutdown(socket.SHUT_WR)
        assert receiver.recv(1) == b"", "the half-close did not arrive"

    def reset(self, *, from_client: bool) -> None:
        sender, receiver = (self.client, self.daemon) if from_client else (self.daemon, self.client)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sender.close()
        try:
            assert not receiver.recv(1), "bytes after a reset"
            raise AssertionError("a clean end instead of a reset")
        except ConnectionResetError:
            pass


def pass_through(sender: socket.socket, receiver: socket.socket, data: bytes) -> None:
    """Send *data*, and check that exactly these bytes arrive."""
    rest, arrived = memoryview(data), bytearray()
    deadline = time.monotonic() + TIMEOUT
    while len(arrived) < len(data):
        sending = [sender] if rest else []
        can_read, can_write, _ = select.select([receiver], sending, [], max(0, deadline - time.monotonic()))
        if not can_read and not can_write:
            raise AssertionError(f"{len(arrived)} of {len(data)} bytes arrived: {data[:300]!r}")
        if can_write:
            rest = rest[sender.send(rest[: 1 << 16]) :]
        if can_read:
            piece = receiver.recv(1 << 20)
            assert piece, f"the connection ended after {len(arrived)} of {len(data)} bytes"
            arrived += piece
    assert arrived == data


class ProxyUnderTest:
    """An apispy with a capture; the test itself listens in place of the daemon."""

    def __init__(self, where: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)  # starting apispy takes time
        asking = threading.Thread(target=self._refuse_version_requests)
        asking.start()
        self.capture = where / "calls.jsonl"
        upstream = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        words = ["--listen", "127.0.0.1:0", "--listen-plaintext", "--upstream", upstream]
        self.spy = Apispy.start(where, *words, "-q", "--capture", str(self.capture))
        asking.join()
        self._listener.settimeout(TIMEOUT)
        self._file = self.capture.open("rb")
        self._number = 0
        self._lines: defaultdict[int, list[Exchange | str]] = defaultdict(list)

    def _refuse_version_requests(self) -> None:
        """Refuse apispy's own requests for the daemon's version: one for the display, one for the capture."""
        for _ in range(2):
            connection, _ = self._listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

    @contextmanager
    def connect(self) -> Iterator[ProxiedConnection]:
        client = self.spy.at.plain_socket(TIMEOUT)
        daemon, _ = self._listener.accept()
        daemon.settimeout(TIMEOUT)
        for sock in (client, daemon):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, daemon:
            self._number += 1
            yield ProxiedConnection(self._number, client, daemon)

    def captured(self, number: int, enough: int = 1) -> tuple[list[Exchange], list[str]]:
        """Return the captured calls of a connection and its notices, once there are *enough* of both together."""
        until(lambda: self._read(number) >= enough, TIMEOUT, f"{enough} lines in the capture", every=0.001)
        found = self._lines.pop(number, [])
        return (
            [one for one in found if isinstance(one, Exchange)],
            [one for one in found if isinstance(one, str)],
        )

    def _read(self, number: int) -> int:
        for line in iter(self._line, b""):
            match read_line(line, FORMAT):
                case Exchange() as call:
                    self._lines[call.connection].append(call)
                case Notice(_, text) if found := re.match(r"connection (\d+): ", text):
                    self._lines[int(found[1])].append(text)
        return len(self._lines[number])

    def _line(self) -> bytes:
        """Return the next complete line, or b""."""
        at = self._file.tell()
        line = self._file.readline()
        if line.endswith(b"\n"):
            return line
        self._file.seek(at)
        return b""

    def close(self) -> int:
        self._file.close()
        self._listener.close()
        return self.spy.end()
