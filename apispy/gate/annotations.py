"""What apispy did to a call is said at its end, with the call."""

from dataclasses import replace

from apispy.tap.events import Closed, Event


class Annotations:
    """Of one connection, for the call that is under way there."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        self._texts.append(text)

    def on(self, event: Event) -> Event:
        """The same event; an exchange that is over with what was remarked, as its last problems."""
        if not self._texts or not isinstance(event, Closed):
            return event
        problems, self._texts = (*event.exchange.problems, *self._texts), []
        return Closed(replace(event.exchange, problems=problems))
