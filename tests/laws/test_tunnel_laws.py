"""What passes in BuildKit's tunnel is what a plain model of a daemon and of the rules lets pass, however it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.h2_peer import message
from tests.laws.test_gate import CUTS, pieces
from tests.laws.tunnel_model import Daemon, check_tunnel, model_refuses, policy
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


@given(tunnels(), CUTS)
def test_what_the_model_refuses_never_passes_and_cuts_do_not_matter(sent: bytes, cuts: list[int]) -> None:
    check_tunnel(sent, pieces(sent, cuts))


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
