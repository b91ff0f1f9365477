"""All connections that are being watched now, and the numbers that they and their exchanges get."""

import itertools

from mitmproxy.connection import Client
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context

from apispy.proxy.observer import ConnectionObserver, Sink
from apispy.tap import ConnectionTap
from apispy.tap.clock import Clock

BODY_LIMIT = 1 << 20
"""Bytes of each stream that are kept to be shown, unless the user says otherwise."""


class Observers:
    """Opens a Watch for each client, and ends it when the client is gone. *sink* is given all that is read."""

    def __init__(
        self,
        sink: Sink,
        upstream: str = "",
        body_limit: int = BODY_LIMIT,
        *,
        digests: bool = False,
    ) -> None:
        self._sink = sink
        self._upstream = upstream
        self._body_limit, self._digests = body_limit, digests
        self.clock = Clock()
        self._connections = itertools.count(1)
        self._exchanges = itertools.count(1)
        self._by_client: dict[str, ConnectionObserver] = {}
        self._by_number: dict[int, tuple[Context, ConnectionObserver]] = {}

    def open(self, context: Context) -> ConnectionObserver:
        tap = ConnectionTap(
            next(self._connections),
            client_words(context.client),
            self._upstream or _address_words(context.server.address),
            self._exchanges.__next__,
            self._body_limit,
            digests=self._digests,
        )
        watch = self._by_client[context.client.id] = ConnectionObserver(tap, self._sink, self.clock)
        self._by_number[watch.number] = context, watch
        return watch

    def context(self, connection: int) -> Context:
        """mitmproxy's context of an open connection."""
        return self._by_number[connection][0]

    def fire(self, connection: int, hook: StartHook) -> None:
        """Let the layer of an open connection fire *hook*."""
        self._by_number[connection][1].hooks.append(hook)

    def close(self, client: Client) -> list[StartHook]:
        """The client's connection is over. Gives the hooks that its layer cannot fire any more."""
        watch = self._by_client.pop(client.id, None)
        if watch is None:
            return []
        watch.lost(client.error or "")
        del self._by_number[watch.number]
        return list(watch.hooks)

    def close_all(self) -> None:
        for context, _ in list(self._by_number.values()):
            self.close(context.client)


def client_words(client: Client) -> str:
    """Who is at the other end: "127.0.0.1:51234", or "docker (pid 812)" on a unix socket."""
    name, number = client.peername[:2]
    return f"{name} (pid {number})" if client.sockname[0] == "unix" else f"{name}:{number}"


def _address_words(address: tuple[str, int] | None) -> str:
    return f"{address[0]}:{address[1]}" if address else ""
