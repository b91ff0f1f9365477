"""What passes in BuildKit's tunnel is what a plain model of a daemon and of the rules lets pass, however it is cut.

The model is h2's server and a few lines that read protobuf as Go does: the last of equal fields wins, messages are
merged, unknown fields are ignored. No call that it refuses may be in the bytes that pass.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from h2.exceptions import ProtocolError
from hypothesis import given
from hypothesis import strategies as st

from apispy.filters.policy import parse_rule
from apispy.gate import PolicyCheck
from apispy.http2 import PREFACE
from tests.h2_peer import message
from tests.laws.test_gate import CUTS, pieces
from tests.protobuf_writer import mapped, pb
from tests.tunnel_frames import (
    DATA,
    END,
    END_HEADERS,
    FRONTEND_SOLVE,
    HEADERS,
    INFO,
    PING,
    PRUNE,
    RST,
    SOLVE,
    START,
    WINDOW,
    Caller,
    frame,
    solve,
    steps,
)  # fmt: skip
from tests.unit.gate.test_tunnel_reader import Result, opened, through

# -- the model --


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


# -- calls --

TEXTS = st.sampled_from(["host", "none", "network.host", "security.insecure", "x", "force-network-mode", ""])
MAPS = st.dictionaries(st.sampled_from(["force-network-mode", "a", "context"]), TEXTS, max_size=3)
MESSAGES = st.one_of(
    st.builds(lambda names, options: solve(*names, options=options), st.lists(TEXTS, max_size=2), MAPS),
    st.builds(lambda first, second: solve(options=first) + solve(options=second), MAPS, MAPS),
    st.builds(lambda options: pb({2: "dockerfile.v0", 3: mapped(options)}), MAPS),
    st.builds(lambda mode: solve(definition=steps({2: {3: mode}})), st.integers(0, 2)),
    st.binary(max_size=12),
)
CALLS = st.tuples(st.sampled_from([SOLVE, FRONTEND_SOLVE, PRUNE, INFO, f"{SOLVE}x", "/x.Y/Z"]), MESSAGES)
ODD = st.one_of(
    st.sampled_from([frame(PING, bytes(8)), frame(RST, bytes(4), 1), frame(WINDOW, b"\0\0\1\0")]),
    st.just(frame(2, bytes(5), 1)),
    st.builds(lambda data, stream: frame(DATA, data, stream, END), st.binary(max_size=9), st.sampled_from([1, 3, 5])),
    st.builds(lambda block, at: frame(HEADERS, block, at, END_HEADERS), st.binary(max_size=9), st.sampled_from([1, 9])),
)  # fmt: skip


@st.composite
def tunnels(draw: st.DrawFn) -> bytes:
    """The bytes of a client: calls, frames that do not fit, and perhaps a byte that is another one."""
    caller, parts = Caller(), [START]
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.integers(0, 4)):
            path, content = draw(CALLS)
            wrapped = message(content) if draw(st.integers(0, 5)) else content
            size, ends = draw(st.sampled_from([3, 50])), draw(st.booleans())
            parts.append(caller.head(path) + caller.data(wrapped, size=size, ends=ends))
        else:
            parts.append(draw(ODD))
    sent = bytearray(b"".join(parts))
    if not draw(st.integers(0, 3)):
        sent[draw(st.integers(len(START), len(sent) - 1))] = draw(st.integers(0, 255))
    return bytes(sent)


def policy(*, audit: bool = False) -> PolicyCheck:
    rules = [parse_rule("deny", text) for text in ("network:host", "op:Control/Prune")]
    return PolicyCheck([*rules, parse_rule("allow", "op:Grpc")], audit=audit)


@given(tunnels(), CUTS)
def test_what_the_model_refuses_never_passes_and_cuts_do_not_matter(sent: bytes, cuts: list[int]) -> None:
    whole = through(policy(), sent)
    in_pieces = through(policy(), *pieces(sent, cuts))
    if whole.ended:  # what comes after the end is not looked at
        assert whole.refused.startswith(in_pieces.refused)
        in_pieces.refused = whole.refused
    assert in_pieces == whole
    daemon = Daemon.reading(whole.passed)
    for stream, path in daemon.paths.items():
        assert not model_refuses(path, daemon.data[stream]), (path, daemon.data[stream])
    assert is_part_in_order(whole.passed, sent)


def is_part_in_order(part: bytes, whole: bytes) -> bool:
    """Whether *part* is *whole* without some of its bytes."""
    left = iter(whole)
    return all(byte in left for byte in part)


@given(st.lists(CALLS, min_size=1, max_size=4), CUTS)
def test_calls_pass_byte_for_byte_up_to_the_first_that_the_model_refuses(
    calls: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    caller, raw = Caller(), []
    for path, content in calls:
        raw.append(caller.call(path, content))
    passed = through(policy(), *pieces(START + b"".join(raw), cuts)).passed
    count = next(at for at in range(len(raw) + 1) if START + b"".join(raw[:at]) == passed)
    assert not any(model_refuses(path.encode(), message(content)) for path, content in calls[:count])


ORDINARY = [(SOLVE, solve(options={"a": "b"})), (INFO, b""), (FRONTEND_SOLVE, pb({2: "dockerfile.v0"}))]


@given(st.lists(st.sampled_from(ORDINARY), min_size=1, max_size=5), st.integers(1, 60), CUTS)
def test_what_docker_s_clients_send_passes(
    calls: list[tuple[str, bytes]], size: int, cuts: list[int]
) -> None:
    caller = Caller()
    sent = START + b"".join(caller.call(path, content, size=size) for path, content in calls)
    assert through(policy(), *pieces(sent, cuts)) == Result(sent)


@given(tunnels(), CUTS)
def test_an_audit_of_a_tunnel_forwards_every_byte(sent: bytes, cuts: list[int]) -> None:
    reader, passed = opened(policy(audit=True)), b""
    for piece in pieces(sent, cuts):
        for raw, decision in reader.feed(piece):
            assert decision.passes
            passed += raw
    assert passed + reader.take_rest() == sent


@pytest.mark.parametrize(("path", "content"), [(SOLVE, solve("network.host")), (PRUNE, b"")])
def test_the_model_refuses_what_it_should(path: str, content: bytes) -> None:
    daemon = Daemon.reading(START + Caller().call(path, content))
    assert [model_refuses(path, daemon.data[stream]) for stream, path in daemon.paths.items()] == [True]
