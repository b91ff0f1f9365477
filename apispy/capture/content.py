"""The content of a body in JSON: the most readable encoding that gives back exactly the same bytes."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from apispy import json_codec
from apispy.capture.validation import JsonObject, Malformed
from apispy.json_codec import SPACE, Document

ENCODINGS = ("json", "text", "base64")


def encode_content(document: Document, embed: Callable[[bytes], Any] = json_codec.read) -> dict[str, Any]:
    """Return {"encoding", "content"}, and for JSON its trailing white space, if any, as "tail".

    The encoding "json" is used only for JSON as ``json_codec`` writes it, without spaces, like Docker: it is given back
    byte for byte. *embed* returns what the content is for such bytes.
    """
    data = document.data
    if document.written_alike:
        tail = {"tail": data[document.size :].decode("ascii")} if document.size < len(data) else {}
        return {"encoding": "json", "content": embed(data[: document.size])} | tail
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
    if tail.strip(SPACE.decode()):
        raise Malformed(f"{body.place}.tail: expected whitespace, found {tail[:60]!r}")
    try:
        return json_codec.write(body.required("content")) + tail.encode("ascii")
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{body.place}.content: expected JSON that can be written, found {error}") from None
