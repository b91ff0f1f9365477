"""One live client's requests: looked up in the record, and answered."""

from apispy.model import Exchange, Request
from apispy.replay.client_connection import ClientConnection
from apispy.replay.forwarding import Forwarding
from apispy.replay.miss import Miss, Tried
from apispy.replay.playback_session import Pace
from apispy.replay.player import Hit
from apispy.replay.recorded_calls import RecordedCall
from apispy.replay.refusal import BAD_REQUEST, refusal
from apispy.replay.response import RecordedResponse, daemon_left, response_of
from apispy.replay.substitute import swap_of
from apispy.replay.tunnel import Tunneller, mismatch_of

BATCH = 64 << 10
"""Bytes of pieces without a pause between them that are sent together."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(ClientConnection):
    """Carries one connection on *carrier* until it ends."""

    async def serve(self) -> None:
        while await self._next():
            pass

    async def _next(self) -> bool:
        """Answer one request. False: the connection is over."""
        inbox = self.inbox
        await self.pulse.until(lambda: bool(inbox.requests or inbox.head or self.left or inbox.broken), None)
        early = await self._early() if not inbox.requests and inbox.head else None
        await self.pulse.until(lambda: bool(early or inbox.requests or self.left or inbox.broken), None)
        exchange = early or (inbox.requests.popleft() if inbox.requests else None)
        if exchange is None:
            if inbox.broken and not self.gone:
                await self.answer(BAD_REQUEST)
            return False
        if (goes_on := await self.gated.decide(exchange, whole=not early)) is not None:
            return goes_on
        found = self.stage.player.find(exchange)
        if isinstance(found, Miss):
            if self.stage.daemon is not None and not early:
                return await Forwarding(self, self.stage.daemon, exchange, found).carry()
            return await self.refuse(found, exchange.request) and not early
        if found.entry.played == 1:  # what is asked again and again must not make others wait
            self.stage.pulse.beat()
        return await self._play(found, exchange.request) and not early

    async def _early(self) -> Exchange | None:
        """For a client that asks whether it may send its body: let it, or give the request as it is, to be refused."""
        assert self.inbox.head is not None
        request = self.inbox.head.request
        asks = request.headers.text("expect").lower() == "100-continue" and request.version != "1.0"
        if not asks or not request.announces_body:
            return None
        if self.stage.daemon is not None or self.stage.player.expects_body(self.inbox.head):
            await self.send(CONTINUE)
            return None
        return self.inbox.so_far()

    async def refuse(self, miss: Miss, request: Request) -> bool:
        """Tell the client, and everybody. Whether the connection goes on."""
        self.stage.miss(miss)
        answer = refusal(miss, request, self.stage.player.options.on_miss)
        await self.answer(answer)
        return not answer.closes

    async def answer(self, answer: RecordedResponse) -> None:
        """A whole answer at once."""
        body = b"".join(answer.framed(piece.data) for piece in answer.pieces)
        await self.send(answer.head + body + answer.end)

    async def _play(self, hit: Hit, request: Request) -> bool:
        entry = hit.entry
        if entry.unplayable:
            return await self.refuse(Miss(entry.asked, Tried(entry, {}), entry.unplayable), request)
        if entry.exchange.response is None:
            return await self._silence(entry)
        if entry.exchange.tunnel is not None:
            await Tunneller(self, entry, request).play()
            return False
        return await self._answer(entry, request)

    async def _silence(self, entry: RecordedCall) -> bool:
        """There was no answer in the record: the daemon broke off, or the client did not wait for one."""
        if not daemon_left(entry.exchange):
            await self.until_left()
        return False

    async def _answer(self, entry: RecordedCall, request: Request) -> bool:
        player, response = self.stage.player, entry.exchange.response
        assert response is not None
        pace = Pace(player.options.speed, entry.exchange.request.at)
        await self.stage.until_due(entry, response.at)
        await pace.keep(response.at)
        answer = response_of(entry, request, swap_of(player.live_texts()))
        ready = bytearray(answer.head)
        for at, data in answer.script:
            if len(ready) > BATCH or self._has_to_wait(entry, pace, at):
                await self.send(bytes(ready))
                ready.clear()
                await self.stage.until_due(entry, at)
                await pace.keep(at)
            ready += data
        await self.send(bytes(ready))
        if answer.ending == "stays":
            await self.until_left()
        return not answer.closes

    def _has_to_wait(self, entry: RecordedCall, pace: Pace, at: float) -> bool:
        return pace.pause(at) > 0 or not self.stage.may_come(entry, at)

    def tell_mismatch(self, entry: RecordedCall, why: str) -> None:
        """A tunnel's client said something else than in the record."""
        miss = mismatch_of(entry, why)
        self.stage.miss(miss)
