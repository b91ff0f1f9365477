"""Daemons and clients that a test can kill with SIGKILL (`peer_process.py`)."""

import itertools
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from .endpoints import Endpoint


@dataclass(frozen=True)
class Peer:
    pid: int
    status: TextIO

    def expect(self, status: str) -> None:
        """Wait for a status; AssertionError if another one arrives or the process ends."""
        received = self.status.readline()
        assert received == f"{status}\n", received

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class PeerProcesses:
    """Starts peer processes. ``close`` kills all of them."""

    def __init__(self, where: Path) -> None:
        where.mkdir()
        self._where = where
        self._numbers = itertools.count()
        self._peers: list[Peer] = []
        self._forker = subprocess.Popen(
            [sys.executable, "-SE", Path(__file__).with_name("peer_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, role: str, endpoint: Endpoint, send: bytes, receive: int, certs: str) -> Peer:
        """Start a "daemon" or a "client" at *endpoint*; a daemon is listening when this returns."""
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        status = self._where / str(next(self._numbers))
        os.mkfifo(status)
        address = endpoint.path if endpoint.is_unix else str(endpoint.address[1])
        if role == "daemon" and endpoint.is_unix:
            Path(address).unlink(missing_ok=True)
        spec = {
            "role": role,
            "address": address,
            "send": send.hex(),
            "receive": receive,
            "certs": certs,
            "status": str(status),
        }
        self._forker.stdin.write(json.dumps(spec) + "\n")
        self._forker.stdin.flush()
        peer = Peer(int(self._forker.stdout.readline()), status.open())
        self._peers.append(peer)
        if role == "daemon":
            peer.expect("listening")
        return peer

    def close(self) -> None:
        for peer in self._peers:
            peer.kill()
            peer.status.close()
        self._forker.kill()
        self._forker.communicate()
