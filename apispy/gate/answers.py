"""Bytes that apispy itself sends to a client."""

import json
from http import HTTPStatus

GARBAGE = b"\x00\xff these bytes are not HTTP, sent by apispy --fault garbage\r\n\r\n"
"""What the fault ``garbage`` sends."""

BODILESS = (204, 304)
"""Statuses whose answer has no body (RFC 9110, 15.3.5 and 15.4.5)."""


def json_answer(status: int, message: str, *, head_only: bool = False, close: bool = True) -> bytes:
    """An answer in the form of the daemon's own errors, so that every client shows it.

    *head_only*: it answers a HEAD. *close*: it says that the connection ends behind it.
    """
    body = json.dumps({"message": message}).encode() + b"\n"
    lines = [f"HTTP/1.1 {status} {_reason(status)}"]
    if status not in BODILESS:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if close:
        lines.append("Connection: close")
    head = "\r\n".join([*lines, "", ""]).encode()
    return head if head_only or status in BODILESS else head + body


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
