"""A fast check that proves a response successful without decoding it. Doubtful responses are left to the decoders."""

import base64
import json
import re
from typing import Any

from apispy.decoders.choice import JSON_STREAMS
from apispy.decoders.stdio import FRAME_LIMIT, HEADER, KINDS
from apispy.pipeline.response_errors import CANCELLED, EXEC_ERROR

USUAL_TYPES = ("", "application/json", "application/vnd.docker.raw-stream")
ERROR_KINDS = ("problem", "systemerr", "json")
"""Kinds of items that may report an error."""

_DECODER = json.JSONDecoder()

_SPACE = re.compile(r"[ \t\r\n]*")

FRAMED_TYPE = "application/vnd.docker.multiplexed-stream"


def proves_success(line: Any, response: str) -> bool:
    """Whether the successful response in *line*, a saved exchange, certainly holds no error and no damage.

    *response* is the format of the operation's response in the table. *line* must have passed ``summarize``. False
    means unknown. Raises ValueError for invalid base64, including UnicodeEncodeError.
    """
    saved, tunnel = line["response"], line["tunnel"]
    fields = {name.lower(): value for name, value in saved["headers"]}
    kind = fields.get("content-type", "").partition(";")[0].strip().lower()
    if "content-encoding" in fields:
        return False
    if tunnel is not None and tunnel["protocol"] not in ("tcp", "raw"):
        return _is_withheld(saved["body"]) and _is_withheld(tunnel["to_client"])
    if response == "stdio" and kind in (*USUAL_TYPES, FRAMED_TYPE):
        bodies = (saved["body"],) if tunnel is None else (saved["body"], tunnel["to_client"])
        return all(_is_whole(body) and _is_output(body, framed=kind == FRAMED_TYPE) for body in bodies)
    reads_json = response == "json" or response in JSON_STREAMS
    if reads_json and kind in USUAL_TYPES and tunnel is None and _is_whole(saved["body"]):
        return _is_json(saved["body"], lines=response in JSON_STREAMS)
    return False


def proves_failure(line: Any) -> bool:
    """Whether the successful response in *line* certainly holds an error: that of a build."""
    tunnel = line["tunnel"]
    return tunnel is not None and any(map(_is_error_of_build, tunnel["to_client"].get("seen", ())))


def _is_error_of_build(item: Any) -> bool:
    return item["kind"] == "h2c" and bool(item["value"].get("error_message", CANCELLED) != CANCELLED)


def _is_whole(body: Any) -> bool:
    """Whether all bytes of the body were kept."""
    return bool(body["size"] == sum(length for _, length in body.get("chunks", ())) and "seen" not in body)


def _is_withheld(body: Any) -> bool:
    """Whether no bytes were kept, and no error was decoded while the stream was open."""
    return "chunks" not in body and not any(_may_be_error(one) for one in body.get("seen", ()))


def _may_be_error(item: Any) -> bool:
    """Whether a decoded item may report an error, such as that of a build."""
    return item["kind"] in ERROR_KINDS or (item["kind"] == "h2c" and "error_message" in item["value"])


def _is_json(body: Any, *, lines: bool) -> bool:
    """Whether the body is one JSON value, or *lines* of JSON values, without an error."""
    encoding, content = body.get("encoding"), body.get("content")
    if encoding is None:
        return True
    if encoding == "json":
        return _is_good(content)
    if encoding != "text" or "NaN" in content or "Infinity" in content:
        return False
    try:
        if not lines:
            return _is_good(json.loads(content))
        return all(_is_good(value) for line in content.splitlines() for value in _values(line))
    except (ValueError, RecursionError):
        return False


def _values(line: str) -> list[Any]:
    """The JSON values in a line: several if redaction made one longer. Raises ValueError, also if there is none."""
    found: list[Any] = []
    at = _SPACE.match(line).end()  # type: ignore[union-attr]
    while at < len(line) or not found:
        value, at = _DECODER.raw_decode(line, at)
        found.append(value)
        at = _SPACE.match(line, at).end()  # type: ignore[union-attr]
    return found


def _is_good(value: Any) -> bool:
    return type(value) is dict and not (value.get("error") or value.get("errorDetail") or value.get("Error"))


def _is_output(body: Any, *, framed: bool) -> bool:
    """Whether the body is program output: complete stdio frames without errors, or no frames at all."""
    encoding, content = body.get("encoding"), body.get("content")
    if encoding in (None, "json"):  # JSON text has no frames
        return encoding is None or not framed
    data = content.encode() if encoding == "text" else base64.b64decode(content, validate=True)
    if data.endswith(b"\r\n") and EXEC_ERROR.search(data):
        return False
    if len(data) >= HEADER and (data[0] >= len(KINDS) or any(data[1:4])):
        return not framed
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + HEADER])
        if data[at] >= len(KINDS) - 1 or any(data[at + 1 : at + 4]) or size > FRAME_LIMIT:
            return False
        at += HEADER + size
    return at == len(data)
