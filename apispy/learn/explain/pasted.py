"""Finds what a pasted text holds: raw HTTP, error messages of clients, URLs inside of other words."""

import re
from collections.abc import Iterator

from apispy.learn.explain.records import Question
from apispy.learn.explain.request_line import calls

_REQUEST_HEAD = re.compile(r"\s*([A-Z]+) (\S+) HTTP/[\d.]+\s*\n(.*)", re.DOTALL)
_STATUS_LINE = re.compile(r"\s*HTTP/[\d.]+ (\d{3})\b")
_URL = r"(?:[a-z][a-z0-9+]*://\S+?|/[\w.%{}:@/-]{2,}(?:\?\S*?)?)(?=[\s\"'\\)>,]|: |:?$)"
_CALL = re.compile(
    rf"(?:\b(?P<method>GET|HEAD|POST|PUT|DELETE|Get|Head|Post|Put|Delete)\b\s+[\"']?)?(?P<url>{_URL})",
    re.MULTILINE,
)
_STATUS = re.compile(
    r"\b([1-5]\d\d) (?:Client|Server) Error\b|(?:status(?: code)?:? ?|received |-> )([1-5]\d\d)\b"
)


def raw_request(text: str) -> tuple[Question, ...] | None:
    """Return the call of an HTTP request with its headers and body; () if Docker has none, None for other text."""
    found = _REQUEST_HEAD.fullmatch(text)
    if not found:
        return None
    head, _, body = found[3].replace("\r\n", "\n").partition("\n\n")
    if found[3].startswith(("\n", "\r\n")):
        head, body = "", found[3].lstrip("\r\n")
    headers = [
        (name.strip(), value) for name, _, value in (line.partition(":") for line in head.splitlines())
    ]
    names = tuple(name for name, _ in headers)
    declared = next((value for name, value in headers if name.lower() == "content-type"), "")
    media_type = declared.partition(";")[0].strip().lower()
    return tuple(
        Question(call.operation, call, names, body.strip(), media_type) for call in calls(found[1], found[2])
    )


def calls_in(text: str) -> Iterator[Question]:
    """Yield the calls of the API that are named anywhere in *text*, each once."""
    seen = set()
    for found in _CALL.finditer(text):
        method = (found["method"] or "").upper()
        if not method and not re.search(r"/v\d|docker|localhost", found["url"]):
            continue  # a path of a file
        for call in calls(method, found["url"]):
            if call.operation.id not in seen and (
                method or "{" not in call.operation.path or "/v1" in found["url"]
            ):
                seen.add(call.operation.id)
                yield Question(call.operation, call)


def statuses_in(text: str) -> list[str]:
    """Return the status codes that *text* names as such."""
    first = _STATUS_LINE.match(text)
    found = [first[1]] if first else []
    return list(dict.fromkeys([*found, *(one[1] or one[2] for one in _STATUS.finditer(text))]))
