"""Hand-made frames of a client in BuildKit's tunnel, also such as no client sends."""

from collections.abc import Iterable
from typing import Any

from hpack import Encoder

from apispy.http2 import PREFACE
from tests.h2_peer import message
from tests.protobuf_writer import mapped, pb

CONTROL, BRIDGE = "/moby.buildkit.v1.Control/", "/moby.buildkit.v1.frontend.LLBBridge/"
SOLVE, INFO, WORKERS, PRUNE = f"{CONTROL}Solve", f"{CONTROL}Info", f"{CONTROL}ListWorkers", f"{CONTROL}Prune"
FRONTEND_SOLVE = f"{BRIDGE}Solve"

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END, END_HEADERS, PADDED, PRIORITIZED = 1, 4, 8, 0x20


def frame(kind: int, payload: bytes = b"", stream: int = 0, flags: int = 0) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


START = PREFACE + frame(SETTINGS)
"""What every tunnel begins with."""


class Caller:
    """Makes calls as gRPC's clients do, with the table of header fields that makes one depend on those before it."""

    def __init__(self) -> None:
        self.encoder = Encoder()
        self.stream = -1

    def fields(self, path: str, **more: str) -> list[tuple[str, str]]:
        named = [(name.replace("_", "-"), value) for name, value in more.items()]
        return [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
            *([] if "content_type" in more else [("content-type", "application/grpc")]),
            ("te", "trailers"), ("user-agent", "grpc-go/1.72"), *named,
        ]  # fmt: skip

    def head(
        self, path: str, *, flags: int = END_HEADERS, fields: Iterable[tuple[str, str]] = (), **more: str
    ) -> bytes:
        """Return the HEADERS of the next call."""
        self.stream += 2
        block = self.encoder.encode(list(fields) or self.fields(path, **more))
        return frame(HEADERS, block, self.stream, flags)

    def call(self, path: str, content: bytes = b"", *, size: int = 1 << 14, **more: str) -> bytes:
        """Return the frames of a whole call with one message, in DATA frames of at most *size* bytes."""
        return self.head(path, **more) + self.data(message(content), size=size)

    def data(self, data: bytes, *, size: int = 1 << 14, ends: bool = True) -> bytes:
        pieces = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        return b"".join(
            frame(DATA, piece, self.stream, END if ends and at == len(pieces) - 1 else 0)
            for at, piece in enumerate(pieces)
        )


def solve(*entitlements: str, options: dict[str, str] | None = None, **fields: Any) -> bytes:
    """Return the message of a Control/Solve."""
    numbers = {
        "definition": 2,
        "exporter": 3,
        "frontend": 6,
        "cache": 8,
        "inputs": 10,
        "outputs": 13,
        "session": 14,
    }
    return pb(
        {1: "ref", 7: mapped(options or {}), 9: list(entitlements)}
        | {numbers[name]: value for name, value in fields.items()}
    )


def typed(kind: str, **attributes: str) -> dict[int, Any]:
    """Return an exporter or a cache of a type."""
    return {1: kind, 2: mapped(attributes)}


def steps(*ops: dict[int, Any]) -> dict[int, Any]:
    """Return a definition with these steps."""
    return {1: [pb(op) for op in ops]}
