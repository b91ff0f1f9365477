"""Sees without decoding that an answer tells of no error. What it is not sure of is left to the decoders."""

import base64
import json
from typing import Any

from apispy.decoders.choice import JSON_STREAMS
from apispy.decoders.stdio import FRAME_LIMIT, HEADER, KINDS

USUAL_TYPES = ("", "application/json", "application/vnd.docker.raw-stream")
TELLING = ("problem", "systemerr", "json")
"""Kinds of items that may tell of an error."""

FRAMED_TYPE = "application/vnd.docker.multiplexed-stream"


def proves_success(line: Any, response: str) -> bool:
    """Whether the answer of success in *line*, a saved exchange, surely holds no error and nothing damaged.

    *response* is the format that the operation's answer has by the table. *line* must have passed ``gist_of``. False
    says that it is not known. Raises ValueError for content that is no base64, UnicodeEncodeError among them.
    """
    answer, tunnel = line["response"], line["tunnel"]
    fields = {name.lower(): value for name, value in answer["headers"]}
    kind = fields.get("content-type", "").partition(";")[0].strip().lower()
    if "content-encoding" in fields:
        return False
    if tunnel is not None and tunnel["protocol"] not in ("tcp", "raw"):
        return _is_withheld(answer["body"]) and _is_withheld(tunnel["to_client"])
    if response == "stdio" and kind in (*USUAL_TYPES, FRAMED_TYPE):
        bodies = (answer["body"],) if tunnel is None else (answer["body"], tunnel["to_client"])
        return all(_is_whole(body) and _is_output(body, framed=kind == FRAMED_TYPE) for body in bodies)
    reads_json = response == "json" or response in JSON_STREAMS
    if reads_json and kind in USUAL_TYPES and tunnel is None and _is_whole(answer["body"]):
        return _is_json(answer["body"], lines=response in JSON_STREAMS)
    return False


def _is_whole(body: Any) -> bool:
    """Whether all that went by is there, as it was."""
    return bool(body["size"] == sum(length for _, length in body.get("chunks", ())) and "seen" not in body)


def _is_withheld(body: Any) -> bool:
    """Whether nothing of it is there but what was read as it flowed, and no error was."""
    return "chunks" not in body and all(one["kind"] not in TELLING for one in body.get("seen", ()))


def _is_json(body: Any, *, lines: bool) -> bool:
    """Whether it is one JSON value, or *lines* of such, without an error."""
    encoding, content = body.get("encoding"), body.get("content")
    if encoding is None:
        return True
    if encoding == "json":
        return _is_good(content)
    if encoding != "text" or "NaN" in content or "Infinity" in content:
        return False
    try:
        return all(_is_good(json.loads(one)) for one in (content.splitlines() if lines else [content]))
    except (ValueError, RecursionError):
        return False


def _is_good(value: Any) -> bool:
    return type(value) is dict and not (value.get("error") or value.get("errorDetail") or value.get("Error"))


def _is_output(body: Any, *, framed: bool) -> bool:
    """Whether it is a program's output: frames to the end, none of them of errors; or none at all."""
    encoding, content = body.get("encoding"), body.get("content")
    if encoding in (None, "json"):  # what begins with a bracket has no frames
        return encoding is None or not framed
    data = content.encode() if encoding == "text" else base64.b64decode(content, validate=True)
    if len(data) >= HEADER and (data[0] >= len(KINDS) or any(data[1:4])):
        return not framed
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + HEADER])
        if data[at] >= len(KINDS) - 1 or any(data[at + 1 : at + 4]) or size > FRAME_LIMIT:
            return False
        at += HEADER + size
    return at == len(data)
