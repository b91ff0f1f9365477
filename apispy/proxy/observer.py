"""One connection's tap, between the layer that forwards and the pipeline that shows."""

from collections import deque
from collections.abc import Callable

from mitmproxy.proxy.commands import StartHook

from apispy.gate import Annotations
from apispy.model import Exchange
from apispy.tap import Closed, ConnectionTap, Event, GaveUp, Opened, ResponseStarted

Sink = Callable[[Event], None]


class ConnectionObserver:
    """Feeds the tap with what went by and hands its events to *sink*.

    ``hooks`` holds hooks of mitmproxy's that are to be fired for what was read; the layer takes them from there.
    """

    def __init__(self, tap: ConnectionTap, sink: Sink, clock: Callable[[], float]) -> None:
        self._tap = tap
        self._sink = sink
        self._clock = clock
        self._unanswered: Exchange | None = None
        self._open: int | None = None  # the number of the exchange that is read
        self._remarks = Annotations()
        self.answered = 0  # requests that have an answer, or will get none
        self.tunnelled = False  # the connection is no HTTP any more, or cannot be followed
        self._early: dict[int, bytes] = {}  # by identity: more than one layer may have it waiting
        self.hooks: deque[StartHook] = deque()

    @property
    def number(self) -> int:
        return self._tap.number

    @property
    def waiting(self) -> bool:
        """A request's head was read and has no answer yet."""
        return self._unanswered is not None

    @property
    def head_only(self) -> bool:
        return self._unanswered is not None and self._unanswered.request.method == "HEAD"

    @property
    def idle(self) -> bool:
        """No exchange is under way."""
        return self._open is None

    def remark(self, text: str) -> bool:
        """Say this of the exchange that is under way, at its end; False if there is none."""
        if self._open is None:
            return False
        self._remarks.add(text)
        return True

    def early(self, data: bytes) -> None:
        """The client sent *data*, which cannot go on yet. ``from_client`` comes when it does, if it ever does."""
        self._early[id(data)] = data

    def from_client(self, data: bytes) -> None:
        self._early.clear()
        self._pass_on(self._tap.from_client(data, self._clock()) if data else [])

    def from_server(self, data: bytes) -> None:
        self._pass_on(self._tap.from_server(data, self._clock()))

    def client_eof(self) -> None:
        self._pass_on(self._tap.client_eof(self._clock()))

    def server_eof(self) -> None:
        self._pass_on(self._tap.server_eof(self._clock()))

    def lost(self, why: str = "") -> None:
        """The connection is over; whatever is still open in it was cut, also what never reached the daemon."""
        self.from_client(b"".join(self._early.values()))
        self._pass_on(self._tap.lost(self._clock(), why))

    def _pass_on(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Opened(exchange):
                    self._unanswered, self._open = exchange, exchange.id
                case ResponseStarted(exchange):
                    self._answer(exchange)
                case Closed(exchange):
                    self._answer(exchange)
                    self._open = None
                case GaveUp():
                    self.tunnelled = True
            self._sink(self._remarks.on(event))

    def _answer(self, exchange: Exchange) -> None:
        self.answered += self._unanswered is not None
        self._unanswered = None
        self.tunnelled = self.tunnelled or exchange.tunnel is not None
