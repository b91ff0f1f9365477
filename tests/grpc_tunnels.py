"""Recorded gRPC calls of BuildKit, made with h2: with their bytes, or with the messages that redaction lets pass; in
tunnels, or in calls of their own.
"""

from dataclasses import dataclass

from apispy import decoders
from apispy.capture.fixture import parse, read_document
from apispy.fixtures import encode_document, tidy
from apispy.model import Body, Chunk, Direction, Exchange, Response, Seen, Tunnel
from apispy.outputs import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.redaction import Policy, Redactor
from apispy.structs import replace
from apispy.tap import ConnectionTap
from tests.h2_peer import Peers
from tests.recorded_calls import call, headers

UPGRADE = (("Connection", "Upgrade"), ("Upgrade", "h2c"))


@dataclass
class TunnelBuilder:
    """A tunnel that is made step by step: each ``step`` delivers what the *peers* have queued, at a time of its own."""

    peers: Peers
    daemon_calls: bool = False
    at: float = 0.01
    chunks: tuple[list[Chunk], list[Chunk]] = ((), ())  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.chunks = ([], [])
        self.step()

    def step(self, seconds: float = 0.01) -> None:
        """Deliver everything, *seconds* after the last step; what the caller sent comes first."""
        for side, data in enumerate(self.peers.exchange()):
            self.at += seconds
            if data:
                self.chunks[side].append(Chunk(self.at, data))

    def exchange(
        self, number: int, target: str, *fields: tuple[str, str], begins: float | None = None
    ) -> Exchange:
        """The call that opened the tunnel."""
        bodies = [
            Body(tuple(chunks), sum(len(chunk.data) for chunk in chunks), ended_at=self.at)
            for chunks in self.chunks
        ]
        to_server, to_client = reversed(bodies) if self.daemon_calls else bodies
        opened = call(number, "POST", target, begins=begins, fields=(*UPGRADE, *fields))
        return replace(
            opened,
            response=Response(101, "Switching Protocols", headers=headers(*UPGRADE), at=0.001),
            tunnel=Tunnel("h2c", to_server, to_client),
            duration=self.at,
        )


def withheld(exchange: Exchange, redactor: Redactor | None = None) -> Exchange:
    """The exchange as a capture without --show-secrets has it."""
    cleaning = (redactor or Redactor()).for_exchange(exchange)
    tunnel = exchange.tunnel
    assert tunnel is not None
    sides: list[tuple[Direction, Body]] = [("to_server", tunnel.to_server), ("to_client", tunnel.to_client)]
    methods: dict[int, str] = {}
    reading = {name: decoders.make("h2c", decoders.GrpcContext(name, methods=methods)) for name, _ in sides}
    seen: dict[Direction, list[Seen]] = {"to_server": [], "to_client": []}
    pieces = [(chunk.at, name, chunk.data) for name, body in sides for chunk in body.chunks]
    for at, name, data in sorted(pieces, key=lambda piece: piece[0]):
        seen[name] += [Seen(at, cleaning.item(name, item)) for item in reading[name].feed(data)]
    for name, body in sides:
        clean = replace(body, chunks=(), shown=False, seen=tuple(seen[name]))
        exchange = exchange.with_stream(name, clean)
    return exchange


class _Calls(Output):
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def write(self, decoded: DecodedCall) -> None:
        self.exchanges.append(decoded.exchange)


def native(exchange: Exchange, *, show_secrets: bool) -> list[Exchange]:
    """The gRPC calls in a tunnel of /grpc as apispy records them on a connection of HTTP/2 from the first byte."""
    tunnel, seen = exchange.tunnel, _Calls()
    assert tunnel is not None
    pipeline = Pipeline([seen], redactor=Redactor(Policy(show_secrets=show_secrets)))
    numbers = iter(range(exchange.id * 100, exchange.id * 100 + 100))
    tap = ConnectionTap(exchange.connection, "client", "daemon", numbers.__next__)
    sides = ((tunnel.to_server, tap.from_client), (tunnel.to_client, tap.from_server))
    pieces = [(chunk.at, chunk.data, step) for body, step in sides for chunk in body.chunks]
    for at, data, step in sorted(pieces, key=lambda piece: piece[0]):
        for event in step(data, exchange.started + at):
            pipeline.feed(event)
    for event in tap.lost(exchange.started + exchange.duration):
        pipeline.feed(event)
    return seen.exchanges


def in_fixture(exchanges: list[Exchange], *, show_secrets: bool) -> list[Exchange]:
    """The calls of a recording as a replay reads them from the fixture that is made of it."""
    document = encode_document(tidy(exchanges, policy=Policy(show_secrets=show_secrets)))
    return read_document(parse(document), 1_790_000_000)


@dataclass(frozen=True)
class Kind:
    """How a recording has the gRPC calls of a tunnel: with their bytes, in calls of their own, in a fixture."""

    has_bytes: bool = False
    is_native: bool = False
    is_fixture: bool = False

    def record(self, *exchanges: Exchange) -> list[Exchange]:
        """Record what passed in tunnels."""
        found: list[Exchange] = []
        for exchange in exchanges:
            if self.is_native:
                found += native(exchange, show_secrets=self.has_bytes)
            else:
                found.append(exchange if self.has_bytes else withheld(exchange))
        return in_fixture(found, show_secrets=self.has_bytes) if self.is_fixture else found


KINDS = {
    f"{'native-' * is_native}{'bytes' if has_bytes else 'withheld'}{'-fixture' * is_fixture}": Kind(
        has_bytes, is_native, is_fixture
    )
    for is_fixture in (False, True)
    for is_native in (False, True)
    for has_bytes in (True, False)
}
