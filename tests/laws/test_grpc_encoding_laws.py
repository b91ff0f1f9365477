"""Messages of the gRPC tables that are decoded, encoded and decoded again stay the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_grpc_redaction import filled

from apispy.decoders.grpc_messages import MORE, UNKNOWN, decode_message
from apispy.decoders.grpc_schema import MESSAGES, fields_by_name
from apispy.decoders.protobuf import ProtobufError
from apispy.replay.grpc_encoding import encode_message
from tests.protobuf_writer import pb


def kept(name: str, value: object) -> object:
    """The value without what is not kept: sizes, unknown fields, the rest of long lists."""
    if not isinstance(value, dict):
        return value
    table = fields_by_name(name)
    return {
        key: [kept(table[key].type, each) for each in one]
        if isinstance(one, list)
        else kept(table[key].type, one)
        if table[key].type in MESSAGES
        else one
        for key, one in value.items()
        if key not in (UNKNOWN, MORE) and table[key].type != "size"
    }


@pytest.mark.parametrize("name", MESSAGES)
def test_every_field_of_every_message(name: str) -> None:
    message = decode_message(name, pb(filled(name, "x")))
    assert decode_message(name, encode_message(name, message)) == kept(name, message)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(MESSAGES)), data=st.binary(max_size=60))
def test_any_message(name: str, data: bytes) -> None:
    try:
        message = decode_message(name, data)
    except ProtobufError:
        return
    assert decode_message(name, encode_message(name, message)) == kept(name, message)
