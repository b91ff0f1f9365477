"""Descriptions of answers that are not HTTP/1: HTTP/2 in words, text in quotes, anything else as a number of bytes."""

import io
import socket
from typing import Any

MAX_FIRST = 1024
"""Bytes of an answer that are looked at."""

MAX_QUOTED = 60
"""Characters of an answer that are quoted."""

SETTINGS, GOAWAY = 4, 7
"""Types of HTTP/2's frames. Source: RFC 9113, section 6."""

FRAME_HEADER = 9
"""Bytes before a frame's payload: its size (24 bits), type, flags, stream (31 bits)."""


class Peer:
    """What http.client needs of a socket; it does not close it. ``first`` has the first MAX_FIRST bytes received."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.first = b""

    def sendall(self, data: bytes) -> None:
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Received(self))

    def close(self) -> None:
        return


class _Received(io.RawIOBase):
    """What a peer sends, as a file."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._peer.sock.recv_into(buffer)
        self._peer.first += bytes(buffer[: min(size, MAX_FIRST - len(self._peer.first))])
        return size


def http2_answer(first: bytes) -> str:
    """Say in words that an answer, of which *first* are the first bytes, is HTTP/2; "" if it is not.

    A peer of HTTP/2 begins with SETTINGS, whatever it receives, and may end the connection with GOAWAY.
    """
    if len(first) < FRAME_HEADER or first[3] != SETTINGS or first[4] or any(first[5:9]):
        return ""
    if int.from_bytes(first[:3]) % 6:  # each setting has 6 bytes
        return ""
    text = "it speaks HTTP/2 from the first byte, and no HTTP/1.1"
    at = 0
    while at + FRAME_HEADER + 8 <= len(first):
        size, payload = int.from_bytes(first[at : at + 3]), first[at + FRAME_HEADER :]
        if first[at + 3] == GOAWAY:
            return f"{text} (it ended the connection with GOAWAY {_error_name(int.from_bytes(payload[4:8]))})"
        at += FRAME_HEADER + size
    return text


def _error_name(number: int) -> str:
    from h2.errors import ErrorCodes  # only now: commands that find a daemon do not need it

    return ErrorCodes(number).name if number in list(ErrorCodes) else f"error {number}"


def quoted(data: bytes) -> str:
    """Quote the beginning of an answer if it is text; otherwise say how many bytes of it there are."""
    text = data.decode("utf-8", "replace").strip()
    if any(not (char.isprintable() or char.isspace()) or char == "\ufffd" for char in text[:MAX_QUOTED]):
        return f"{len(data)} bytes that are not text"
    return repr(text[:MAX_QUOTED])
