"""All connections that are being watched now, and the numbers that they and their exchanges get."""

import itertools

from mitmproxy.connection import Client
from mitmproxy.proxy.context import Context

from apispy.pipeline import Pipeline
from apispy.proxy.watch import Watch
from apispy.tap import ConnectionTap

BODY_LIMIT = 1 << 20
"""Bytes of each stream that are kept to be shown, unless the user says otherwise."""


class Watches:
    """Opens a Watch for each client, and ends it when the client is gone."""

    def __init__(self, pipeline: Pipeline, upstream: str = "", body_limit: int = BODY_LIMIT) -> None:
        self._pipeline = pipeline
        self._upstream = upstream
        self._body_limit = body_limit
        self._connections = itertools.count(1)
        self._exchanges = itertools.count(1)
        self._open: dict[str, Watch] = {}
        self.contexts: dict[int, Context] = {}  # of the connections that are open, by their number

    def open(self, context: Context) -> Watch:
        tap = ConnectionTap(
            next(self._connections),
            client_words(context.client),
            self._upstream or _address_words(context.server.address),
            self._exchanges.__next__,
            self._body_limit,
        )
        watch = self._open[context.client.id] = Watch(tap, self._pipeline.feed)
        self.contexts[watch.number] = context
        return watch

    def close(self, client: Client) -> None:
        """The client's connection is over."""
        watch = self._open.pop(client.id, None)
        if watch is not None:
            watch.lost(client.error or "")
            del self.contexts[watch.number]

    def close_all(self) -> None:
        for context in list(self.contexts.values()):
            self.close(context.client)


def client_words(client: Client) -> str:
    """Who is at the other end: "127.0.0.1:51234", or "docker (pid 812)" on a unix socket."""
    name, number = client.peername[:2]
    return f"{name} (pid {number})" if client.sockname[0] == "unix" else f"{name}:{number}"


def _address_words(address: tuple[str, int] | None) -> str:
    return f"{address[0]}:{address[1]}" if address else ""
