"""Recorded tunnels of BuildKit, made with h2: with their bytes, or with the messages that redaction lets pass."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from apispy import decoders
from apispy.model import Body, Chunk, Direction, Exchange, Response, Seen, Tunnel
from apispy.redaction import Redactor
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


KINDS: dict[str, Callable[[Exchange], Exchange]] = {"bytes": lambda exchange: exchange, "withheld": withheld}
"""How a recording has a tunnel."""
