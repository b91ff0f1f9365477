"""Well-formed HTTP calls with every framing, as hypothesis strategies. `hostile_requests.py` has malformed ones.

TARGET in a request is replaced by a unique target, which identifies the call in a capture.
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

TARGET = b"@TARGET@"


@dataclass(frozen=True)
class Call:
    """A request and its response as bytes, and their properties. Sizes are of bodies or of a tunnel."""

    request: bytes
    answer: bytes
    status: int
    asked: int
    answered: int
    ends: bool = False  # the response ends with its connection
    tunnel: bytes = b""  # sent in both directions after the response

    def __repr__(self) -> str:
        """Keep it short: hypothesis prints many calls, some with long bodies."""
        words = [self.request[:1000], self.answer[:1000], self.tunnel[:50], self.asked, self.answered]
        return f"Call({', '.join(map(repr, words))})"

    def at(self, target: bytes) -> "Call":
        return replace(self, request=self.request.replace(TARGET, target))


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


def chunked(pieces: list[bytes], extension: bytes, trailers: list[bytes]) -> bytes:
    framed = b"".join(b"%X%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return framed + b"0\r\n" + head(*trailers) if trailers else framed + b"0\r\n\r\n"


PIECES = st.lists(st.binary(min_size=1, max_size=300) | st.just(bytes(70_000)), max_size=4)
CHUNKED = st.builds(
    lambda pieces, extension, trailers: (chunked(pieces, extension, trailers), len(b"".join(pieces))),
    PIECES,
    st.sampled_from([b"", b";a=b", b';a="b;\\""', b";x"]),
    st.sampled_from([[], [b"X-T: t"], [b"X-T: t", b"Y:"]]),
)
EXTRA = st.lists(
    st.sampled_from(
        [
            b"User-Agent: Docker-Client/28.2.2 (linux)",
            b"X-Empty:",
            b"x-twice: 1\r\nX-Twice: 2",
            b"X-Folded: a\r\n  b",
            b"X-High: \xff\xfe",
            b"Cookie: " + b"c" * 3000,
            b"Content-Type: application/json",
        ]
    ),
    max_size=3,
)
INTERIM = st.lists(
    st.sampled_from([head(b"HTTP/1.1 103 Early Hints", b"Link: </x>"), head(b"HTTP/1.1 102 Processing")]),
    max_size=2,
).map(b"".join)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes, int]:
    """Generate (method, request, size of its body)."""
    extra = draw(EXTRA)
    kind = draw(st.sampled_from(["none", "HEAD", "length", "chunked", "1.0"]))
    if kind in ("none", "HEAD"):
        method = b"HEAD" if kind == "HEAD" else draw(st.sampled_from([b"GET", b"DELETE", b"OPTIONS"]))
        return method, head(method + b" " + TARGET + b" HTTP/1.1", b"Host: docker", *extra), 0
    if kind == "1.0":
        return b"GET", head(b"GET " + TARGET + b" HTTP/1.0", *extra), 0
    method = draw(st.sampled_from([b"POST", b"PUT"]))
    first = [method + b" " + TARGET + b" HTTP/1.1", b"Host:", *extra]
    first += draw(st.sampled_from([[], [b"Expect: 100-continue"]]))
    if kind == "chunked":
        body, size = draw(CHUNKED)
        return method, head(*first, b"Transfer-Encoding: chunked") + body, size
    body = b"".join(draw(PIECES))
    return method, head(*first, b"Content-Length: %d" % len(body)) + body, len(body)


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Generate a call with any framing."""
    method, request, asked = draw(requests())
    before, extra = draw(INTERIM), draw(EXTRA)
    if b"Expect: 100" in request:
        before = head(b"HTTP/1.1 100 Continue") + before
    old = b" HTTP/1.0\r\n" in request
    kind = "close" if old else draw(st.sampled_from(["length", "chunked", "none", "close", "upgrade"]))
    body, size = draw(CHUNKED)
    if method == b"HEAD":
        answer = head(b"HTTP/1.1 200 OK", b"Content-Length: 12345", *extra)
        return Call(request, before + answer, 200, asked, 0)
    if kind == "none":
        status = draw(st.sampled_from([204, 304]))
        return Call(request, before + head(b"HTTP/1.1 %d No" % status, *extra), status, asked, 0)
    if kind == "length":
        answer = head(b"HTTP/1.1 404 Not Found", b"content-length: %d" % len(body), *extra) + body
        return Call(request, before + answer, 404, asked, len(body))
    if kind == "chunked":
        answer = head(b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *extra) + body
        return Call(request, before + answer, 200, asked, size)
    if kind == "close":
        first = b"HTTP/1.0 200 OK" if old else b"HTTP/1.1 200 OK"
        answer = head(first, b"Connection: close", *extra) + body
        return Call(request, answer if old else before + answer, 200, asked, len(body), True)
    upgrade = b"HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp"
    answer = head(b"HTTP/1.1 101 UPGRADED", b"Connection: Upgrade", b"Upgrade: tcp", *extra)
    return Call(request.replace(b"HTTP/1.1", upgrade, 1), before + answer, 101, asked, 0, True, body)
