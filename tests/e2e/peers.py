"""Daemons and clients that can be killed with -9 (`peer.py`)."""

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
    words: TextIO

    def says(self, word: str) -> None:
        """Wait for it; AssertionError when it is another one, or the process has ended."""
        said = self.words.readline()
        assert said == f"{word}\n", said

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


class Nursery:
    """Forks peers. ``close`` ends all of them."""

    def __init__(self, where: Path) -> None:
        where.mkdir()
        self._where = where
        self._numbers = itertools.count()
        self._peers: list[Peer] = []
        self._mother = subprocess.Popen(
            [sys.executable, "-SE", Path(__file__).with_name("peer.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def born(self, role: str, endpoint: Endpoint, say: bytes, hear: int, certs: str) -> Peer:
        """A "daemon" or a "client" at *endpoint*; a daemon is listening when this returns."""
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        words = self._where / str(next(self._numbers))
        os.mkfifo(words)
        address = endpoint.path if endpoint.is_unix else str(endpoint.address[1])
        if role == "daemon" and endpoint.is_unix:
            Path(address).unlink(missing_ok=True)
        wish = {
            "role": role,
            "address": address,
            "say": say.hex(),
            "hear": hear,
            "certs": certs,
            "words": str(words),
        }
        self._mother.stdin.write(json.dumps(wish) + "\n")
        self._mother.stdin.flush()
        peer = Peer(int(self._mother.stdout.readline()), words.open())
        self._peers.append(peer)
        if role == "daemon":
            peer.says("listening")
        return peer

    def close(self) -> None:
        for peer in self._peers:
            peer.kill()
            peer.words.close()
        self._mother.kill()
        self._mother.communicate()
