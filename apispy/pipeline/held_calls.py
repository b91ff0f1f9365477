"""The events of short calls, held until the call is over, so that it is redacted and decoded once.

Only calls are held of which outputs show nothing before their end. Secrets that a call teaches are hidden in later
calls, so no event of another call may be handled in between: when one comes, the call that may teach something is
released, and handled event by event. A request without a body and without secrets teaches nothing, so such a call is
held across events of others until its response begins: then all of it comes at once, unless it is long.
"""

from collections.abc import Callable

from apispy import engine
from apispy.model import Exchange
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, ResponseStarted

MAX_BYTES = 16 << 10
"""Bytes of bodies in the events that are held of one call."""

MAX_CALLS = 1000
"""Calls that are held at a time."""


class HeldCalls:
    """Holds the events of open calls. *teaches_nothing* tells whether a request's head certainly has no secrets."""

    def __init__(self, teaches_nothing: Callable[[Exchange], bool]) -> None:
        self._teaches_nothing = teaches_nothing
        self._events: dict[int, list[Event]] = {}  # by the number of the call, in order
        self._exclusive: int | None = None  # the held call that may teach something
        self._size = 0  # bytes of its bodies

    def take(self, event: Event) -> list[list[Event]]:
        """Take the next event; return those to be handled now, each call's in a list, in the order to handle them.

        A list with all events of a call, from Opened to Closed, may be handled as one finished exchange.
        """
        match event:
            case Opened(exchange):
                return self._open(event, exchange)
            case Closed(exchange) | ResponseStarted(exchange):
                number = exchange.id
            case GaveUp():
                return [[event]]
            case _:
                number = event.exchange_id
        held = self._events.get(number)
        released = self._before(number)
        if held is None:
            return [*released, [event]]
        held.append(event)
        return [*released, *self._continue(number, event, held)]

    def release(self) -> list[list[Event]]:
        """Release all calls, in the order in which they began."""
        found = list(self._events.values())
        self._events.clear()
        self._exclusive = None
        return found

    def _open(self, event: Opened, exchange: Exchange) -> list[list[Event]]:
        released = self._before(exchange.id)
        call = engine.lookup(exchange.request.method, exchange.request.target)
        if call.stays_open or event.refused or len(self._events) >= MAX_CALLS:
            return [*released, [event]]
        self._events[exchange.id] = [event]
        if exchange.request.announces_body or not self._teaches_nothing(exchange):
            self._exclusive, self._size = exchange.id, 0
        return released

    def _continue(self, number: int, event: Event, held: list[Event]) -> list[list[Event]]:
        """Release the call of *event* if it is over, or not to be held any longer."""
        match event:
            case Closed():
                return [self._let_go(number)]
            case ResponseStarted(exchange):
                if exchange.tunnel is not None:
                    return [self._let_go(number)]
                self._hold_alone(number)
            case Data(_, _, _, chunk):
                self._hold_alone(number)
                self._size += len(chunk.data)
                if self._size > MAX_BYTES:
                    return [self._let_go(number)]
        return []

    def _hold_alone(self, number: int) -> None:
        if self._exclusive != number:
            self._exclusive, self._size = number, 0

    def _before(self, number: int) -> list[list[Event]]:
        """Release the call that may teach something, before an event of another call."""
        if self._exclusive is None or self._exclusive == number:
            return []
        return [self._let_go(self._exclusive)]

    def _let_go(self, number: int) -> list[Event]:
        if self._exclusive == number:
            self._exclusive = None
        return self._events.pop(number)
