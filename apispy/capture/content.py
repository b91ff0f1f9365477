"""The content of a body in JSON: the most readable encoding that gives back exactly the same bytes."""

import base64
import binascii
import json
import re
from typing import Any

from apispy.capture.validation import JsonObject, Malformed, reject_constant

ENCODINGS = ("json", "text", "base64")

_TAIL = re.compile(rb"[ \t\r\n]*\Z")


def encode_content(data: bytes) -> dict[str, Any]:
    """Return {"encoding", "content"}, and for JSON its trailing whitespace, if any, as "tail".

    The encoding "json" is used only for JSON without spaces, as Docker and apispy write it, because ``_dumps`` gives
    that back byte for byte.
    """
    tail = _TAIL.search(data)
    assert tail is not None
    try:
        value = _loads(data[: tail.start()].decode("utf-8"))
        if isinstance(value, dict | list) and _dumps(value) == data[: tail.start()]:
            space = {"tail": tail[0].decode("ascii")} if tail[0] else {}
            return {"encoding": "json", "content": value} | space
    except (ValueError, RecursionError):
        pass
    try:
        return {"encoding": "text", "content": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"encoding": "base64", "content": base64.b64encode(data).decode("ascii")}


def decode_content(body: JsonObject) -> bytes:
    """Return the bytes that ``encode_content`` encoded. Raises Malformed."""
    encoding = body.one_of("encoding", ENCODINGS)
    if encoding == "json":
        return _decode_json(body)
    text = body.text("content")
    try:
        return text.encode("utf-8") if encoding == "text" else base64.b64decode(text, validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise Malformed(
            f"{body.place}.content: expected {encoding}, found something that is not: {error}"
        ) from None


def _decode_json(body: JsonObject) -> bytes:
    tail = body.text("tail", "")
    if tail.strip(" \t\r\n"):
        raise Malformed(f"{body.place}.tail: expected whitespace, found {tail[:60]!r}")
    try:
        return _dumps(body.required("content")) + tail.encode("ascii")
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{body.place}.content: expected JSON that can be written, found {error}") from None


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=reject_constant) if text[:1] in ("{", "[") else None


def _dumps(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")
