"""The bodies of gRPC calls that are HTTP requests of their own."""

from dataclasses import replace

import pytest

from apispy.decoders import choose, make
from apispy.decoders.grpc_body import grpc_status
from apispy.engine import lookup
from apispy.model import Body, Headers, Item
from tests.h2_peer import message
from tests.unit.outputs.decoded_calls import exchange


def decode(*pieces: bytes) -> list[Item]:
    decoder = make("grpc")
    return [item for piece in pieces for item in decoder.feed(piece)] + decoder.close()


def test_messages_are_measured_and_not_shown() -> None:
    first, second, third = decode(message(b"hunter2") + message(b""), message(b"x" * 300, compressed=1))
    assert [item.kind for item in (first, second, third)] == ["grpc-message"] * 3
    assert (first.label, first.value, first.span) == ("7 bytes", {"size": 7, "compressed": False}, (0, 12))
    assert (second.value["size"], second.span) == (0, (12, 17))
    assert (third.value, third.span) == ({"size": 300, "compressed": True}, (17, 322))


def test_a_message_that_does_not_end() -> None:
    for cut in (b"\0\0", message(b"abc")[:-1]):
        [_, problem] = decode(message(b"x"), cut)
        assert (problem.kind, problem.value) == ("problem", "the stream ends inside a message")
        assert problem.span == (6, 6 + len(cut))


def test_what_is_no_message_is_counted() -> None:
    problem, rest = decode(b'{"json": 1}', b"more")
    assert problem.value == "at byte 0: not a message; the bytes from here on are only counted"
    assert (rest.label, rest.value, rest.span) == ("15 bytes, not read", b"", (0, 15))


@pytest.mark.parametrize("kind", [b"application/grpc", b"application/grpc+proto", b"Application/grpc; x=y"])
def test_it_is_chosen_by_the_type(kind: bytes) -> None:
    call = lookup("POST", "/some/thing")
    assert choose(call, "request", Headers(((b"content-type", kind),)), None) == "grpc"


def test_methods_are_operations() -> None:
    assert lookup("POST", "/moby.buildkit.v1.Control/Solve").operation.id == "Control/Solve"
    other = lookup("POST", "/my.own.Service/Do")
    assert (other.operation.id, other.arguments) == (
        "GrpcCall",
        {"service": "my.own.Service", "method": "Do"},
    )
    for method, path in (
        ("GET", "/my.own.Service/Do"),
        ("POST", "/v1.41/x/y"),
        ("POST", "/my.own.service/do/it"),
    ):
        assert not lookup(method, path).known


def test_the_status_is_in_the_trailers_or_the_headers() -> None:
    one = exchange("POST /my.own.Service/Do")
    assert one.response is not None
    assert grpc_status(one) is None
    assert grpc_status(replace(one, response=None)) is None
    for fields in (((b"grpc-status", b"x"),), ((b"grpc-status", b"12345"),), ((b"grpc-status", b"\xb2"),)):
        assert grpc_status(replace(one, response=replace(one.response, headers=Headers(fields)))) is None
    status = Headers(((b"grpc-status", b"5"),))
    assert grpc_status(replace(one, response=replace(one.response, headers=status))) == 5
    assert grpc_status(replace(one, response=replace(one.response, body=Body(trailers=status)))) == 5
