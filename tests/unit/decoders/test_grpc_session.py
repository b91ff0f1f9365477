"""The session of a build in a gRPC call of its own: HTTP/2 in the messages of Control/Session."""

import pytest

from apispy.decoders import GrpcContext, choose, make
from apispy.decoders.grpc_schema import SESSION
from apispy.decoders.grpc_stream import MAX_HELD, MAX_MESSAGE_SIZE, Budget
from apispy.engine import lookup
from apispy.model import Headers, Item
from tests.h2_peer import Peers, message
from tests.protobuf_writer import pb

SECRETS = "/moby.buildkit.secrets.v1.Secrets/GetSecret"


def carried(data: bytes) -> bytes:
    """A message of a session."""
    return message(pb({1: data}))


def decode(*pieces: bytes) -> list[Item]:
    decoder = make("grpc-session")
    return [item for piece in pieces for item in decoder.feed(piece)] + decoder.close()


def test_it_is_chosen_by_the_method() -> None:
    fields = Headers(((b"content-type", b"application/grpc"),))
    call = lookup("POST", SESSION)
    assert choose(call, "request", fields, None) == choose(call, "response", fields, 200) == "grpc-session"
    assert choose(call, "response", Headers(((b"content-type", b"text/plain"),)), 404) == "text"


def test_the_daemon_calls_and_the_client_answers() -> None:
    peers, methods = Peers(), dict[int, str]()
    caller, client = (
        make("grpc-session", GrpcContext(side, SESSION, methods=methods)) for side in ("response", "request")
    )
    stream = peers.call(SECRETS, pb({1: "npmrc"}))
    asked, settings = peers.exchange()
    half = len(asked) // 2
    found = caller.feed(carried(asked[:half]) + carried(asked[half:]))
    assert [item.label for item in found][:2] == ["preface", "SETTINGS"]
    [request] = [child.value for item in found for child in item.children]
    assert (request["method"], request["part"], request["message"]) == (SECRETS, "request", {"ID": "npmrc"})
    peers.answer(stream, pb({1: "hunter2"}))
    answers = client.feed(carried(settings + peers.exchange()[1]))
    [response] = [child.value for item in answers for child in item.children]
    assert (response["method"], response["message"]) == (SECRETS, {"data": "hunter2"})
    assert caller.close()[-1].value["calls"] == {SECRETS: 1}


def test_frames_end_where_their_bytes_end() -> None:
    settings = b"\0\0\0\4\0\0\0\0\0"
    ack = b"\0\0\0\4\1\0\0\0\0"
    first, second = decode(carried(settings + ack[:4]) + carried(ack[4:]))
    prefix = 7  # of the gRPC message, and of the field in it
    assert (first.span, second.span) == ((0, prefix + 9), (prefix + 9, 2 * prefix + 18))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{json}", "at byte 0: not a message; the bytes from here on are only counted"),
        (
            carried(b"\0" * 9) + b"more",
            "at byte 0: expected a SETTINGS frame, this is not HTTP/2; the bytes from here on are only counted",
        ),
        (
            message(b"\xff"),
            "at byte 0: a message that cannot be read; the bytes from here on are only counted",
        ),
        (
            message(pb({1: 7})),
            "at byte 0: a message that cannot be read; the bytes from here on are only counted",
        ),
        (
            message(bytes(MAX_MESSAGE_SIZE + 1)),
            "at byte 0: a message that cannot be read; the bytes from here on are only counted",
        ),
    ],
)
def test_what_is_no_session_is_counted(data: bytes, problem: str) -> None:
    first, rest = decode(data, carried(b"hunter2"))
    assert (first.kind, first.value, rest.kind, rest.value) == ("problem", problem, "raw", b"")
    assert rest.span[1] == len(data + carried(b"hunter2"))


def test_a_session_that_is_cut_off() -> None:
    for data in (carried(b"\0\0\0\4\0\0\0\0\0")[:-1], b"\0\0"):
        [item] = decode(data)
        assert (item.kind, item.value) == ("problem", "the stream ends inside a message")
    [frame] = decode(carried(b"\0\0\0\4"))
    assert frame.value == "the stream ends inside a frame or a header block"


def test_messages_without_bytes_and_with_other_fields() -> None:
    empty, settings = decode(carried(b""), message(pb({9: 1, 1: b"\0\0\0\4\0\0\0\0\0"})))
    assert (empty.kind, empty.value) == ("grpc-message", {"size": 2, "compressed": False})
    assert settings.label == "SETTINGS"


def test_its_open_messages_count_with_those_of_other_calls() -> None:
    budget, peers = Budget(), Peers()
    decoder = make("grpc-session", GrpcContext("response", SESSION, budget=budget))
    stream = peers.call(SECRETS)
    asked, _ = peers.exchange()
    decoder.feed(carried(asked))
    decoder.feed(carried(b"\0\0\7\0\0" + stream.to_bytes(4) + b"\0\0\0\0\x63hi"))
    assert budget.left == MAX_HELD  # the call has ended, so its data is not read
    decoder.feed(b"\0" + MAX_MESSAGE_SIZE.to_bytes(4))
    assert budget.left == MAX_HELD - MAX_MESSAGE_SIZE
    decoder.close()
    assert budget.left == MAX_HELD
