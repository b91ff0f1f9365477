"""Plays a hijacked or upgraded connection in both directions."""

import base64
import hashlib

from apispy.model import Body, Headers, Request
from apispy.replay.client_connection import ClientConnection
from apispy.replay.grpc_playback import GrpcPlayback
from apispy.replay.grpc_session import GrpcSession
from apispy.replay.matching import Difference
from apispy.replay.miss import Candidate, Miss
from apispy.replay.playback_session import Pace
from apispy.replay.recorded_calls import OPAQUE_PROTOCOL, SESSION, SESSION_HEADER, RecordedCall
from apispy.replay.response import PlayedResponse, daemon_disconnected
from apispy.replay.stdin_matching import AnyInput, ByteMatcher, MessageMatcher, StdinMatcher, StdinTimeline
from apispy.replay.substitute import substitute, substitution_of
from apispy.replay.tunnel_input import TunnelInput

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""

STDIN_MATCHER = "stdin"


class TunnelPlayer:
    """Plays the tunnel of one recorded call to the client that sent *request*."""

    def __init__(self, connection: ClientConnection, recorded: RecordedCall, request: Request) -> None:
        self._connection, self._recorded, self._request = connection, recorded, request
        tunnel = recorded.exchange.tunnel
        assert tunnel is not None
        self._tunnel = tunnel
        self._stdin = _stdin_matcher(recorded, compared=self._compares_stdin)
        self._timeline = StdinTimeline(tunnel.to_server)

    async def play(self) -> None:
        """Play the tunnel to its end. Raises ClientDisconnected."""
        connection, recorded = self._connection, self._recorded
        player, response = connection.session.player, recorded.exchange.response
        assert response is not None
        pace = Pace(player.options.speed, recorded.exchange.request.at)
        await pace.wait_until(response.at)
        if self._tunnel.protocol == OPAQUE_PROTOCOL:
            await self._play_grpc()
            return
        connection.assembler.pass_stdin_to(self._stdin)
        await self._send_head()
        output = self._tunnel.to_client
        substitution = substitution_of(player.live_texts())
        for chunk in substitute(output.chunks, recorded.call.operation.response, substitution):
            if not await self._wait_for_input(chunk.at):
                return
            await pace.wait_until(chunk.at)
            await connection.send(chunk.data)
        await self._end(output)

    async def _play_grpc(self) -> None:
        """Play a tunnel of BuildKit, by the gRPC calls in it."""
        connection = self._connection
        received = TunnelInput(connection)
        connection.assembler.pass_stdin_to(received)
        await self._send_head()
        if self._recorded.call.operation.id == SESSION:
            await GrpcSession(connection, self._request.headers.text(SESSION_HEADER), received).serve()
        else:
            await GrpcPlayback(connection, self._recorded, received).serve()

    async def _send_head(self) -> None:
        await self._connection.send(self._head())
        await self._connection.wait_until_read()

    async def _end(self, output: Body) -> None:
        """End the tunnel as the recorded daemon did, then wait for the client."""
        connection, stdin = self._connection, self._stdin
        if output.ended_at is not None:
            last = output.chunks[-1].at if output.chunks else 0.0
            client_ended = self._tunnel.to_server.ended_at
            at_end = client_ended is not None and client_ended > last
            if not await self._wait_for_input(output.ended_at, at_end=at_end):
                return
            connection.send_eof()
        elif daemon_disconnected(self._recorded.exchange):
            return
        await connection.changes.wait_for(lambda: connection.input_ended or bool(stdin.problem), None)
        if stdin.problem:
            self._record_miss()

    async def _wait_for_input(self, at: float, *, at_end: bool = False) -> bool:
        """Wait for what preceded the moment *at* of the recording. False if the client sent something else: a miss."""
        connection, stdin = self._connection, self._stdin
        position = self._timeline.position_at(at, at_end=at_end)
        await connection.session.wait_until_due(self._recorded, at)
        patience = connection.session.player.options.patience
        arrived = await connection.changes.wait_for(
            lambda: stdin.has_reached(position) or bool(stdin.problem) or connection.disconnected, patience
        )
        if not arrived:
            awaited = "input that came earlier in the recording"
            connection.session.report_timeout(self._recorded, awaited, patience)
        if stdin.problem:
            self._record_miss()
        return not stdin.problem

    def _record_miss(self) -> None:
        """Report input that differs from the recorded one."""
        recorded, problem = self._recorded, self._stdin.problem
        difference = Difference(STDIN_MATCHER, None, None, problem)
        candidate = Candidate(recorded, {STDIN_MATCHER: [difference]})
        self._connection.session.record_miss(Miss(recorded.request, candidate, problem))

    @property
    def _compares_stdin(self) -> bool:
        matchers = self._connection.session.player.options.matchers
        return any(matcher.name == STDIN_MATCHER for matcher in matchers)

    def _head(self) -> bytes:
        response = self._recorded.exchange.response
        assert response is not None
        key = self._request.headers.text("sec-websocket-key")
        fields = tuple(
            (name, _websocket_accept(key) if name.lower() == b"sec-websocket-accept" else value)
            for name, value in response.headers
        )
        return PlayedResponse(response.status, response.reason, Headers(fields), "close", "open", True).head


def _stdin_matcher(recorded: RecordedCall, *, compared: bool) -> StdinMatcher:
    """The matcher for the client's direction of the tunnel."""
    tunnel = recorded.exchange.tunnel
    assert tunnel is not None
    sent, received = tunnel.to_server, tunnel.to_client
    if not compared or b"<redacted" in sent.data:
        return AnyInput()
    ends_first = sent.ended_at is not None and (
        received.ended_at is None or sent.ended_at < received.ended_at
    )
    if tunnel.protocol == "websocket":
        return MessageMatcher(sent, "websocket", ends_first=ends_first)
    return ByteMatcher(sent, ends_first=ends_first)


def _websocket_accept(key: str) -> bytes:
    digest = hashlib.sha1(key.encode("latin-1") + WEBSOCKET_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest)
