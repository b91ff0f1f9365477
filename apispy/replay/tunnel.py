"""A hijacked or upgraded connection, played both ways."""

import base64
import hashlib
from bisect import bisect_left
from typing import TYPE_CHECKING

from apispy.model import Body, Headers, Request
from apispy.replay.h2c import SILENT_DAEMON, H2cMatcher
from apispy.replay.matching import Difference
from apispy.replay.miss import Miss, Tried
from apispy.replay.playback_session import Pace
from apispy.replay.recorded_calls import OPAQUE_PROTOCOL, RecordedCall
from apispy.replay.response import RecordedResponse, daemon_left
from apispy.replay.stdin_matching import AnyInput, ByteMatcher, Marks, MessageMatcher, StdinMatcher
from apispy.replay.substitute import swap_of, swapped

if TYPE_CHECKING:
    from apispy.replay.connection import Connection

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""

STDIN = "stdin"

FOR_EVER = float("inf")


class Tunneller:
    """Plays the tunnel of one recorded call to a live *request*."""

    def __init__(self, connection: "Connection", entry: RecordedCall, request: Request) -> None:
        self._connection, self._entry, self._request = connection, entry, request
        tunnel = entry.exchange.tunnel
        assert tunnel is not None
        self._tunnel = tunnel
        self._talk = talk_of(entry, compared=self._compares)
        self._marks = Marks(tunnel.to_server)
        self._due = [piece.at for piece in tunnel.to_client.chunks]
        self._played = (
            0.0 if tunnel.to_client.chunks else FOR_EVER
        )  # the moment of the last piece that was played
        if self._withheld:
            self._played = FOR_EVER
        connection.stage.sessions.open(entry, self)

    async def play(self) -> None:
        connection, entry = self._connection, self._entry
        player, response = connection.stage.player, entry.exchange.response
        assert response is not None
        pace = Pace(player.options.speed, entry.exchange.request.at)
        await pace.keep(response.at)
        connection.inbox.listen(self._talk, others_wait=self._tunnel.protocol == OPAQUE_PROTOCOL)
        await connection.send(self._head())
        await connection.until_read()
        output = self._tunnel.to_client
        if self._withheld:
            await connection.send(SILENT_DAEMON)
            await connection.until_left()
            return
        for piece in swapped(output.chunks, entry.call.operation.response, swap_of(player.live_texts())):
            if not await self._may_say(piece.at):
                return
            await pace.keep(piece.at)
            await connection.send(piece.data)
            self._played = piece.at
            connection.stage.pulse.beat()
        self._played = FOR_EVER
        await self._end(output)

    def caught_up(self, at: float) -> bool:
        """Whether all that went through the tunnel until Unix time *at* of the record has gone through it now."""
        since = at - self._entry.exchange.started
        due = bisect_left(self._due, since)
        if due and self._played < self._due[due - 1]:
            return False
        return self._talk.reached(self._marks.at(since))

    async def _end(self, output: Body) -> None:
        connection = self._connection
        if output.ended_at is not None:
            last = output.chunks[-1].at if output.chunks else 0.0
            client_ended = self._tunnel.to_server.ended_at
            if not await self._may_say(
                output.ended_at, at_end=client_ended is not None and client_ended > last
            ):
                return
            connection.send_end()
        elif daemon_left(self._entry.exchange):
            return
        await connection.pulse.until(lambda: connection.left or bool(self._talk.problem), None)
        if self._talk.problem:
            connection.tell_mismatch(self._entry, self._talk.problem)

    async def _may_say(self, at: float, *, at_end: bool = False) -> bool:
        """Wait until what came before this moment has come. False: the client said something else; it has been told."""
        connection, talk = self._connection, self._talk
        mark = self._marks.at(at, at_end=at_end)
        await connection.stage.until_due(self._entry, at)
        patience = connection.stage.player.options.patience
        came = await connection.pulse.until(
            lambda: talk.reached(mark) or bool(talk.problem) or connection.gone, patience
        )
        if not came:
            connection.stage.went_on(self._entry, "input that came before in the record", patience)
        if talk.problem:
            connection.tell_mismatch(self._entry, talk.problem)
        return not talk.problem

    @property
    def _withheld(self) -> bool:
        return self._tunnel.protocol == OPAQUE_PROTOCOL and not self._tunnel.to_client.shown

    @property
    def _compares(self) -> bool:
        return any(matcher.name == STDIN for matcher in self._connection.stage.player.options.matchers)

    def _head(self) -> bytes:
        response = self._entry.exchange.response
        assert response is not None
        key = self._request.headers.text("sec-websocket-key")
        fields = tuple(
            (name, _accept(key) if name.lower() == b"sec-websocket-accept" else value)
            for name, value in response.headers
        )
        return RecordedResponse(
            response.status, response.reason, Headers(fields), "close", "stays", True
        ).head


def talk_of(entry: RecordedCall, *, compared: bool) -> StdinMatcher:
    """What the client's side of the tunnel is held against."""
    tunnel = entry.exchange.tunnel
    assert tunnel is not None
    said, answered = tunnel.to_server, tunnel.to_client
    if tunnel.protocol == OPAQUE_PROTOCOL:
        return H2cMatcher(said)
    if not compared or b"<redacted" in said.data:
        return AnyInput()
    ends_first = said.ended_at is not None and (
        answered.ended_at is None or said.ended_at < answered.ended_at
    )
    if tunnel.protocol == "websocket":
        return MessageMatcher(said, "websocket", ends_first=ends_first)
    return ByteMatcher(said, ends_first=ends_first)


def mismatch_of(entry: RecordedCall, why: str) -> Miss:
    return Miss(entry.asked, Tried(entry, {STDIN: [Difference(STDIN, None, None, why)]}), why)


def _accept(key: str) -> bytes:
    digest = hashlib.sha1(key.encode("latin-1") + WEBSOCKET_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest)
