"""The laws of apispy.decoders.base, over the register: a new decoder is tested as soon as its file is there."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.decoders import DECODERS, make
from apispy.decoders.json_lines import VALUE_LIMIT
from apispy.decoders.stdio import FRAME_LIMIT
from apispy.model import Item

STREAMED = (bytes, str)
"""Values of these types come in pieces; pieces of one kind that touch are compared merged."""

Merged = tuple[str, Any, tuple[int, int]]


def frame(kind: int, payload: bytes) -> bytes:
    return bytes([kind, 0, 0, 0]) + len(payload).to_bytes(4) + payload


def block(name: bytes, size: int) -> bytes:
    """A tar member of *size* zeros."""
    head = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"0" * 11 + b"\0"
    tail = b"0".ljust(101, b"\0") + b"ustar\x0000".ljust(255, b"\0")
    total = sum(head) + sum(tail) + 8 * 32
    return head + b"%06o\0 " % total + tail + bytes(-(-size // 512) * 512)


SCRAPS = (
    *(b'{"status":"x"}\r\n', b'\x1e{"a":[1,"\\"}"]}\n', b"[{}]", b'{"a":', b'"}', b'{"a":"\\', b"}{", b"\\"),
    *(b"NaN", b"{NaN}", b"1\n", b"\n", b" ", b"\r", "é€".encode(), b"\xf0\x9f", bytes(512), b"\x1f\x8b"),
)
PIECES = st.one_of(
    st.binary(max_size=40),
    st.builds(frame, st.integers(0, 4), st.binary(max_size=20)),
    st.sampled_from(SCRAPS),
    st.builds(block, st.sampled_from([b"etc/", b"a" * 100, b"\xff"]), st.integers(0, 600)),
)
STREAMS = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=12).map(b"".join))
each_decoder = pytest.mark.parametrize("name", sorted(DECODERS))


def decode(name: str, chunks: list[bytes]) -> list[Item]:
    decoder = make(name)
    items = [item for chunk in chunks for item in decoder.feed(chunk)]
    return items + decoder.close()


def merge(items: list[Item]) -> list[Merged]:
    merged: list[Merged] = []
    for item in items:
        if (
            merged
            and merged[-1][0] == item.kind
            and isinstance(item.value, STREAMED)
            and item.kind != "problem"
        ):
            kind, value, (start, _) = merged.pop()
            merged.append((kind, value + item.value, (start, item.span[1])))
        else:
            merged.append((item.kind, item.value, item.span))
    return merged


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


@each_decoder
@settings(max_examples=150, deadline=None)
@given(data=STREAMS, cuts=st.lists(st.integers(0, 4000), max_size=8))
def test_total_lossless_and_split_proof(name: str, data: bytes, cuts: list[int]) -> None:
    whole = decode(name, [data])
    at = 0
    for item in whole:
        assert item.span[0] == at
        at = item.span[1]
    assert at == len(data)
    assert merge(decode(name, split(data, cuts))) == merge(whole)


@each_decoder
@settings(max_examples=40, deadline=None)
@given(data=STREAMS)
def test_split_proof_byte_by_byte(name: str, data: bytes) -> None:
    assert merge(decode(name, [data[i : i + 1] for i in range(len(data))])) == merge(decode(name, [data]))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("json", b'{"a":"'),
        ("json-lines", b"[" * 100),
        ("json-lines", b"\n"),
        ("stdio", b"\1\0\0\0" + (FRAME_LIMIT + 1).to_bytes(4)),
        ("stdio", frame(2, b"x") + b"\1\0\0\0\xff\xff\xff\xff"),
    ],
)
def test_a_size_over_the_limit_is_a_problem_and_the_rest_is_raw(name: str, start: bytes) -> None:
    filler = (b"\n" if start == b"\n" else b"x") * (1 << 20)
    items = decode(name, [start] + [filler] * 6)
    assert [item.kind for item in items if item.kind != "stderr"][:2] == ["problem", "raw"]
    assert items[-1].span[1] == len(start) + 6 * len(filler)


@each_decoder
@pytest.mark.parametrize(
    "start", [b"", b'{"a":"', frame(1, b"x" * FRAME_LIMIT)[:8], block(b"big", 0o77777777)[:512]]
)
def test_memory_is_bounded(name: str, start: bytes) -> None:
    """What a decoder holds back never exceeds the limit of one value."""
    decoder = make(name)
    decoder.feed(start)
    for _ in range(100):
        decoder.feed(b"x" * (64 << 10))
        held = [value for value in vars(decoder).values() if isinstance(value, bytes | bytearray)]
        assert sum(map(len, held)) <= VALUE_LIMIT
