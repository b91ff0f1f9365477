"""The progress of a build without gRPC: POST /build?version=2 returns it as JSON, with a message in base64 in a line.

``{"id": "moby.buildkit.trace", "aux": "CkcKR3No..."}`` has a StatusResponse, as of Control/Status. Source: moby,
builder/builder-next/builder.go. docker before 23.0 builds so with DOCKER_BUILDKIT=1.
"""

import base64
import binascii
from typing import Any

from apispy.decoders.grpc_messages import decode_message, encode_message, message_item
from apispy.decoders.grpc_stream import MAX_MESSAGE_SIZE
from apispy.model import Item

TRACE = "moby.buildkit.trace"
"""The id of such a line."""

LABEL = "trace"
"""The label of its item, if it is decoded."""

MESSAGE, METHOD = "StatusResponse", "/moby.buildkit.v1.Control/Status"


def is_trace(value: Any) -> bool:
    """Whether a line of progress is one of these, decodable or not."""
    return isinstance(value, dict) and value.get("id") == TRACE and "aux" in value


def decode_trace(coded: Any) -> dict[str, Any] | None:
    """Decode the base64 in a line; None if it is not a message, or too large."""
    if not isinstance(coded, str) or len(coded) > MAX_MESSAGE_SIZE * 4 // 3:
        return None
    try:
        return decode_message(MESSAGE, base64.b64decode(coded, validate=True))
    except (binascii.Error, ValueError):  # ProtobufError is a ValueError; text that is not ASCII is one too
        return None


def encode_trace(message: dict[str, Any]) -> str:
    """Encode a message as base64, without what was not decoded of it."""
    return base64.b64encode(encode_message(MESSAGE, message)).decode("ascii")


def trace_item(value: dict[str, Any], span: tuple[int, int]) -> Item | None:
    """Make the item of a line, with the message as its child; None if that cannot be decoded."""
    message = decode_trace(value["aux"])
    if message is None:
        return None
    about = {"stream": 0, "method": METHOD, "part": "response", "message": message}
    return Item("json", LABEL, value, span, (message_item(about, span),))
