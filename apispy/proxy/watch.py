"""One connection's tap, between the layer that forwards and the pipeline that shows."""

from collections import deque
from collections.abc import Callable

from mitmproxy.proxy.commands import StartHook

from apispy.model import Exchange
from apispy.tap import Answered, Closed, ConnectionTap, Event, Opened

Sink = Callable[[Event], None]


class Watch:
    """Feeds the tap with what went by and hands its events to *sink*.

    ``hooks`` holds hooks of mitmproxy's that are to be fired for what was read; the layer takes them from there.
    """

    def __init__(self, tap: ConnectionTap, sink: Sink, clock: Callable[[], float]) -> None:
        self._tap = tap
        self._sink = sink
        self._clock = clock
        self._unanswered: Exchange | None = None
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
            if isinstance(event, Opened):
                self._unanswered = event.exchange
            elif isinstance(event, Answered | Closed):
                self._unanswered = None
            self._sink(event)
