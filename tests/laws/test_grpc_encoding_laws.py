"""Messages of the gRPC tables that are decoded, encoded and decoded again stay the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_grpc_redaction import JUNK, filled

from apispy.decoders.grpc_messages import MORE, UNKNOWN, decode_message
from apispy.decoders.grpc_schema import MESSAGES, METHODS, fields_by_name
from apispy.decoders.protobuf import ProtobufError
from apispy.model import Body, Exchange, Item, Request, Response, Seen, Tunnel
from apispy.replay import Player
from apispy.replay.grpc_calls import played
from apispy.replay.grpc_encoding import encode_message
from tests.protobuf_writer import pb


def kept(name: str, value: object) -> object:
    """The value without what is not kept: sizes, unknown fields, the rest of long lists."""
    if not isinstance(value, dict):
        return value
    table, found = fields_by_name(name), {}
    for key, one in value.items():
        kind = "size" if key in (UNKNOWN, MORE) else table[key].type
        if isinstance(one, list):
            found[key] = [kept(kind, each) for each in one]
        elif kind in MESSAGES:
            if kept(kind, one) or not one:  # otherwise nothing of it is kept
                found[key] = kept(kind, one)
        elif kind == "answer":
            if texts := {name: text for name, text in one.items() if not isinstance(text, int)}:
                found[key] = texts
        elif kind != "size":
            found[key] = one
    return found


@pytest.mark.parametrize("name", MESSAGES)
def test_every_field_of_every_message(name: str) -> None:
    message = decode_message(name, pb(filled(name, "x")))
    assert decode_message(name, encode_message(name, message)) == kept(name, message)


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(MESSAGES)), data=st.binary(max_size=60))
def test_any_message(name: str, data: bytes) -> None:
    try:
        message = decode_message(name, data)
    except ProtobufError:
        return
    assert decode_message(name, encode_message(name, message)) == kept(name, message)


ITEMS = st.builds(
    Item,
    st.just("h2c"),
    st.sampled_from(["preface", "HEADERS", "DATA", "RST_STREAM", "SETTINGS"]),
    st.fixed_dictionaries(
        {},
        optional={
            "stream": st.sampled_from([1, 1, 3]) | JUNK,
            "method": st.sampled_from([*METHODS, "/a.B/C"]) | st.text() | JUNK,
            "grpc_status": st.integers(0, 20) | JUNK,
            "error_message": st.text() | JUNK,
            "source": JUNK,
            "excerpt": st.just({"first": 1, "end": 1, "lines": ["\ud800"]}) | JUNK,
            "total": JUNK,
            "messages": JUNK,
        },
    ),
    st.just((0, 1)),
    st.lists(st.builds(Item, st.just("message"), st.just(""), JUNK, st.just((0, 1))), max_size=2).map(tuple),
)
SIDES = st.lists(st.builds(Seen, st.floats(0, 9), ITEMS), max_size=6).map(
    lambda seen: Body(size=9, shown=False, seen=tuple(seen))
)


@settings(max_examples=40, deadline=None)
@given(to_server=SIDES, to_client=SIDES)
def test_whatever_a_capture_has_of_a_tunnel_can_be_read(to_server: Body, to_client: Body) -> None:
    call = Exchange(
        1, 1, 0.0, "c", "u", Request("POST", "/grpc"), Response(101), Tunnel("h2c", to_server, to_client)
    )
    for recorded in Player([call]).grpc.calls:
        assert isinstance(recorded.reason_unplayable, str)
        for part in recorded.answers:
            played(part, {"a": "b"})
