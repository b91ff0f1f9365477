"""The bodies of gRPC calls that are HTTP requests of their own."""

import base64
import gzip
import json

import pytest

from apispy.decoders import GrpcContext, choose, make
from apispy.decoders.grpc import error_fields, error_of
from apispy.decoders.grpc_body import grpc_error, grpc_status
from apispy.decoders.grpc_stream import MAX_HELD, MAX_MESSAGE_SIZE, Budget
from apispy.engine import lookup
from apispy.model import Body, Headers, Item
from apispy.structs import replace
from tests.h2_peer import message
from tests.protobuf_writer import pb
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


STATUS, SOLVE = "/moby.buildkit.v1.Control/Status", "/moby.buildkit.v1.Control/Solve"


def test_a_message_of_a_known_method_is_decoded() -> None:
    decoder = make("grpc", GrpcContext("response", STATUS))
    [item] = decoder.feed(message(pb({3: [{1: "v", 4: "line\n"}]})))
    [child] = item.children
    assert (child.kind, child.label, child.span) == ("message", "Control/Status response", item.span)
    shown = {"logs": [{"vertex": "v", "msg": "line\n"}]}
    assert child.value == {"stream": 0, "method": STATUS, "part": "response", "message": shown}
    asked = make("grpc", GrpcContext("request", STATUS)).feed(message(pb({1: "ref"})))
    assert asked[0].children[0].value["message"] == {"Ref": "ref"}


def test_a_compressed_message_is_decoded() -> None:
    decoder = make("grpc", GrpcContext("request", STATUS, b"gzip"))
    [item] = decoder.feed(message(gzip.compress(pb({1: "ref"}), mtime=0), 1))
    assert (item.value["compressed"], item.children[0].value["message"]) == (True, {"Ref": "ref"})


def test_a_message_that_cannot_be_decoded_is_counted() -> None:
    decoder = make("grpc", GrpcContext("request", STATUS))
    [bad, large, good] = [
        *decoder.feed(message(b"hunter2")),
        *decoder.feed(message(bytes(MAX_MESSAGE_SIZE + 1))),
        *decoder.feed(message(pb({1: "ref"}))),
    ]
    assert (bad.value, bad.children) == ({"size": 7, "compressed": False, "undecoded": True}, ())
    assert (large.value["undecoded"], large.children) == (True, ())
    assert len(good.children) == 1


def test_open_messages_of_all_calls_share_a_part_of_memory() -> None:
    budget = Budget()
    calls = [make("grpc", GrpcContext("request", STATUS, budget=budget)) for _ in range(6)]
    for call in calls:
        call.feed(b"\0" + MAX_MESSAGE_SIZE.to_bytes(4))
    assert budget.left == 0
    for call in calls:
        call.close()
    assert budget.left == MAX_HELD


def test_the_error_of_a_build_is_in_the_trailers_or_the_headers() -> None:
    place = {"info": {"filename": "Dockerfile"}, "ranges": [{"start": {"line": 3}}]}
    detail = {1: "github.com/moby/buildkit/errdefs.Source+json", 2: json.dumps(place)}
    coded = base64.b64encode(pb({3: [detail]})).rstrip(b"=")
    fields = Headers(
        (
            (b"grpc-status", b"2"),
            (b"grpc-message", b"100%25 no"),
            (b"Grpc-Status-Details-Bin", coded),
        )
    )
    error = {"error_message": "100% no", "source": {"file": "Dockerfile", "line": 3}}
    for path, expected in ((SOLVE, error), ("/my.own.Service/Do", {})):
        one = exchange(f"POST {path}")
        assert one.response is not None
        assert grpc_error(one) == {}
        assert grpc_error(replace(one, response=replace(one.response, headers=fields))) == expected
        trailers = replace(one.response, body=Body(trailers=fields))
        assert grpc_error(replace(one, response=trailers)) == expected
    assert error_of(SOLVE, error_fields(2, error)) == error
