"""Observers between the layers that forward bytes and the pipeline that shows calls: one for each connection."""

import itertools
from collections import deque
from collections.abc import Callable, Sequence

from mitmproxy.connection import Client
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context

from apispy.gate import Annotations
from apispy.model import Exchange
from apispy.tap import CLIENT_LEFT, Closed, ConnectionTap, Event, GaveUp, Opened, ResponseStarted
from apispy.tap.clock import Clock

Sink = Callable[[Sequence[Event]], None]
"""Takes the events that one read from a connection has caused, in order: one or more."""

STOPPED = "apispy was stopped"
"""Why calls end that are open when apispy is stopped."""

BODY_LIMIT = 1 << 20
"""Bytes of each stream that are kept to be shown, unless the user sets another limit."""


class ConnectionObserver:
    """Feeds the tap with the bytes of one connection, and passes the tap's events to *sink*.

    ``hooks`` holds mitmproxy's hooks that are due; the connection's layer takes and fires them.
    """

    def __init__(self, tap: ConnectionTap, sink: Sink, clock: Callable[[], float]) -> None:
        self._tap = tap
        self._sink = sink
        self._clock = clock
        self._unanswered: dict[int, Exchange] = {}  # by number; on HTTP/2 there may be many
        self._open: set[int] = set()  # the numbers of the open exchanges
        self._annotations = Annotations()
        self.answered = 0  # requests that have a response, or will get none
        self.tunnelled = False  # the connection has left HTTP, or cannot be parsed any further
        self._daemon_ended = False
        self._early: dict[int, bytes] = {}  # by identity: several layers may hold the same bytes
        self.hooks: deque[StartHook] = deque()

    @property
    def number(self) -> int:
        return self._tap.number

    @property
    def client_ended(self) -> bool:
        """Whether the client's side has ended."""
        return self._tap.client_ended

    @property
    def awaits_response(self) -> bool:
        """Whether a request's head was received that has no response yet."""
        return bool(self._unanswered)

    @property
    def is_http2(self) -> bool:
        """Whether the connection began with HTTP/2's preface."""
        return self._tap.is_http2

    @property
    def head_only(self) -> bool:
        """Whether the request without a response is a HEAD; False on HTTP/2."""
        if self.is_http2:
            return False
        return any(exchange.request.method == "HEAD" for exchange in self._unanswered.values())

    @property
    def has_open(self) -> bool:
        """Whether an exchange is open."""
        return bool(self._open)

    @property
    def idle(self) -> bool:
        """Whether no response is outstanding: no exchange is open, or the daemon has ended its side."""
        return not self._open or self._daemon_ended

    def annotate(self, text: str) -> bool:
        """Add *text* to the problems of the open exchange when it closes. Return False if none is open.

        A refused preface of HTTP/2 becomes an exchange with its response.
        """
        if not self._open and not self.is_http2:
            return False
        self._annotations.add(text)
        return True

    def early(self, data: bytes) -> None:
        """Note *data* from the client that cannot be forwarded yet. ``from_client`` follows when it is forwarded."""
        self._early[id(data)] = data

    def from_client(self, data: bytes) -> None:
        self._early.clear()
        self._pass_on(self._tap.from_client(data, self._clock()) if data else [])

    def from_server(self, data: bytes) -> None:
        self._pass_on(self._tap.from_server(data, self._clock()))

    def client_eof(self) -> None:
        self._pass_on(self._tap.client_eof(self._clock()))

    def server_eof(self) -> None:
        self._daemon_ended = True
        self._pass_on(self._tap.server_eof(self._clock()))

    def lost(self, reason: str = "") -> None:
        """Process the end of the connection: open exchanges are cut, also those that never reached the daemon."""
        self.from_client(b"".join(self._early.values()))
        self._pass_on(self._tap.lost(self._clock(), reason))

    def _pass_on(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Opened(exchange):
                    self._unanswered[exchange.id] = exchange
                    self._open.add(exchange.id)
                case ResponseStarted(exchange):
                    self._count_answered(exchange)
                case Closed(exchange):
                    self._count_answered(exchange)
                    self._open.discard(exchange.id)
                case GaveUp():
                    self.tunnelled = True
        if events:
            self._sink(self._annotations.apply_to(events))

    def _count_answered(self, exchange: Exchange) -> None:
        self.answered += self._unanswered.pop(exchange.id, None) is not None
        self.tunnelled = self.tunnelled or exchange.tunnel is not None


class Observers:
    """The observers of all open connections. Opens one for each client, and closes it when the client is gone.

    Numbers the connections and their exchanges. *sink* gets all events. *upstream* describes the daemon ("": by its
    address). For *body_limit* (bytes) and *digests* see ConnectionTap.
    """

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
            client_description(context.client),
            self._upstream or _address_text(context.server.address),
            self._exchanges.__next__,
            self._body_limit,
            digests=self._digests,
        )
        observer = self._by_client[context.client.id] = ConnectionObserver(tap, self._sink, self.clock)
        self._by_number[observer.number] = context, observer
        return observer

    def context(self, connection: int) -> Context:
        """Return mitmproxy's context of an open connection."""
        return self._by_number[connection][0]

    def fire(self, connection: int, hook: StartHook) -> None:
        """Let the layer of an open connection fire *hook*."""
        self._by_number[connection][1].hooks.append(hook)

    def close(self, client: Client, reason: str = CLIENT_LEFT) -> list[StartHook]:
        """Process the end of the client's connection, for *reason* unless mitmproxy knows of an error.

        Return the hooks that its layer can no longer fire.
        """
        observer = self._by_client.pop(client.id, None)
        if observer is None:
            return []
        server = self.context(observer.number).server
        observer.lost(server.error or client.error or reason)
        del self._by_number[observer.number]
        return list(observer.hooks)

    def close_all(self, *, clients_exited: bool = False) -> None:
        """Process the end of apispy. *clients_exited*: clients whose side has ended do not exist any more."""
        for context, observer in list(self._by_number.values()):
            left = clients_exited and observer.client_ended
            self.close(context.client, CLIENT_LEFT if left else STOPPED)


def client_description(client: Client) -> str:
    """Describe a client: "127.0.0.1:51234", or "docker (pid 812)" on a unix socket."""
    name, number = client.peername[:2]
    return f"{name} (pid {number})" if client.sockname[0] == "unix" else f"{name}:{number}"


def _address_text(address: tuple[str, int] | None) -> str:
    return f"{address[0]}:{address[1]}" if address else ""
