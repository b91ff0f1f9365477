"""A plain model of a daemon, and of two rules, for the bytes that pass in BuildKit's tunnel.

The model is h2's server and a few lines that read protobuf as Go does: the last of equal fields wins, messages are
merged, unknown fields are ignored. No call that it refuses may be in the bytes that pass.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from h2.exceptions import ProtocolError

from apispy.filters.policy import parse_rule
from apispy.gate import PolicyCheck
from apispy.http2 import PREFACE
from tests.tunnel_frames import FRONTEND_SOLVE, PRUNE, SOLVE
from tests.unit.gate.test_tunnel_reader import through

HEADS = re.compile(
    rb"(?:HTTP/1\.1 1(?!01)\d\d(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n)*"
    rb"HTTP/1\.1 101(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n"
)
"""The response that opens a tunnel, after interim ones."""


@dataclass
class Daemon:
    """The calls that a daemon makes out in the bytes that reach it: paths, and data, by stream."""

    paths: dict[int, bytes] = field(default_factory=dict)
    data: dict[int, bytes] = field(default_factory=lambda: defaultdict(bytes))

    @classmethod
    def reading(cls, data: bytes) -> "Daemon":
        found, peer = cls(), H2Connection(H2Configuration(client_side=False, validate_inbound_headers=False))
        peer.initiate_connection()
        for piece in frames(data):
            try:
                events = peer.receive_data(piece)
            except ProtocolError:
                break
            for event in events:
                match event:
                    case RequestReceived(stream_id=int() as stream):
                        found.paths[stream] = dict(event.headers or ()).get(b":path", b"")
                    case DataReceived(stream_id=int() as stream):
                        found.data[stream] += event.data or b""
        return found


def frames(data: bytes) -> Iterator[bytes]:
    """The preface, then frame by frame, so that what is wrong with one does not hide what is before it."""
    yield data[: len(PREFACE)]
    at = len(PREFACE)
    while at < len(data):
        end = at + 9 + int.from_bytes(data[at : at + 3])
        yield data[at:end]
        at = end


def between_frames(data: bytes) -> set[int] | None:
    """Return where in a daemon's bytes, from its response on, another frame may be: after the first frame.

    A header block is not divided. None if the response is not well-formed, or opens no tunnel.
    """
    head = HEADS.match(data)
    if head is None:
        return None
    found, at = set[int](), head.end()
    open_block = False
    while at + 9 <= len(data):
        kind, flags = data[at + 3], data[at + 4]
        at += 9 + int.from_bytes(data[at : at + 3])
        open_block = kind in (1, 5, 9) and not flags & 4
        if at <= len(data) and not open_block:
            found.add(at)
    return found


def values(data: bytes, *path: int) -> list[bytes]:
    """All values with a length at a path of field numbers; what is not protobuf ends them."""
    found, at = [], 0
    try:
        while at < len(data):
            tag, at = number(data, at)
            if tag & 7 == 0:
                _, at = number(data, at)
                continue
            if tag & 7 != 2:
                break
            size, at = number(data, at)
            content, at = data[at : at + size], at + size
            if tag >> 3 == path[0]:
                found += values(content, *path[1:]) if len(path) > 1 else [content]
    except IndexError:
        pass
    return found


def number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def model_refuses(path: bytes, data: bytes) -> bool:
    """Whether a daemon would prune, or give a build the host's network."""
    content = data[5:]
    if path == PRUNE.encode():
        return True
    if path == SOLVE.encode():
        return b"network.host" in values(content, 9) or option(content, 7) == b"host"
    if path == FRONTEND_SOLVE.encode():
        return option(content, 3) == b"host"
    return False


def option(content: bytes, field_number: int) -> bytes:
    """The network mode among the options in a map; of equal keys the last one counts."""
    entries = [(values(entry, 1), values(entry, 2)) for entry in values(content, field_number)]
    return {b"".join(keys[-1:]): b"".join(texts[-1:]) for keys, texts in entries}.get(
        b"force-network-mode", b""
    )


def policy(*, audit: bool = False) -> PolicyCheck:
    rules = [parse_rule("deny", text) for text in ("network:host", "op:Control/Prune")]
    return PolicyCheck([*rules, parse_rule("allow", "op:Grpc")], audit=audit)


def check_tunnel(sent: bytes, in_pieces: Iterable[bytes]) -> None:
    """Assert that *sent*, whole and *in_pieces*, passes alike, and that the model refuses nothing of what passes."""
    whole = through(policy(), sent)
    divided = through(policy(), *in_pieces)
    if whole.ended:  # what comes after the end is not looked at
        assert whole.refused.startswith(divided.refused)
        divided.refused = whole.refused
    assert divided == whole
    daemon = Daemon.reading(whole.passed)
    for stream, path in daemon.paths.items():
        assert not model_refuses(path, daemon.data[stream]), (path, daemon.data[stream])
    assert is_part_in_order(whole.passed, sent)


def is_part_in_order(part: bytes, whole: bytes) -> bool:
    """Whether *part* is *whole* without some of its bytes."""
    left = iter(whole)
    return all(byte in left for byte in part)
