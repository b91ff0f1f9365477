"""The laws of apispy.decoders.base, over the register: a new decoder is tested as soon as its file is there."""

import json
import tarfile
import time
from typing import Any

import pytest
from decoding import decode, merge, split
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stream_strategies import COMPRESSORS, JSON, SAMPLES, frame, streams

from apispy.decoders import DECODERS, make
from apispy.decoders.json_lines import VALUE_LIMIT, JsonLines
from apispy.decoders.stdio import FRAME_LIMIT
from apispy.json_codec import Document
from apispy.model import Item

PACKED = ("json in gzip", "tar in gzip", "stdio in deflate", "events in zstd", "json in bzip2", "text in xz")
"""Decoders are seen through compressions; some pairs stand for all."""

each_decoder = pytest.mark.parametrize("name", [*sorted(DECODERS), *PACKED])


def block(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar member's header."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


SCRAPS = (
    *(b'{"status":"x"}\r\n', b'\x1e{"a":[1,"\\"}"]}\n', b"[{}]", b'{"a":', b'"}', b'{"a":"\\', b"}{", b"\\"),
    *(b"NaN", b"{NaN}", b"1\n", b"\n", b" ", b"\r", "é€".encode(), b"\xf0\x9f", bytes(512), b"\x1f\x8b"),
    *(
        frame(1, b"x"),
        frame(4, b""),
        b"\x82\x03abc",
        b"\x88\x80",
        b"e30=",
        b"bnVsbA==",
        b"BZh9",
        b"\x28\xb5\x2f\xfd",
    ),
)
MIXED = st.lists(st.sampled_from(SCRAPS) | st.binary(max_size=40), max_size=12).map(b"".join)


@each_decoder
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data(), cuts=st.lists(st.integers(0, 4000), max_size=8))
def test_total_lossless_and_split_proof(name: str, drawn: st.DataObject, cuts: list[int]) -> None:
    data = drawn.draw(streams(name) | MIXED)
    whole = decode(name, [data])
    at = 0
    for item in whole:
        assert item.span[0] == at
        at = item.span[1]
    assert at == len(data)
    assert merge(decode(name, split(data, cuts))) == merge(whole)


@each_decoder
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.data())
def test_split_proof_byte_by_byte(name: str, drawn: st.DataObject) -> None:
    data = drawn.draw(streams(name) | MIXED)[:4000]
    assert merge(decode(name, [data[i : i + 1] for i in range(len(data))])) == merge(decode(name, [data]))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("json", b'{"a":"'),
        ("json-lines", b"[" * 100),
        ("json-lines", b"\n"),
        ("stdio", b"\1\0\0\0" + (FRAME_LIMIT + 1).to_bytes(4)),
        ("stdio", frame(2, b"x") + b"\1\0\0\0\xff\xff\xff\xff"),
        ("websocket", b"\x82\x7f" + (1 << 40).to_bytes(8)),
        ("tar", block("pax", 1 << 21, b"x")),
    ],
)
def test_a_size_over_the_limit_is_a_problem_and_the_rest_is_raw(name: str, start: bytes) -> None:
    filler = (b"\n" if start == b"\n" else b"x") * (1 << 20)
    items = decode(name, [start] + [filler] * 6)
    assert [item.kind for item in items if item.kind != "stderr"][:2] == ["problem", "raw"]
    assert items[-1].span[1] == len(start) + 6 * len(filler)


@each_decoder
@pytest.mark.parametrize(
    "start",
    [
        b"",
        b'{"a":"',
        frame(1, b"x" * FRAME_LIMIT)[:8],
        block("big", 0o77777777),
        b"\x82\x7f\0\0\0\0\x3f\0\0\0",
    ],
)
def test_memory_is_bounded(name: str, start: bytes) -> None:
    """What a decoder holds back never exceeds the limit of one value."""
    decoder = make(name)
    decoder.feed(start)
    for _ in range(40):  # two and a half times the limit
        decoder.feed(b"x" * (64 << 10))
        assert held(decoder) <= VALUE_LIMIT


def held(thing: Any) -> int:
    """The bytes in a decoder and in the decoders inside it."""
    if isinstance(thing, bytes | bytearray | str):
        return len(thing)
    if isinstance(thing, dict):
        return sum(map(held, thing.values()))
    return held(vars(thing)) if hasattr(thing, "feed") else 0


@pytest.mark.parametrize("coding", sorted(COMPRESSORS))
@pytest.mark.parametrize("inner", ["tar", "json", "stdio"])
def test_a_bomb_costs_neither_memory_nor_time(inner: str, coding: str) -> None:
    bomb = COMPRESSORS[coding]((b"1\n" if inner == "json" else b"\0\0") * (3 << 20))
    decoder = make(f"{inner} in {coding}")
    begun = time.process_time()
    items: list[Item] = []
    for at in range(0, len(bomb), 4096):
        items += decoder.feed(bomb[at : at + 4096])
        assert held(decoder) <= VALUE_LIMIT
    items += decoder.close()
    assert time.process_time() - begun < 10
    assert len(items) < 50_000  # of millions of lines
    assert sum(len(item.value) for item in items if isinstance(item.value, bytes)) < 10 << 20
    assert items[-1].span[1] == len(bomb)


SPACES = st.sampled_from(
    ["", "", "\n", " ", "\t \r", "\r\n", " " * 40, "\n\n", "\n ", " " * 40 + "\n", "\x1e"]
)
DOCUMENTS = st.builds(
    lambda before, value, after: f"{before}{json.dumps(value)}{after}".encode(),
    SPACES,
    JSON | SAMPLES,
    SPACES,
)


@given(
    name=st.sampled_from(["json", "json-lines", "events", "progress", "stats"]),
    data=DOCUMENTS | MIXED,
    cuts=st.lists(st.integers(0, 400), max_size=3),
)
def test_a_document_that_was_parsed_before_gives_the_same_items(
    name: str, data: bytes, cuts: list[int]
) -> None:
    decoder = make(name)
    assert isinstance(decoder, JsonLines)
    found = decoder.document(Document(data))
    decoded = decode(name, split(data, cuts))
    assert found is None or [found] == decoded
    is_whole = len(decoded) == 1 and decoded[0].kind == "json" and isinstance(decoded[0].value, dict | list)
    assert (found is not None) == (is_whole and b"\x1e" not in data.strip(b" \t\r\n")[:1])
