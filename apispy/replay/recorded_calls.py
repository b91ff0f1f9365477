"""The recorded calls, as they are held against live ones and played."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from apispy import engine
from apispy.engine.operation import Call
from apispy.model import Exchange
from apispy.redaction import Redactor
from apispy.replay.comparable_request import ComparableRequest, name_of

REPEATED = frozenset(("SystemPing", "SystemPingHead", "ContainerResize", "ExecResize"))
"""Operations whose number of calls says nothing: whether the daemon is there, how large the terminal is."""

SESSION = "Session"
"""BuildKit's. A capture holds nothing of its content, unless it was made with --show-secrets; it is played empty."""

OPAQUE_PROTOCOL = "h2c"
"""The protocol of tunnels of which a capture may hold no content."""


@dataclass(eq=False)
class RecordedCall:
    """One recorded call. *number* is its place in the record, from 1."""

    number: int
    exchange: Exchange
    redactor: Redactor = field(repr=False)
    played: int = 0  # how often

    @cached_property
    def asked(self) -> ComparableRequest:
        return ComparableRequest(self.exchange, self.redactor)

    @cached_property
    def call(self) -> Call:
        return engine.lookup(self.exchange.request.method, self.exchange.request.target)

    @property
    def name(self) -> str:
        """Of the operation, or the request's line."""
        return name_of(self.exchange.request.method, self.call)

    @property
    def asked_at(self) -> float:
        """When its request was made, Unix seconds."""
        return self.exchange.started + self.exchange.request.at

    @property
    def changes(self) -> bool:
        """Whether the call may change what others see."""
        return self.exchange.request.method not in ("GET", "HEAD") and not self.repeats

    @property
    def repeats(self) -> bool:
        """Whether it is played as often as it is asked for."""
        return self.call.operation.id in REPEATED

    @cached_property
    def unplayable(self) -> str:
        """Why it cannot be played, in a sentence; "" if it can."""
        exchange = self.exchange
        if exchange.response is None and exchange.end == "open":
            return "it had no answer yet when the record ended"
        if exchange.response is not None and not (exchange.tunnel or 200 <= exchange.response.status < 600):
            return f"its status {exchange.response.status} is none of an answer"
        for direction in ("response", "to_client"):
            body = exchange.streams.get(direction)
            if body is None or (not body.shown and self.call.operation.id == SESSION):
                continue
            if not body.shown:
                return "its answer was withheld because secrets stand in it; record with --show-secrets"
            if body.cut:
                return (
                    f"only {body.kept} of the {body.size} bytes of its answer were kept; "
                    "record with a larger --body-limit"
                )
        return ""


def recorded_calls_of(exchanges: Iterable[Exchange], redactor: Redactor) -> list[RecordedCall]:
    """In the order in which they were asked."""
    ordered = sorted(exchanges, key=lambda exchange: exchange.started + exchange.request.at)
    return [RecordedCall(number, exchange, redactor) for number, exchange in enumerate(ordered, 1)]
