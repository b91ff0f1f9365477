"""What a client is told whose request has no recorded answer."""

import json

from apispy.engine.versions import parse
from apispy.model import Request
from apispy.replay.miss import Miss
from apispy.replay.options import OnMiss
from apispy.replay.response import RecordedResponse, message

STATUSES = {"fail": (501, "Not Implemented"), "404": (404, "Not Found"), "forward": (502, "Bad Gateway")}
"""By what --on-miss says; the last when there was nobody to forward it to."""

JSON_SINCE = (1, 24)
"""From this version of the API on an error is JSON, before it plain text."""

BAD_REQUEST = message(400, "Bad Request", b"400 Bad Request", "text/plain; charset=utf-8", None)
"""As Go's server has it, for what is no request."""


def refusal(miss: Miss, request: Request, on_miss: OnMiss) -> RecordedResponse:
    """The answer that explains itself."""
    status, reason = STATUSES[on_miss]
    return told(miss.message, status, reason, miss.live.call.version, request)


def told(text: str, status: int, reason: str, version: str | None, request: Request) -> RecordedResponse:
    """An error as a daemon has it in that *version*."""
    parsed = parse(version or "")
    if parsed is not None and parsed < JSON_SINCE:
        return message(
            status,
            reason,
            f"{text}\n".encode("utf-8", "backslashreplace"),
            "text/plain; charset=utf-8",
            request,
        )
    return message(
        status, reason, json.dumps({"message": text}).encode() + b"\n", "application/json", request
    )
