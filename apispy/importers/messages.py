"""Requests and responses from formats that hold them apart (HAR, cassettes, curl's logs), not as a stream of bytes."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from apispy.model import Body, Chunk, Headers

INVALID = (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError)
"""Exceptions that a JSON or YAML value of an unexpected form causes."""

DEFAULT_SOCKET = "unix:///var/run/docker.sock"

WINDOWS_PIPE = "npipe:////./pipe/docker_engine"

MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
"""The first bytes of a body by its content coding."""

SECURE_SCHEMES = ("https", "wss")

_SOCKET_AND_TARGET = re.compile(r"(/.*?\.sock|/.*?(?=/v\d[\d.]*/)|)(/.*|)", re.DOTALL)
"""The path of a socket, which ends with ``.sock`` or before the version, and the target of the request."""


def split_url(url: str) -> tuple[str, str]:
    """(address of the daemon, target of the request) of a URL. Raises ValueError.

    The forms of unix sockets are those of requests-unixsocket (``http+unix://%2Fvar%2Frun%2Fdocker.sock/info``),
    docker-py (``http+docker://localhost/info``) and Ruby's Excon (``unix:///var/run/docker.sock/info``).
    """
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator:
        raise ValueError(f"found {url[:40]!r} where a URL was expected")
    if scheme == "unix":
        found = _SOCKET_AND_TARGET.fullmatch(rest)
        if not found or not found[1]:
            raise ValueError("found a unix:// URL without the path of a socket")
        return f"unix://{found[1]}", found[2] or "/"
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    match scheme:
        case "http+unix" | "https+unix":
            return f"unix://{unquote(host)}" if host else DEFAULT_SOCKET, target
        case "http+docker":
            return WINDOWS_PIPE if "npipe" in host else DEFAULT_SOCKET, target
    return f"{'https' if scheme in SECURE_SCHEMES else 'tcp'}://{host}", target


def make_body(data: bytes, limit: int, at: float = 0.0, size: int = 0) -> Body:
    """A body that ended at the time *at*, of which *limit* bytes are kept. *size*: its bytes on the wire, if more."""
    kept = data[:limit]
    return Body((Chunk(at, kept),) if kept else (), max(len(data), size), ended_at=at)


def http_version(text: str) -> str:
    """The version as the tap has it, from "HTTP/1.1", "HTTP/2.0" or a browser's "h2"."""
    version = text.upper().removeprefix("HTTP/") or "1.1"
    return "2" if version in ("2.0", "H2") else version


def make_headers(pairs: Iterable[tuple[str, str]]) -> Headers:
    """The headers without HTTP/2's pseudo-headers, which browsers list too."""
    return Headers(
        tuple(
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in pairs
            if not name.startswith(":")
        )
    )


def fitting_headers(headers: Headers, data: bytes) -> Headers:
    """The headers of a body that was saved as *data*.

    Browsers and vcrpy save a compressed body unpacked, but its ``Content-Encoding`` and ``Content-Length`` unchanged.
    """
    coding = headers.text("content-encoding").strip().lower()
    if not data or coding in ("", "identity") or _is_coded(data, coding):
        return headers
    length = str(len(data)).encode()
    fields = [
        (name, length if name.lower() == b"content-length" else value)
        for name, value in headers
        if name.lower() != b"content-encoding"
    ]
    return Headers(tuple(fields))


def _is_coded(data: bytes, coding: str) -> bool:
    """Whether *data* may have this content coding: by its first bytes, or else because it is not text."""
    if magic := MAGIC.get(coding):
        return data.startswith(magic)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def text_of(value: object) -> str:
    """*value*. Raises TypeError if it is not a string."""
    if not isinstance(value, str):
        raise TypeError(f"found {type(value).__name__} where text was expected")
    return value


def problem_of(error: Exception) -> str:
    """What one of the exceptions INVALID says about an entry."""
    return f"no field {error}" if isinstance(error, KeyError) else str(error)
