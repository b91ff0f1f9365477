"""Detects that a peer which had half-closed its connection has disconnected.

After a half-close asyncio no longer watches the socket. A client that dies then would leave the connection to the
daemon open for as long as the daemon is silent. epoll reports EPOLLHUP and EPOLLERR even if no event is requested, and
an epoll descriptor can itself be watched. Without epoll (macOS, Windows) nothing is detected until the next write
fails.
"""

import asyncio
import contextlib
import select
from collections.abc import Callable

EPOLLERR = 0x008  # epoll_ctl(2); Python has the constant on Linux only


class HangupWatch:
    """Watches many sockets. It calls ``on_hangup(reset)`` once for each socket; *reset* is True after a RST."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[bool], None]] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._ready)

    def watch(self, fd: int, on_hangup: Callable[[bool], None]) -> Callable[[], None]:
        """Watch the socket *fd*. Return a function that ends this.

        Call it when the socket is closed too: its number may then belong to another socket, which stays watched.
        """
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
            with contextlib.suppress(OSError):  # closing a socket has removed it already
                self._epoll.unregister(fd)

    def close(self) -> None:
        if self._epoll is not None:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None  # connections that end later still call _forget

    def _ready(self) -> None:
        assert self._epoll is not None
        for fd, mask in self._epoll.poll(0):
            callback = self._callbacks.get(fd)
            self._forget(fd)
            if callback is not None:
                callback(bool(mask & EPOLLERR))
