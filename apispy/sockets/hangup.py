"""Tells when a peer that had half-closed its connection is gone altogether.

After a half-close asyncio does not watch the socket any more, and a client that dies then would keep its daemon side
open for as long as the daemon is silent. epoll reports EPOLLHUP and EPOLLERR even when asked for nothing else, and an
epoll descriptor can itself be watched. Where there is no epoll (macOS), it never tells, and the next write does.
"""

import asyncio
import contextlib
import select
from collections.abc import Callable


class HangupWatch:
    """A watch over many sockets. ``on_hangup(reset)`` is called once a socket, with True for a RST."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[bool], None]] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._ready)

    def watch(self, fd: int, on_hangup: Callable[[bool], None]) -> Callable[[], None]:
        """Watch the socket *fd*. Call what this gives when the socket needs no watching any more, or is closed: its
        number may then be that of another one, which goes on being watched."""
        if self._epoll is None or fd < 0:
            return lambda: None
        self._callbacks[fd] = on_hangup
        try:
            self._epoll.register(fd, 0)
        except FileExistsError:
            self._epoll.modify(fd, 0)
        return lambda: self._forget(fd) if self._callbacks.get(fd) is on_hangup else None

    def _forget(self, fd: int) -> None:
        if self._callbacks.pop(fd, None) is not None and self._epoll is not None:
            with contextlib.suppress(OSError):  # closing a socket has taken it out already
                self._epoll.unregister(fd)

    def close(self) -> None:
        if self._epoll is not None:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None  # connections that end later still forget themselves

    def _ready(self) -> None:
        assert self._epoll is not None
        for fd, mask in self._epoll.poll(0):
            callback = self._callbacks.get(fd)
            self._forget(fd)
            if callback is not None:
                callback(bool(mask & select.EPOLLERR))
