"""Compressed answers, seen through."""

import gzip
import json
import random
import zlib

import pytest

from apispy.decoders import compression as room
from apispy.decoders import make
from apispy.decoders.compression import BLOCK, zstd
from apispy.model import Item

DOCUMENT = json.dumps({"Id": "x" * 100}).encode() + b"\n"


def bare(data: bytes) -> bytes:
    """Deflate as Go's daemon sends it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def decode(name: str, data: bytes) -> list[Item]:
    decoder = make(name)
    return decoder.feed(data) + decoder.close()


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(DOCUMENT, mtime=0)),
        ("deflate", zlib.compress(DOCUMENT)),
        ("deflate", bare(DOCUMENT)),
        ("zstd", zstd.compress(DOCUMENT)),
    ],
)
def test_what_is_inside_is_read(coding: str, data: bytes) -> None:
    first, item = decode(f"json in {coding}", data)
    assert first == Item("compressed", coding, coding, (0, 0))
    assert item == Item("json", "json", json.loads(DOCUMENT), (0, len(data)))


def test_files_strung_together_and_zeros_behind_them() -> None:
    items = decode("json in gzip", gzip.compress(b"[1]\n") + gzip.compress(b"[2]\n") + bytes(2000))
    assert [item.value for item in items[1:3]] == [[1], [2]]
    assert [(item.kind, item.label) for item in items[3:]] == [
        ("unread", "1024 compressed bytes without content")
    ]


def test_a_cut_stream_is_a_problem() -> None:
    items = decode("text in gzip", gzip.compress(random.Random(1).randbytes(5000).hex().encode())[:3000])
    assert (items[-1].kind, items[-1].value) == ("problem", "the gzip data ends early")


@pytest.mark.parametrize("coding", sorted(room.DECOMPRESSORS))
def test_what_is_no_such_data_is_a_problem(coding: str) -> None:
    _, problem, rest = decode(f"json in {coding}", b'{"no": "compression"}' * 100)
    assert problem.kind == "problem"
    assert f"the {coding} data cannot be decompressed" in problem.value
    assert (rest.kind, rest.span[1]) == ("unread", 2100)


def test_an_empty_document_says_that_it_was_compressed() -> None:
    data = gzip.compress(b"")
    assert [(item.kind, item.span) for item in decode("json in gzip", data)] == [
        ("compressed", (0, 0)),
        ("unread", (0, len(data))),
    ]


def test_a_bomb_is_a_problem() -> None:
    items = decode("text in gzip", gzip.compress(bytes(64 << 20)))
    (problem,) = [item for item in items if item.kind == "problem"]
    assert "the content is more than 100 times its size" in problem.value


def test_beyond_the_limit_the_rest_is_not_read_and_that_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_OUTPUT", 10_000)
    noise = random.Random(1).randbytes(40_000).hex().encode()
    items = decode("text in gzip", gzip.compress(noise))
    assert items[-1].kind == "unread"
    assert items[-1].label.endswith("after 0 MiB of content")
    assert "problem" not in {item.kind for item in items}


def test_answers_are_read_while_they_come() -> None:
    lines = b"".join(b'{"n": "%b"}\n' % random.Random(n).randbytes(50).hex().encode() for n in range(200))
    found = make("json-lines in gzip").feed(gzip.compress(lines)[: 4 * BLOCK])
    assert len(found) > 10


def test_without_zstd_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = zstd.compress(DOCUMENT)
    monkeypatch.setattr(room, "zstd", None)
    assert "this Python has no zstd" in decode("tar", data)[1].value
