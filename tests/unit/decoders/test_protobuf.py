"""The wire format of protobuf: examples of its documentation, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.decoders.protobuf import MAX_FIELDS, ProtobufError, signed, wire_fields
from tests.protobuf_writer import pb, varint


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ("089601", [(1, 0, 150)]),  # the examples of protobuf.dev/programming-guides/encoding
        ("120774657374696e67", [(2, 2, b"testing")]),
        ("1a03089601", [(3, 2, b"\x08\x96\x01")]),
        ("08feffffffffffffffff01", [(1, 0, (1 << 64) - 2)]),
        ("", []),
        ("0d01000000", [(1, 5, 1)]),
        ("390200000000000000", [(7, 1, 2)]),
    ],
)
def test_the_documented_examples(data: str, fields: list[object]) -> None:
    assert list(wire_fields(bytes.fromhex(data))) == fields


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",  # a number that does not come
        b"\x08" + b"\xff" * 10 + b"\x01",  # one of more than 64 bits
        b"\x08" + b"\xff" * 9 + b"\x02",  # the same in ten bytes
        b"\x00\x01",  # field 0
        b"\x0b\x0c",  # a group
        b"\x0e",  # wire type 6
        b"\x0a\x05abc",  # longer than the message
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x0d\x01\x00",
        b"\x08\x01" * (MAX_FIELDS + 1),
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(ProtobufError) as fault:
        list(wire_fields(data))
    assert "abc" not in str(fault.value)


def test_negative_numbers() -> None:
    [(_, _, value)] = wire_fields(pb({1: -5}))
    assert isinstance(value, int)
    assert signed(value) == -5
    assert signed(5) == 5


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_an_error(data: bytes) -> None:
    try:
        fields = list(wire_fields(data))
    except ProtobufError:
        return
    assert sum(len(value) for _, _, value in fields if isinstance(value, bytes)) <= len(data)


@given(st.integers(0, (1 << 64) - 1), st.binary(max_size=50))
def test_what_is_written_is_read(number: int, content: bytes) -> None:
    assert list(wire_fields(pb({1: number, 900: content}))) == [(1, 0, number), (900, 2, content)]
    assert varint(number) in pb({1: number})
