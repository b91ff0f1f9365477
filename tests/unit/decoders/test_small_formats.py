"""Text, raw bytes, and what is only counted."""

import gzip

import pytest

from apispy.decoders import make
from apispy.model import Item


def test_text_keeps_characters_whole() -> None:
    decoder = make("text")
    euro = "€".encode()
    assert decoder.feed(b"OK " + euro[:2]) == [Item("text", "text", "OK ", (0, 3))]
    assert decoder.feed(euro[2:]) == [Item("text", "text", "€", (3, 6))]
    assert decoder.close() == []


def test_text_that_is_none_is_replaced() -> None:
    assert make("text").feed(b"a\xffb")[0].value == "a\ufffdb"


def test_raw_gives_what_comes() -> None:
    decoder = make("raw")
    assert decoder.feed(b"ls\r") == [Item("raw", "raw", b"ls\r", (0, 3))]
    assert decoder.feed(b"") == []


@pytest.mark.parametrize("name", ["opaque", "never heard of"])
def test_what_is_not_read_is_counted(name: str) -> None:
    decoder = make(name)
    assert decoder.feed(b"PRI * HTTP/2.0\r\n\r\n") == []
    assert decoder.close() == [Item("raw", "18 bytes, not read", b"", (0, 18))]


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (b'{"a":1}\n{"b":2}\n', ["json", "json"]),
        (b'\x1e{"a":1}\n', ["json"]),
        (b"\x01\0\0\0\0\0\0\x02hi", ["stdout"]),
        (gzip.compress(bytes(1024), mtime=0), ["compressed", "padding"]),
        (b"OK", ["raw"]),
        (b"hello world", ["raw"]),
    ],
)
def test_what_nobody_names_is_sniffed(data: bytes, kinds: list[str]) -> None:
    decoder = make("sniffed")
    assert [item.kind for item in decoder.feed(data) + decoder.close()] == kinds
