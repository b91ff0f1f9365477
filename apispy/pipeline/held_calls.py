"""The events of short calls, held until the call is over, so that it is redacted and decoded once.

Only calls are held of which outputs show nothing before their end. Secrets that a call teaches are hidden in later
calls, so no event of another call may be handled in between: when one comes, the call that may teach something is
released, and handled event by event. A request without a body and without secrets teaches nothing, so such a call is
held across events of others until its response begins: then all of it comes at once, unless it is long.
"""

from collections.abc import Callable, Sequence

from apispy.model import Exchange
from apispy.pipeline.fast_stats import look_up
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, ResponseStarted, StreamEnded

MAX_BYTES = 16 << 10
"""Bytes of bodies in the events that are held of one call."""

MAX_CALLS = 1000
"""Calls that are held at a time."""

Runs = list[list[Event]]
"""Events to be handled, in order. A run with all events of a call, from Opened to Closed, may be handled as one
finished exchange."""

NONE: Runs = []
"""No events: what most events release. It is shared, so nobody may change it."""


class HeldCalls:
    """Holds the events of open calls. *teaches_nothing* tells whether a request's head certainly has no secrets."""

    def __init__(self, teaches_nothing: Callable[[Exchange], bool]) -> None:
        self._teaches_nothing = teaches_nothing
        self._events: dict[int, list[Event]] = {}  # by the number of the call, in order
        self._exclusive: int | None = None  # the held call that may teach something
        self._unproven: Exchange | None = (
            None  # its request, if nobody has asked yet whether it teaches something
        )
        self._size = 0  # bytes of its bodies

    def take(self, event: Event) -> Runs:
        """Take the next event; return those to be handled now, in the order to handle them."""
        if type(event) is StreamEnded or type(event) is Data:  # most events; each check takes time
            number = event.exchange_id
        elif isinstance(event, Opened):
            return self._open(event)
        elif isinstance(event, GaveUp):
            return [[event]]
        elif isinstance(event, Closed | ResponseStarted):
            number = event.exchange.id
        else:
            number = event.exchange_id
        released = NONE if self._exclusive == number else self._before()
        held = self._events.get(number)
        if held is None:
            return [*released, [event]]
        held.append(event)
        if type(event) is not StreamEnded and self._is_over(number, event):
            return [*released, self._let_go(number)]
        return released

    def hold(self, events: Sequence[Event]) -> bool:
        """Hold the first events of a call, from Opened on; return False, and hold nothing, if it is not to be held.

        Nor does it hold anything if another call has to be considered first, or the request has a body: then ``take``
        gets the events one by one, which gives the same in more steps.
        """
        opened = events[0]
        if self._exclusive is not None or type(opened) is not Opened:
            return False
        exchange, request = opened.exchange, opened.exchange.request
        for event in events[1:]:
            if type(event) is not StreamEnded or event.exchange_id != exchange.id:
                return False
        _, stays_open, _, _ = look_up(request.method, request.target)
        if stays_open or opened.refused or len(self._events) >= MAX_CALLS:
            return False
        self._events[exchange.id] = [*events]
        # Most calls are over before another one begins: then nobody needs to know whether their heads teach something.
        self._exclusive, self._size, self._unproven = exchange.id, 0, exchange
        return True

    def take_response(self, events: Sequence[Event]) -> list[Event] | None:
        """Take all events of a response that comes at once, and return those of its call.

        None, and nothing is taken, if *events* are anything else, or the call is not the one that may teach something:
        then ``take`` gets them one by one, too.
        """
        number, first, last = self._exclusive, events[0], events[-1]
        if number is None or type(first) is not ResponseStarted or type(last) is not Closed:
            return None
        if first.exchange.id != number or last.exchange.id != number or first.exchange.tunnel is not None:
            return None
        size = self._size
        for event in events[1:-1]:
            if type(event) is Data and event.exchange_id == number:
                size += len(event.chunk.data)
            elif type(event) is not StreamEnded or event.exchange_id != number:
                return None
        return None if size > MAX_BYTES else [*self._let_go(number), *events]

    def release(self) -> Runs:
        """Release all calls, in the order in which they began."""
        found = list(self._events.values())
        self._events.clear()
        self._exclusive = self._unproven = None
        return found

    def _open(self, event: Opened) -> Runs:
        released = self._before()
        return released if self.hold((event,)) else [*released, [event]]

    def _is_over(self, number: int, event: Event) -> bool:
        """Whether a held call ends with its new event, or is not to be held any longer."""
        if isinstance(event, Closed):
            return True
        if not isinstance(event, ResponseStarted | Data):
            return False
        self._unproven = None
        if self._exclusive != number:
            self._exclusive, self._size = number, 0
        if isinstance(event, ResponseStarted):
            return event.exchange.tunnel is not None
        self._size += len(event.chunk.data)
        return self._size > MAX_BYTES

    def _before(self) -> Runs:
        """Release the call that may teach something, before an event of another call."""
        unproven = self._unproven
        if unproven is not None:
            self._unproven = None
            if not unproven.request.announces_body and self._teaches_nothing(unproven):
                self._exclusive = None
        return NONE if self._exclusive is None else [self._let_go(self._exclusive)]

    def _let_go(self, number: int) -> list[Event]:
        if self._exclusive == number:
            self._exclusive = self._unproven = None
        return self._events.pop(number)
