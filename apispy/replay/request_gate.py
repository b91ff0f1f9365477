"""Applies the session's gate (faults, requests from web pages) to one client's requests before they are looked up."""

from apispy import units
from apispy.gate import (
    GARBAGE,
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
from apispy.replay.client_connection import ClientConnection


class RequestGate:
    """The gate of one connection. Without a gate in the session, every request passes."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def apply(self, exchange: Exchange, *, whole: bool) -> bool | None:
        """Apply the gate to a request. *whole*: its body is complete.

        None: play the request as usual. Otherwise the gate has responded; True if the connection stays open.
        """
        self._connection.response_cut = None
        gate = self._connection.session.gate
        if gate is None:
            return None
        try:
            decision = gate.decide(exchange)
        except Exception as error:  # fail closed
            decision = internal_error(error)
        if decision is None or decision.passes:
            if decision is not None and decision.reason:
                self._connection.annotations.add(decision.reason)
            return None
        return await self._act(exchange, decision, whole)

    async def _act(self, exchange: Exchange, decision: Decision, whole: bool) -> bool | None:
        connection = self._connection
        if decision.delay:
            connection.annotations.add(
                f"delayed by apispy for {units.duration(decision.delay)}, {decision.reason}"
            )
            await connection.changes.wait_for(lambda: connection.disconnected, decision.delay)
        match decision.action:
            case RespondWith() as response:
                return await self._respond(exchange, response, decision.reason, whole)
            case DropAfter(size):
                connection.response_cut = ResponseTruncator(size)
                connection.cut_reason = f"cut by apispy, {decision.reason}"
            case Reset():
                connection.abort(f"reset by apispy, {decision.reason}", reset=True)
            case Garbage():
                connection.abort(f"answered with garbage by apispy, {decision.reason}", last=GARBAGE)
        return None

    async def _respond(self, exchange: Exchange, response: RespondWith, reason: str, whole: bool) -> bool:
        request = exchange.request
        client_closes = "close" in request.headers.text("connection").lower() or request.version == "1.0"
        close = response.closes or client_closes or not whole or "upgrade" in request.headers
        self._connection.annotations.add(f"answered by apispy: {reason}")
        data = error_response(
            response.status, response.message, head_only=request.method == "HEAD", close=close
        )
        await self._connection.send(data)
        return not close
