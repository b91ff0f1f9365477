"""One request that has no recorded answer, carried to a daemon and back."""

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from apispy.endpoints import Endpoint
from apispy.errors import ApispyError
from apispy.model import Exchange
from apispy.replay.forward import ToDaemon, open_daemon, wire
from apispy.replay.miss import Miss
from apispy.sockets import Carrier

if TYPE_CHECKING:
    from apispy.replay.connection import Connection


class Forwarding:
    """The way of *exchange*, whose request is complete, to the daemon at *endpoint*."""

    def __init__(self, connection: "Connection", endpoint: Endpoint, exchange: Exchange, miss: Miss) -> None:
        self._connection, self._endpoint, self._exchange, self._miss = connection, endpoint, exchange, miss

    async def carry(self) -> bool:
        """Whether the client's connection goes on after it."""
        stage, request = self._connection.stage, self._exchange.request
        try:
            if request.body.cut:
                raise ApispyError(f"a request with {request.body.size} bytes is too large to be forwarded")
            daemon = await open_daemon(self._endpoint)
        except (ApispyError, OSError) as error:
            miss = replace(self._miss, why=f"it could not be forwarded: {error}")
            return await self._connection.refuse(miss, request)
        stage.player.forwarded += 1
        stage.forwarded.add(self._exchange.id)
        try:
            return await self._between(daemon)
        finally:
            daemon.close()

    async def _between(self, daemon: Carrier) -> bool:
        """Until the tap has seen the end of the answer, or of the tunnel."""
        connection, number = self._connection, self._exchange.id
        connection.inbox.listen(ToDaemon(daemon))
        daemon.write(wire(self._exchange.request))
        answering = asyncio.create_task(self._answer(daemon))
        try:
            await connection.pulse.until(
                lambda: connection.inbox.closed == number or answering.done() or connection.gone, None
            )
            over = connection.inbox.closed == number and not answering.done()
        finally:
            answering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await answering
        return over and not connection.inbox.was_tunnel and not connection.left

    async def _answer(self, daemon: Carrier) -> None:
        connection = self._connection
        with contextlib.suppress(OSError):
            while data := await daemon.read():
                await connection.send(data)
        connection.send_end()
        await connection.until_left()
