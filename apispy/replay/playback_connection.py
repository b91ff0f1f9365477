"""Responds to one live client's requests from the recording."""

from apispy.model import Exchange, Request
from apispy.replay.client_connection import ClientConnection
from apispy.replay.forward import ForwardingFailed, forward
from apispy.replay.http2_playback import Http2Playback
from apispy.replay.miss import Candidate, Miss
from apispy.replay.playback_session import Pace, PlaybackSession
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.request_gate import RequestGate
from apispy.replay.response import (
    BAD_REQUEST,
    PlayedResponse,
    daemon_disconnected,
    miss_response,
    recorded_response,
)
from apispy.replay.substitute import substitution_of
from apispy.replay.tunnel import TunnelPlayer
from apispy.sockets import Carrier
from apispy.structs import replace

BATCH_SIZE = 64 << 10
"""Bytes of chunks without a pause between them that are sent together."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class PlaybackConnection(ClientConnection):
    """One connection on *carrier*: each request is looked up in the recording and gets its response."""

    def __init__(self, session: PlaybackSession, carrier: Carrier, client: str) -> None:
        super().__init__(session, carrier, client)
        self._gate = RequestGate(self)

    async def serve(self) -> None:
        while await self._serve_next():
            pass
        if self.tries_http2 and self.received is not None and self.session.speaks_http2:
            await Http2Playback(self, self.received).serve()

    async def _serve_next(self) -> bool:
        """Respond to the next request. False: the connection is over."""
        early, exchange = await self._next_request()
        if exchange is None:
            refused = self.tries_http2 and not self.session.speaks_http2
            if (self.assembler.failure or refused) and not self.disconnected:
                await self._send_response(BAD_REQUEST)
            return False
        if (stays_open := await self._gate.apply(exchange, whole=not early)) is not None:
            return stays_open
        found = self.session.player.find(exchange)
        if isinstance(found, Miss):
            return await self._handle_miss(found, exchange, early) and not early
        if found.times_played == 1:  # a client that polls must not keep others waiting
            self.session.changes.notify()
        return await self._play(found, exchange) and not early

    async def _next_request(self) -> tuple[bool, Exchange | None]:
        """(whether its body is missing because it will be refused, the next request; None if there is none)."""
        assembler = self.assembler
        await self.changes.wait_for(
            lambda: bool(
                self.tries_http2
                or assembler.requests
                or assembler.incomplete
                or self.input_ended
                or assembler.failure
            ),
            None,
        )
        if self.tries_http2:
            return False, None
        self.received = None
        self.assembler.opened.clear()
        early = await self._early_request() if not assembler.requests and assembler.incomplete else None
        await self.changes.wait_for(
            lambda: bool(early or assembler.requests or self.input_ended or assembler.failure), None
        )
        if early:
            return True, early
        return False, assembler.requests.popleft() if assembler.requests else None

    async def _early_request(self) -> Exchange | None:
        """Handle ``Expect: 100-continue``: let the client send its body, or return the request to refuse it now."""
        exchange = self.assembler.incomplete
        assert exchange is not None
        request = exchange.request
        expects = request.headers.text("expect").lower() == "100-continue" and request.version != "1.0"
        if not expects or not request.announces_body:
            return None
        if self.session.forward_to is not None or self.session.player.expects_body(exchange):
            await self.send(CONTINUE)
            return None
        return self.assembler.so_far()

    async def _handle_miss(self, miss: Miss, exchange: Exchange, early: bool) -> bool:
        """Forward the request, or refuse it. True if the connection stays open."""
        if self.session.forward_to is not None and not early:
            try:
                return await forward(self, self.session.forward_to, exchange)
            except ForwardingFailed as error:
                miss = replace(miss, failure=str(error))
        return await self._refuse(miss, exchange)

    async def _refuse(self, miss: Miss, exchange: Exchange) -> bool:
        """Report *miss* to the user and to the client. True if the connection stays open."""
        self.session.record_miss(replace(miss, number=exchange.id))
        response = miss_response(miss, exchange.request, self.session.player.options.on_miss)
        await self._send_response(response)
        return not response.closes

    async def _send_response(self, response: PlayedResponse) -> None:
        """Send a whole response at once."""
        body = b"".join(response.framed(chunk.data) for chunk in response.chunks)
        await self.send(response.head + body + response.end)

    async def _play(self, recorded: RecordedCall, live: Exchange) -> bool:
        """Play *recorded* to the client that sent the request of *live*. True if the connection stays open."""
        if recorded.reason_unplayable:
            nearest = Candidate(recorded, {})
            return await self._refuse(Miss(recorded.request, nearest, recorded.reason_unplayable), live)
        if recorded.exchange.response is None:
            if not daemon_disconnected(recorded.exchange):  # the client did not wait for a response
                await self.wait_for_client_end()
            return False
        if recorded.exchange.tunnel is not None:
            await TunnelPlayer(self, recorded, live.request).play()
            return False
        return await self._play_response(recorded, live.request)

    async def _play_response(self, recorded: RecordedCall, request: Request) -> bool:
        player, exchange = self.session.player, recorded.exchange
        assert exchange.response is not None
        pace = Pace(player.options.speed, exchange.request.at)
        await self.session.wait_until_due(recorded, exchange.response.at)
        await pace.wait_until(exchange.response.at)
        response = recorded_response(recorded, request, substitution_of(player.live_texts()))
        batch = bytearray(response.head)
        for at, data in response.timed_data:
            has_to_wait = pace.remaining(at) > 0 or not self.session.is_due(recorded, at)
            if len(batch) > BATCH_SIZE or has_to_wait:
                await self.send(bytes(batch))
                batch.clear()
                await self.session.wait_until_due(recorded, at)
                await pace.wait_until(at)
            batch += data
        await self.send(bytes(batch))
        if response.ending == "open":
            await self.wait_for_client_end()
        return not response.closes
