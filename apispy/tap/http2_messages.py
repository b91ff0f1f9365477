"""HTTP/2's header blocks as requests and responses in the form of HTTP/1.1's. Source: RFC 9113, 8.2 and 8.3."""

from apispy import lazy
from apispy.http2 import Fields, Http2Error
from apispy.model import Headers, Request, Response

VERSION = "2"

INVALID_FIELD = "it has a header field that HTTP/2 does not allow, which is not shown"

_NAME = lazy.pattern(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = lazy.pattern(rb"[^\x00\r\n]*")
_METHOD = lazy.pattern(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = lazy.pattern(rb"[^\x00-\x20\x7f]+")
_STATUS = lazy.pattern(rb"[1-9][0-9]{2}")


def request_of(fields: Fields) -> tuple[Request, str]:
    """Return the request of a header block, and why it is not valid, "" if it is.

    ``:authority`` becomes ``host``, as for a request that is passed on in HTTP/1.1. In an invalid request, "?" stands
    for a method or a target that is missing or that no request line can have.
    """
    pseudo, headers, problem = _split(fields)
    if b":authority" in pseudo and b"host" not in (name for name, _ in headers):
        headers.insert(0, (b"host", pseudo[b":authority"]))
    method, target = pseudo.get(b":method", b""), pseudo.get(b":path", b"")
    if method == b"CONNECT" and not target:
        target = pseudo.get(b":authority", b"")
    if not _METHOD.fullmatch(method):
        method, problem = b"?", "it has no valid :method"
    if not _TARGET.fullmatch(target):
        target, problem = b"?", "it has no valid :path"
    return Request(
        method.decode("latin-1"), target.decode("latin-1"), VERSION, Headers(tuple(headers))
    ), problem


def response_of(fields: Fields, at: float) -> tuple[Response, str]:
    """Return the response of a header block, and what is invalid in it, "" if nothing is. Raises Http2Error.

    *at*: seconds since the exchange began.
    """
    pseudo, headers, problem = _split(fields)
    status = pseudo.get(b":status", b"")
    if not _STATUS.fullmatch(status):
        raise Http2Error("a response has no valid :status")
    return Response(int(status), "", VERSION, Headers(tuple(headers)), at=at), problem


def trailers_of(fields: Fields) -> Headers:
    """Return the fields of a header block at the end of a stream."""
    return Headers(tuple(_split(fields)[1]))


def _split(fields: Fields) -> tuple[dict[bytes, bytes], Fields, str]:
    """Return the pseudo-header fields, the valid other fields, and a problem if there are others.

    A field with a line end would be two in HTTP/1.1: a daemon refuses it, and exports must not contain it.
    """
    pseudo = {name: value for name, value in fields if name[:1] == b":" and _VALUE.fullmatch(value)}
    others = [(name, value) for name, value in fields if name[:1] != b":"]
    headers = [(name, value) for name, value in others if _NAME.fullmatch(name) and _VALUE.fullmatch(value)]
    return pseudo, headers, "" if len(headers) == len(others) else INVALID_FIELD
