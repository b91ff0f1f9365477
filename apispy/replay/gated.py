"""What the gate does to the requests of one live client, before they are looked up in the record."""

from typing import TYPE_CHECKING

from apispy.gate import (
    GARBAGE,
    Annotations,
    Decision,
    DropAfter,
    Garbage,
    Reset,
    RespondWith,
    ResponseTruncator,
    error_response,
    internal_error,
)
from apispy.model import Exchange
from apispy.outputs import units
from apispy.tap.events import Event

if TYPE_CHECKING:
    from apispy.replay.client_connection import ClientConnection


class Gated:
    """Of one connection. Without a gate every request passes."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection
        self._remarks = Annotations()
        self._cut: ResponseTruncator | None = None
        self._cut_by = ""

    def said(self, event: Event) -> Event:
        """A tap's event, with what was done to its call."""
        return self._remarks.apply_to(event)

    def allowed(self, data: bytes) -> tuple[bytes, str]:
        """What may be sent of a part of an answer; and why the connection ends behind it, or ""."""
        if self._cut is None:
            return data, ""
        data, ends = self._cut.feed(data)
        return data, f"cut by apispy, {self._cut_by}" if ends else ""

    async def decide(self, exchange: Exchange, *, whole: bool) -> bool | None:
        """None: the request is to be answered as always. Else it was seen to, and whether the connection goes on."""
        self._cut = None
        gate = self._connection.stage.gate
        if gate is None:
            return None
        try:
            decision = gate.decide(exchange)
        except Exception as error:  # it fails closed
            decision = internal_error(error)
        return None if decision is None or decision.passes else await self._act(exchange, decision, whole)

    async def _act(self, exchange: Exchange, decision: Decision, whole: bool) -> bool | None:
        connection = self._connection
        if decision.delay:
            self._remarks.add(f"delayed by apispy for {units.duration(decision.delay)}, {decision.reason}")
            await connection.pulse.until(lambda: connection.gone, decision.delay)
        match decision.action:
            case RespondWith() as answer:
                return await self._answer(exchange, answer, decision.reason, whole)
            case DropAfter(size):
                self._cut, self._cut_by = ResponseTruncator(size), decision.reason
            case Reset():
                connection.end(f"reset by apispy, {decision.reason}", reset=True)
            case Garbage():
                connection.end(f"answered with garbage by apispy, {decision.reason}", last=GARBAGE)
        return None

    async def _answer(self, exchange: Exchange, answer: RespondWith, why: str, whole: bool) -> bool:
        request = exchange.request
        asked_to_close = "close" in request.headers.text("connection").lower() or request.version == "1.0"
        close = answer.closes or asked_to_close or not whole or "upgrade" in request.headers
        self._remarks.add(f"answered by apispy: {why}")
        data = error_response(answer.status, answer.message, head_only=request.method == "HEAD", close=close)
        await self._connection.send(data)
        return not close
