"""The first inputs for fuzzing: the real sessions in samples/, converted to the input format of each target."""

import json
from collections.abc import Iterator
from pathlib import Path

from apispy import capture, engine, importers
from apispy.decoders import choose
from apispy.http2 import PREFACE
from apispy.model import Exchange
from apispy.outputs.exports.http_bytes import pieces
from fuzz.targets import IMPORTED, NAMES, TARGETS
from tests.h2_peer import Peers
from tests.protobuf_writer import mapped, pb
from tests.tunnel_frames import (
    CONTINUATION,
    END_HEADERS,
    FRONTEND_SOLVE,
    HEADERS,
    INFO,
    PING,
    PRUNE,
    SETTINGS,
    SOLVE,
    START,
    Caller,
    frame,
    solve,
    steps,
)

SAMPLES = Path(__file__).parents[1] / "samples"
FILTERS = (
    "op:Container* and status>=400",
    "not (op:SystemPing* or op:SystemVersion)",
    'error:"no such" time >= 12:00',
    "container:web or slow>1s size>1MB version<1.41",
)
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
MAX_SEED_SIZE = 8192
"""Size limit of a seed in bytes: larger ones reach little new code in a minute."""


def seeds(name: str) -> Iterator[bytes]:
    """Yield the seeds of the target *name*, none larger than MAX_SEED_SIZE."""
    assert name in TARGETS
    return (seed for seed in _all(name) if len(seed) <= MAX_SEED_SIZE)


def _all(name: str) -> Iterator[bytes]:
    if name == "filters":
        yield from (text.encode() for text in FILTERS)
    if name == "imports":
        yield from _of_files()
    if name == "tap":
        yield from _of_http2()
    if name == "tunnels":
        yield from _of_tunnels()
    if name == "tunnel_answers":
        yield from _of_daemons()
    if name == "captures":
        yield from (file.read_bytes() for file in sorted(SAMPLES.glob("fixtures/*.json")))
    for path in sorted(SAMPLES.glob("*.jsonl")):
        yield from _of_lines(name, path.read_bytes().splitlines(keepends=True))
        for exchange in capture.read(path):
            yield from _of_exchange(name, exchange)


def _of_files() -> Iterator[bytes]:
    """Yield the files of other programs in samples/, after the number of their format."""
    for path in sorted(SAMPLES.glob("*.log")) + sorted(SAMPLES.glob("*.cassette.*")):
        yield bytes([IMPORTED.index(importers.recognise(path))]) + path.read_bytes()[: MAX_SEED_SIZE - 1]
    call: dict[str, object] = {
        "startedDateTime": "2023-11-14T22:13:20Z",
        "request": {"method": "GET", "url": "ws://x/info"},
    }
    message: dict[str, object] = {"type": "send", "time": 1700000001, "opcode": 1, "data": "x"}
    call |= {"response": {"status": 101}, "_webSocketMessages": [message]}
    yield bytes([IMPORTED.index("har")]) + json.dumps({"log": {"entries": [call]}}).encode()
    fields = {
        "tcp.srcport": "1",
        "tcp.dstport": "2375",
        "tcp.flags": "0x0018",
        "tcp.seq": "1",
        "tcp.ack": "1",
    }
    fields["tcp.payload"] = b"GET /info HTTP/1.1\r\n\r\n".hex(":")
    layers = {"frame": {"frame.time_epoch": "1.5"}, "ip": {"ip.src": "a", "ip.dst": "b"}, "tcp": fields}
    yield (
        bytes([IMPORTED.index("tshark")])
        + json.dumps([{"_index": "x", "_source": {"layers": layers}}]).encode()
    )


def _of_http2() -> Iterator[bytes]:
    """Yield a connection in HTTP/2, and one that refuses it."""
    peers, whole = Peers(), b""
    for step in (
        lambda: peers.request("POST", "/v1.53/containers/create", b'{"Image":"x"}'),
        lambda: peers.call("/moby.buildkit.v1.Control/Solve", b"definition"),
        lambda: peers.respond(1, b'{"Id":"1"}', 201),
        lambda: peers.answer(3, b"one", status=2),
        lambda: peers.client.reset_stream(peers.request("GET", "/events"), 8),
        lambda: peers.server.close_connection(),
    ):
        step()
        asked, answered = peers.exchange()
        whole += _piece(True, asked) + _piece(False, answered)
    yield whole
    yield _piece(True, PREFACE) + _piece(False, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")


def _of_tunnels() -> Iterator[bytes]:
    """Yield the bytes of clients in BuildKit's tunnel: builds that the rules allow, and calls that they refuse."""
    calls = [
        (SOLVE, solve(options={"a": "b"})),
        (SOLVE, solve("network.host", options={"force-network-mode": "host"})),
        (SOLVE, solve(definition=steps({2: {3: 1}}))),
        (FRONTEND_SOLVE, pb({2: "dockerfile.v0", 3: mapped({"force-network-mode": "host"})})),
        (PRUNE, b""),
        (INFO, b""),
    ]
    for path, content in calls:
        caller = Caller()
        yield bytes([24, 60]) + START + caller.call(INFO) + caller.call(path, content, size=20)
        yield bytes([9, 40]) + START + frame(PING, bytes(8)) + Caller().call(path, content)


def _of_daemons() -> Iterator[bytes]:
    """Yield the bytes of daemons in BuildKit's tunnel, with and without an interim response; and a refusal."""
    peers, whole = Peers(), SWITCHING
    for step in (
        lambda: peers.call(INFO, b""),
        lambda: peers.answer(1, b"one" * 20, status=0),
        lambda: peers.call(PRUNE, b""),
        lambda: peers.answer(3, b"two", status=2),
        lambda: peers.server.close_connection(),
    ):
        step()
        whole += peers.exchange()[1]
    yield bytes([len(SWITCHING), 40]) + whole
    block = (
        frame(HEADERS, b"ab", 1) + frame(CONTINUATION, b"c", 1) + frame(CONTINUATION, b"d", 1, END_HEADERS)
    )
    yield (
        bytes([3, 150])
        + b"HTTP/1.1 103 Early Hints\r\n\r\n"
        + SWITCHING
        + frame(SETTINGS)
        + block
        + frame(PING, bytes(8))
    )
    yield bytes([9, 40]) + b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"


def _of_lines(name: str, written: list[bytes]) -> Iterator[bytes]:
    if name == "captures":
        yield b"".join(written[:3])
    if name == "lines":
        yield from (line for line in written if "exchange" in json.loads(line))


def _of_exchange(name: str, exchange: Exchange) -> Iterator[bytes]:
    match name:
        case "lookup":
            yield f"{exchange.request.method} {exchange.request.target}".encode("latin-1")
        case "decoders":
            yield from _streams(exchange)
        case "replays":
            yield b"".join(data for _, by_client, data in pieces(exchange) if by_client)
        case "tap":
            yield b"".join(_piece(by_client, data) for _, by_client, data in pieces(exchange))


def _streams(exchange: Exchange) -> Iterator[bytes]:
    call = engine.lookup(exchange.request.method, exchange.request.target)
    for direction, body in exchange.streams.items():
        message = exchange.request if direction == "request" else exchange.response
        assert message
        status = exchange.response.status if exchange.response else None
        chosen = choose(call, direction, message.headers, status)
        if body.data and chosen in NAMES:
            yield bytes([NAMES.index(chosen), 3, 200]) + body.data


def _piece(by_client: bool, data: bytes) -> bytes:
    size = min(len(data), (1 << 15) - 1)
    return bytes([(size & 127) << 1 | by_client, size >> 7]) + data[:size]
