"""The laws once more for HTTP/2, whose streams are not met by chance: real ones, cut, changed and put together anew."""

from pathlib import Path
from typing import Any

from hyperframe import frame as frames
from hypothesis import given, settings
from hypothesis import strategies as st
from test_decoders import decode, merge, split

from apispy.decoders.h2c import PREFACE
from apispy.model import Item
from tests.h2_peer import Peers, message
from tests.protobuf_writer import mapped, pb

RECORDED = Path(__file__).parents[1] / "unit/decoders/buildkit-session"


def made() -> tuple[bytes, bytes]:
    peers = Peers()
    first = peers.call("/a.B/C", b"one", b"two")
    begun = peers.exchange()
    peers.answer(first, b"x" * 300, more=[("grpc-message", "m" * 200)])
    peers.call("/a.B/D", more=[("x-long", "v" * 500)])
    peers.call("/moby.buildkit.v1.Control/Status", pb({1: "ref"}))
    peers.call("/moby.buildkit.v1.Control/Solve", pb({1: "a", 7: mapped({"target": "x"})}), b"\xff")
    peers.call("/moby.filesync.v1.FileSync/DiffCopy", pb({1: 2, 4: "data"}), pb({1: 2}))
    ended = peers.exchange()
    return begun[0] + ended[0], begun[1] + ended[1]


WHOLE = [*made(), (RECORDED / "to_client").read_bytes(), (RECORDED / "to_server").read_bytes()]
BLOCK = bytes.fromhex("8386440a2f612e622f632f646f6e")  # :method POST, :scheme http, :path /a.b/c/don


def headers(flags: list[str], padding: int) -> bytes:
    return frames.HeadersFrame(1, BLOCK, flags=flags, pad_length=padding, depends_on=3).serialize()


FLAGS = st.lists(st.sampled_from(["END_STREAM", "END_HEADERS", "PADDED", "PRIORITY"]), unique=True)
FRAMES = st.one_of(
    st.builds(headers, FLAGS, st.integers(0, 9)),
    st.builds(
        lambda data, flags: frames.DataFrame(1, data, flags=flags, pad_length=2).serialize(),
        st.one_of(st.binary(max_size=30), st.just(b"\0\0\0\0\2hi\1\0\0\0\0")),
        st.lists(st.sampled_from(["END_STREAM", "PADDED"]), unique=True),
    ),
    st.sampled_from(
        [
            frames.ContinuationFrame(1, BLOCK[:3], flags=["END_HEADERS"]).serialize(),
            frames.ContinuationFrame(1, BLOCK[3:]).serialize(),
            frames.PushPromiseFrame(1, 2, BLOCK, flags=["END_HEADERS"]).serialize(),
            frames.SettingsFrame(settings={1: 0, 99: 7}).serialize(),
            frames.SettingsFrame(flags=["ACK"]).serialize(),
            frames.PingFrame(opaque_data=b"12345678").serialize(),
            frames.PriorityFrame(1, depends_on=3).serialize(),
            frames.RstStreamFrame(1, 8).serialize(),
            frames.GoAwayFrame(last_stream_id=1, error_code=77, additional_data=b"why").serialize(),
            frames.WindowUpdateFrame(0, 5).serialize(),
            frames.AltSvcFrame(0, b"origin", b"field").serialize(),
            b"\0\0\3\x42\0\0\0\0\1abc",  # of a type that nobody knows
            b"\0\0\0\0\x08\0\0\0\1",  # DATA without the size of its padding
            b"\0\0\0\4\0\0\0\0\1",  # SETTINGS of a stream
        ]
    ),
)
BEGUN = st.sampled_from([PREFACE, b""]).map(lambda preface: preface + frames.SettingsFrame().serialize())
TOGETHER = st.builds(lambda head, tail: head + b"".join(tail), BEGUN, st.lists(FRAMES, max_size=12))


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """A whole stream with a few bytes changed, and its end cut off."""
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for place in draw(st.lists(st.integers(0, len(data) - 1), max_size=3)):
        data[place] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@settings(max_examples=400, deadline=None)
@given(data=st.one_of(TOGETHER, changed()), cuts=st.lists(st.integers(0, 4000), max_size=8))
def test_total_lossless_and_split_proof(data: bytes, cuts: list[int]) -> None:
    whole = decode("h2c", [data])
    at = 0
    for item in whole:
        assert item.span[0] == at
        at = item.span[1]
    assert at == len(data)
    pieces = decode("h2c", split(data, cuts))
    assert merge(pieces) == merge(whole)
    assert [item.children for item in pieces] == [item.children for item in whole]


@settings(max_examples=60, deadline=None)
@given(data=st.one_of(TOGETHER, changed()))
def test_split_proof_byte_by_byte(data: bytes) -> None:
    assert merge(decode("h2c", [data[i : i + 1] for i in range(len(data))])) == merge(decode("h2c", [data]))


@settings(max_examples=80, deadline=None)
@given(
    data=st.one_of(TOGETHER, changed()),
    messages=st.lists(st.integers(0, 4000), max_size=6),
    cuts=st.lists(st.integers(0, 4000), max_size=8),
    end=st.integers(0, 3),
)
def test_the_same_in_the_messages_of_a_session(
    data: bytes, messages: list[int], cuts: list[int], end: int
) -> None:
    carried = b"".join(message(pb({1: piece})) for piece in split(data, messages)) + bytes(end)
    whole, plain = decode("grpc-session", [carried]), decode("h2c", [data])
    at = 0
    for item in whole:
        assert item.span[0] == at
        at = item.span[1]
    assert at == len(carried)
    assert merge(decode("grpc-session", split(carried, cuts))) == merge(whole)
    frames_of = [[_without_spans(item) for item in items if item.kind == "h2c"] for items in (whole, plain)]
    assert frames_of[0] == frames_of[1]


def _without_spans(item: Item) -> tuple[Any, ...]:
    return item.label, item.value, [child.value for child in item.children]


def test_whole_streams_are_read_without_a_problem() -> None:
    for data in WHOLE:
        assert {item.kind for item in decode("h2c", [data])} == {"h2c", "grpc"}


def test_messages_are_among_them() -> None:
    children = [child for item in decode("h2c", [WHOLE[0]]) for child in item.children]
    assert [child.value["message"] for child in children] == [
        {"Ref": "ref"},
        {"Ref": "a", "FrontendAttrs": {"target": "x"}},
        {"type": 2, "ID": 0, "data": 4},
    ]
