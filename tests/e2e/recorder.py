"""A recorder: a relay that forwards bytes and ends unchanged, and reports what it forwards to an observer.

One runs on each side of apispy (`recorder_pair.py`). It shares no code with apispy.
"""

import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from .channels import Channel, End


class Observer(Protocol):
    """Receives what one recorder sees of one connection, before the recorder forwards it."""

    def data(self, from_client: bool, data: bytes) -> None: ...

    def end(self, from_client: bool, kind: End) -> None: ...

    def gone(self, client: bool) -> None:
        """The client, or the server, has disconnected."""


@dataclass
class Side:
    channel: Channel
    is_client: bool
    over: bool = False  # the peer's half has ended


class _Gone(Exception):
    def __init__(self, side: Side, reset: bool) -> None:
        self.side, self.reset = side, reset


class Bridge:
    """Connects two channels; ``run`` returns when both halves have ended or one peer has disconnected."""

    def __init__(self, client: Channel, server: Channel, observer: Observer) -> None:
        self._sides = (Side(client, True), Side(server, False))
        self._observer = observer

    def run(self) -> None:
        try:
            for side in self._sides:
                self._read(side)  # data that arrived with the end of a handshake
            while any(not side.over or side.channel.unsent for side in self._sides):
                self._step()
        except _Gone as gone:
            self._end(gone.side, gone.reset)
        finally:
            for side in self._sides:
                side.channel.close()

    def _step(self) -> None:
        """Wait for events, and handle them."""
        poll = select.poll()
        sides = {}
        for side in self._sides:
            if (events := self._wanted(side)) is not None:
                sides[side.channel.sock.fileno()] = side
                poll.register(side.channel.sock, events)
        for fd, mask in poll.poll():
            side = sides[fd]
            if mask & select.POLLOUT:
                self._do(side, side.channel.flush)
            elif not side.over:
                self._read(side)
            elif mask & (select.POLLHUP | select.POLLERR):
                raise _Gone(side, bool(mask & select.POLLERR))

    def _other(self, side: Side) -> Side:
        return self._sides[side.is_client]

    def _wanted(self, side: Side) -> int | None:
        """Return the poll events to wait for on this side, or None. A slow reader on the other side pauses reading."""
        events = select.POLLOUT if side.channel.unsent else 0
        if side.over:
            return events  # poll always reports hang-ups
        if self._other(side).channel.unsent:
            return events or None
        return events | select.POLLIN

    def _read(self, side: Side) -> None:
        other = self._other(side)
        for data in self._do(side, side.channel.recv):
            if isinstance(data, End):
                side.over = True
                self._observer.end(side.is_client, data)
                self._do(other, other.channel.end)
            else:
                self._observer.data(side.is_client, data)
                self._do(other, partial(other.channel.send, data))

    @staticmethod
    def _do[T](side: Side, action: Callable[[], T]) -> T:
        try:
            return action()
        except OSError:  # ECONNRESET, EPIPE, ENOTCONN
            raise _Gone(side, True) from None

    def _end(self, side: Side, reset: bool) -> None:
        other = self._other(side)
        self._observer.gone(side.is_client)
        if reset:
            self._observer.end(side.is_client, End.RESET)
            other.channel.close(reset=True)
        else:
            other.channel.finish()


def listen(address: str | tuple[str, int], accepted: Callable[[socket.socket], None]) -> socket.socket:
    """Listen on a path or an address; *accepted* is called in the accepting thread."""
    listener = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    listener.bind(address)
    listener.listen(200)

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            accepted(sock)

    threading.Thread(target=serve, daemon=True, name="recorder").start()
    return listener
