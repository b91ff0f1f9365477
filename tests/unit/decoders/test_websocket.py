"""WebSocket frames, as attach/ws has them."""

import pytest

from apispy.decoders import make
from apispy.decoders.websocket import FRAME_LIMIT
from apispy.model import Item

MASK = b"\x37\xfa\x21\x3d"
HELLO = b"\x81\x85" + MASK + b"\x7f\x9f\x4d\x51\x58"  # RFC 6455, 5.7: "Hello" from a client


def decode(data: bytes) -> list[Item]:
    decoder = make("websocket")
    return decoder.feed(data) + decoder.close()


def test_a_frame_of_a_client_is_unmasked() -> None:
    assert decode(HELLO) == [Item("raw", "text", b"Hello", (0, 11))]


def test_pieces_are_given_as_they_come() -> None:
    decoder = make("websocket")
    assert decoder.feed(HELLO[:8]) == [Item("raw", "text", b"He", (0, 8))]
    assert decoder.feed(HELLO[8:]) == [Item("raw", "text", b"llo", (8, 11))]
    assert decoder.close() == []


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_every_length(size: int) -> None:
    head = (
        bytes([size])
        if size < 126
        else b"\x7e" + size.to_bytes(2)
        if size < 65536
        else b"\x7f" + size.to_bytes(8)
    )
    (item,) = decode(b"\x82" + head + bytes(size))
    assert (item.label, item.value) == ("binary", bytes(size))


def test_a_message_in_fragments_with_a_ping_between() -> None:
    items = decode(b"\x01\x03Hel" + b"\x89\x02hi" + b"\x80\x02lo")
    assert [(item.kind, item.label, item.value) for item in items] == [
        ("raw", "text", b"Hel"),
        ("ping", "ping", b"hi"),
        ("raw", "text", b"lo"),
    ]


def test_a_close_says_why() -> None:
    (item,) = decode(b"\x88\x05" + (1001).to_bytes(2) + b"bye")
    assert (item.kind, item.label) == ("close", "close 1001 going away bye")
    assert item.value == {"code": 1001, "reason": "bye"}
    assert decode(b"\x88\x00")[0].value == {"code": None, "reason": ""}


def test_text_that_is_no_utf8_is_given_as_it_is() -> None:
    assert decode(b"\x81\x01\xff")[0].value == b"\xff"


def test_a_compressed_message_is_not_read() -> None:
    items = decode(b"\xc1\x02ab" + b"\x81\x01c")
    assert [(item.kind, item.value) for item in items] == [("unread", b"ab"), ("raw", b"c")]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x83\x00", "0x83 is not a valid first byte of a frame"),
        (b"\xb1\x00", "0xb1 is not a valid first byte of a frame"),
        (b"\x80\x01x", "that has not begun"),
        (b"\x89\x7e\x00\x80", "a ping frame has 128 bytes"),
        (b"\x09\x00", "is fragmented"),
        (b"\x82\x7f" + (FRAME_LIMIT + 1).to_bytes(8), "the limit is"),
        (b"GET ", "not a valid first byte of a frame"),
    ],
)
def test_what_is_no_frame_is_a_problem_and_the_rest_raw(data: bytes, why: str) -> None:
    problem, raw = decode(data)
    assert (problem.kind, raw.kind, raw.value) == ("problem", "raw", data)
    assert why in problem.value


def test_a_cut_frame_is_a_problem() -> None:
    assert decode(HELLO[:3])[0].value == "the stream ends inside a frame's header"
    assert decode(HELLO[:-1])[-1].value == "the stream ends inside a frame, 1 more bytes expected"
