"""The scripts of ``test_invisible.py``: HTTP at the edges of what the RFCs and Docker's hijacked connections allow."""

from .http_calls import chunked, head
from .wire_scripts import C_CLOSE, C_END, C_RESET, S_CLOSE, S_END, S_RESET, Script, c, s

HOST = b"Host: docker"
PING = head(b"GET /_ping HTTP/1.1", HOST)
INFO = head(b"GET /v1.41/info HTTP/1.1", HOST)
OK = head(b"HTTP/1.1 200 OK", b"Content-Length: 2") + b"OK"
WAIT = b"POST /v1.41/containers/x/wait HTTP/1.1"
"""A request with a body that --read-only lets pass."""


def post(*fields: bytes) -> bytes:
    return head(WAIT, HOST, *fields)


def status(text: bytes, *fields: bytes) -> bytes:
    return head(b"HTTP/1.1 " + text, *fields)


def each(step, data: bytes) -> Script:  # type: ignore[no-untyped-def]
    return [step(data[at : at + 1]) for at in range(len(data))]


CHUNKS = b"Transfer-Encoding: chunked"
EXPECT = b"Expect: 100-continue"
CONTINUE = status(b"100 Continue")
UPGRADE = head(
    b"POST /v1.41/containers/x/attach?stream=1&stdin=1&stdout=1 HTTP/1.1",
    HOST,
    b"Connection: Upgrade",
    b"Upgrade: tcp",
)
OLD_ATTACH = head(
    b"POST /v1.41/containers/x/attach?stream=1&stdin=1&stdout=1 HTTP/1.1", HOST, b"Content-Length: 0"
)
SWITCHED = status(b"101 UPGRADED", b"Connection: Upgrade", b"Upgrade: tcp")
RAW_STREAM = status(b"200 OK", b"Content-Type: application/vnd.docker.raw-stream")
SHAPES = chunked([b"a", b"b" * 17, b"c" * 4097], b';ext="v"', [b"X-Trailer: t", b"X-Other:"])

PLAIN: dict[str, Script] = {
    # -- several requests --
    "pipelined": [c(PING + INFO), s(OK), s(OK), C_END, S_END],
    "pipelined, answered at once": [c(PING + INFO + PING), s(OK + OK + OK), C_END, S_END],
    "pipelined behind a body": [c(post(b"Content-Length: 2") + b"{}" + PING), s(OK), s(OK), C_END, S_END],
    "the next request before the end of the response": [c(PING), s(OK[:-1]), c(INFO), s(OK[-1:] + OK), C_END, S_END],
    "a request in two pieces": [c(PING[:9]), c(PING[9:]), s(OK), C_END, S_END],
    "a request byte by byte": [*each(c, PING), s(OK), S_END, C_END],
    "a response byte by byte": [c(PING), *each(s, OK), S_END, C_END],
    "an empty line before a request": [c(b"\r\n" + PING), s(OK), C_END, S_END],
    # -- bodies of requests --
    "body in pieces": [c(post(b"Content-Length: 6")), c(b"{\"a"), c(b"\":"), c(b"1"), s(OK), C_END, S_END],
    "body longer than its length": [c(post(b"Content-Length: 2")), c(b"{}more"), s(OK), S_END, C_END],
    "body shorter than its length": [c(post(b"Content-Length: 9")), c(b"{}"), C_END, s(OK), S_END],
    "chunks with extensions and trailers": [c(post(CHUNKS)), c(SHAPES), s(OK), C_END, S_END],
    "chunks byte by byte": [c(post(CHUNKS)), *each(c, chunked([b"a", b"bc"], b";x=y", [b"T: t"])), s(OK), C_END, S_END],
    "chunks that never end": [c(post(CHUNKS)), c(b"3\r\nabc\r\n"), C_END, s(OK), S_END],
    "chunk with leading zeros": [c(post(CHUNKS) + b"0003\r\nabc\r\n"), c(b"000\r\n\r\n"), s(OK), C_END, S_END],
    "a response before the end of the request": [c(post(b"Content-Length: 6") + b"{"), s(status(b"413 Too Large", b"Content-Length: 0")), c(b"12345"), C_END, S_END],
    "a response before the end, and the daemon closes": [
        c(post(b"Content-Length: 60000") + b"{"), (s(status(b"413 Too Large", b"Connection: close", b"Content-Length: 2") + b"no"), S_END), c(b"1" * 1000), c(b"2" * 1000), C_END
    ],
    "a response before the end, and the daemon resets": [
        c(post(b"Content-Length: 60000") + b"{"), s(status(b"413 Too Large", b"Content-Length: 2") + b"no"), S_RESET
    ],
    # -- 100 and other interim responses --
    "100-continue": [c(post(EXPECT, b"Content-Length: 2")), s(CONTINUE), c(b"{}"), s(OK), C_END, S_END],
    "100-continue, refused": [c(post(EXPECT, b"Content-Length: 2")), s(status(b"417 No", b"Content-Length: 0")), c(PING), s(OK), C_END, S_END],
    "100-continue, refused, and the body comes": [
        c(post(EXPECT, b"Content-Length: 2")), s(status(b"417 No", b"Content-Length: 0")), c(b"{}"), c(PING), s(OK), C_END, S_END
    ],
    "100-continue, late": [c(post(EXPECT, b"Content-Length: 2")), c(b"{}"), s(CONTINUE), s(OK), C_END, S_END],
    "100-continue, twice": [c(post(EXPECT, b"Content-Length: 2")), s(CONTINUE), s(CONTINUE), c(b"{}"), s(OK), C_END, S_END],
    "100-continue with chunks": [c(post(EXPECT, CHUNKS)), s(CONTINUE), c(SHAPES), s(CONTINUE + OK), C_END, S_END],
    "100 that nobody expects": [c(PING), s(CONTINUE), s(OK), C_END, S_END],
    "103 and 102": [c(PING), s(status(b"103 Early Hints", b"Link: </x>")), s(status(b"102 Processing")), s(OK), C_END, S_END],
    "199 and the end": [c(PING), s(status(b"199 Odd")), S_END, C_END],
    # -- bodies of responses --
    "HEAD with a length": [c(head(b"HEAD /_ping HTTP/1.1", HOST)), s(status(b"200 OK", b"Content-Length: 9000")), c(PING), s(OK), C_END, S_END],
    "HEAD with a body": [c(head(b"HEAD /_ping HTTP/1.1", HOST)), s(OK), S_END, C_END],
    "204 with a body": [c(PING), s(status(b"204 No Content", b"Content-Length: 2") + b"OK"), S_END, C_END],
    "304 with a length": [c(PING), s(status(b"304 Not Modified", b"Content-Length: 900")), c(PING), s(OK), C_END, S_END],
    "204 with a chunked body": [c(PING), s(status(b"204 No Content", CHUNKS) + chunked([b"x"], b"", [])), S_END, C_END],
    "response in chunks with trailers": [c(PING), s(status(b"200 OK", CHUNKS, b"Trailer: X-Trailer")), s(SHAPES[:3]), s(SHAPES[3:]), C_END, S_END],
    "response in chunks byte by byte": [c(PING), s(status(b"200 OK", CHUNKS)), *each(s, chunked([b"a", b"bc"], b"", [])), C_END, S_END],
    "response longer than its length": [c(PING), s(OK + b"more"), S_END, C_END],
    "response shorter than its length": [c(PING), s(OK[:-1]), S_END, C_END],
    "response until the end": [c(PING), s(status(b"200 OK")), s(b"x"), s(b"y" * 70_000), S_END, C_END],
    "response to a request that nobody made": [s(OK), c(PING), s(OK), C_END, S_END],
    "two lengths in a response": [c(PING), s(status(b"200 OK", b"Content-Length: 2", b"Content-Length: 3") + b"OKK"), S_END, C_END],
    "length and chunks in a response": [c(PING), s(status(b"200 OK", b"Content-Length: 2", CHUNKS) + b"0\r\n\r\n"), S_END, C_END],
    "line ends without CR in a response": [c(PING), s(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nOK"), S_END, C_END],
    "NUL in a response": [c(PING), s(b"HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nOK"), S_END, C_END],
    "a response of 200 kB of header": [c(PING), s(status(b"200 OK", b"X: " + b"h" * 200_000, b"Content-Length: 0")), C_END, S_END],
    "a response that is not HTTP": [c(PING), s(b"\x15\x03\x03\x00\x02\x02\x50"), S_END, C_END],
    "a response of HTTP/0.9": [c(PING), s(b"hello"), S_END, C_END],
    # -- HTTP/1.0 --
    "HTTP/1.0": [c(head(b"GET /_ping HTTP/1.0")), s(head(b"HTTP/1.0 200 OK") + b"OK"), S_END, C_END],
    "HTTP/1.0, kept alive": [
        c(head(b"GET /_ping HTTP/1.0", b"Connection: keep-alive")), s(head(b"HTTP/1.0 200 OK", b"Connection: keep-alive", b"Content-Length: 2") + b"OK"),
        c(head(b"GET /_ping HTTP/1.0", b"Connection: keep-alive")), s(head(b"HTTP/1.0 200 OK", b"Connection: keep-alive", b"Content-Length: 2") + b"OK"), C_END, S_END,
    ],
    # -- ends --
    "a half-close before the response": [c(PING), C_END, s(OK), S_END],
    "a half-close with the request": [(c(PING), C_END), s(OK[:20]), s(OK[20:]), S_END],
    "the daemon ends first": [c(PING), s(OK), S_END, C_END],
    "the daemon ends first, the client speaks on": [c(PING), s(OK), S_END, c(PING), c(PING), C_END],
    "the daemon ends without a response": [c(PING), S_END, C_END],
    "the daemon ends before a request": [S_END, c(PING), C_END],
    "the daemon closes before a request": [S_CLOSE],
    "the client closes without a word": [C_CLOSE, S_CLOSE],
    "the client ends without a word": [C_END, S_END],
    "the client closes in its head": [c(PING[:10]), C_CLOSE, S_CLOSE],
    "the client closes in its body": [c(post(b"Content-Length: 9") + b"{}"), C_CLOSE, S_CLOSE],
    "the client closes before the response": [c(PING), C_CLOSE, S_CLOSE],
    "the client closes, and the daemon responds": [c(PING), C_CLOSE, s(OK), s(OK), S_CLOSE],
    "the client closes in the response": [c(PING), s(status(b"200 OK", CHUNKS) + b"1\r\nx\r\n"), C_CLOSE, s(b"1\r\nx\r\n"), s(b"1\r\nx\r\n"), S_CLOSE],
    "the daemon closes in its response": [c(PING), s(OK[:-1]), S_CLOSE, C_CLOSE],
    "both end at once": [c(PING), s(OK), (C_END, S_END)],
    "both close at once": [c(PING), s(OK), (C_CLOSE, S_CLOSE)],
    "both end at once without a word": [(C_END, S_END)],
    "a response and the end at once": [c(PING), (s(OK), S_CLOSE), C_CLOSE],
    "a request and the end at once": [(c(PING), C_CLOSE), S_CLOSE],
    "the client resets in its head": [c(PING[:10]), C_RESET],
    "the client resets in its body": [c(post(b"Content-Length: 9") + b"{}"), C_RESET],
    "the client resets in the response": [c(PING), s(OK[:-1]), C_RESET],
    "the daemon resets in the request": [c(post(b"Content-Length: 9") + b"{}"), S_RESET],
    "the daemon resets in its response": [c(PING), s(OK[:-1]), S_RESET],
    "the daemon resets after its response": [c(PING), s(OK), S_RESET],
    "the daemon resets, having ended": [c(PING), s(OK), S_END, S_RESET],
    "the client resets, having ended": [c(PING), C_END, s(OK[:-1]), C_RESET],
    "the daemon sends nothing": [c(PING), C_CLOSE, S_CLOSE],
    # -- hijacked connections --
    "upgrade": [c(UPGRADE), s(SWITCHED), c(b"in"), s(b"out"), C_END, s(b"more"), S_END],
    "upgrade, with bytes in the same packet": [c(UPGRADE), s(SWITCHED + b"out"), c(b"in"), S_END, c(b"on"), C_END],
    "upgrade, and bytes before its response": [c(UPGRADE + b"in"), s(SWITCHED), s(b"out"), C_END, S_END],
    "upgrade, refused": [c(UPGRADE), s(status(b"404 Not Found", b"Content-Length: 2") + b"no"), c(PING), s(OK), C_END, S_END],
    "upgrade, answered by 200 without a length": [c(UPGRADE), s(RAW_STREAM), c(b"in"), s(b"out"), C_END, S_END],
    "attach without an upgrade": [c(OLD_ATTACH), s(RAW_STREAM), c(b"in"), s(b"out"), C_END, s(b"more"), S_END],
    "attach without an upgrade, input at once": [c(OLD_ATTACH + b"in"), s(RAW_STREAM + b"out"), C_END, S_END],
    "attach, the daemon ends first": [c(OLD_ATTACH), s(RAW_STREAM + b"out"), S_END, c(b"in"), c(b"more"), C_END],
    "attach, the daemon closes": [c(UPGRADE), s(SWITCHED + b"out"), S_CLOSE, c(b"in")],
    "attach, the client closes": [c(UPGRADE), s(SWITCHED + b"out"), C_CLOSE, s(b"out"), s(b"out"), S_CLOSE],
    "attach, reset by the client": [c(UPGRADE), s(SWITCHED + b"out"), c(b"in"), C_RESET],
    "attach, reset by the daemon": [c(UPGRADE), s(SWITCHED + b"out"), c(b"in"), S_RESET],
    "attach, both end at once": [c(UPGRADE), s(SWITCHED + b"out"), (C_END, S_END)],
    "attach, both speak at once": [c(UPGRADE), s(SWITCHED), (c(b"in" * 9000), s(b"out" * 9000)), (s(b"x"), c(b"y")), C_END, S_END],
    "101 that nobody asked for": [c(PING), s(status(b"101 Odd", b"Upgrade: x", b"Connection: Upgrade")), c(b"in"), s(b"out"), S_END, C_END],
}  # fmt: skip
"""Scripts of HTTP that apispy reads."""

UNREADABLE: dict[str, Script] = {
    "line ends without CR": [c(b"GET /_ping HTTP/1.1\nHost: docker\n\n"), s(OK), C_END, S_END],
    "a folded header": [c(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nX: a\r\n b\r\n\r\n"), s(OK), C_END, S_END],
    "two lengths": [c(post(b"Content-Length: 2", b"Content-Length: 3") + b"{}"), c(b"x"), s(OK), C_END, S_END],
    "length and chunks": [c(post(b"Content-Length: 2", CHUNKS)), c(b"0\r\n\r\n"), s(OK), C_END, S_END],
    "NUL in a header": [c(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nX: a\0b\r\n\r\n"), s(OK), C_END, S_END],
    "a client of HTTP/2": [c(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), c(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])), s(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])), C_END, S_END],
    "a client of TLS": [c(b"\x16\x03\x01\x00\x05hello"), s(b"\x15\x03\x03\x00\x02\x02\x50"), S_END, C_END],
    "not HTTP": [c(b"\0\1\2\3"), s(b"\4\5"), c(b"\6"), S_END, C_END],
    "not HTTP, byte by byte": [*each(c, b"EHLO me\r\n"), *each(s, b"250 ok\r\n"), C_END, S_END],
    "a chunk size that is none": [c(post(CHUNKS)), c(b"zz\r\nabc\r\n"), s(OK), C_END, S_END],
}  # fmt: skip
"""Scripts of requests that apispy does not read, or whose daemon may read them otherwise."""

LARGE: dict[str, Script] = {
    "200 kB of header": [c(head(b"GET /_ping HTTP/1.1", HOST, b"X: " + b"h" * 200_000)), s(OK), C_END, S_END],
    "200 kB of header, in pieces": [c(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nX: "), c(b"h" * 100_000), c(b"h" * 100_000 + b"\r\n\r\n"), s(OK), C_END, S_END],
    "2 MB of body": [c(post(b"Content-Length: 2000000") + b"x" * 1_000_000), c(b"x" * 1_000_000), s(OK), C_END, S_END],
    "2 MB of response": [c(PING), s(status(b"200 OK", b"Content-Length: 2000000")), s(b"x" * 1_000_000), s(b"x" * 1_000_000), C_END, S_END],
}  # fmt: skip

HELD = (
    "pipelined",
    "pipelined, answered at once",
    "pipelined behind a body",
    "the next request before the end of the response",
    "a request in two pieces",
    "a request byte by byte",
    "chunks byte by byte",
    "upgrade, and bytes before its response",
    "attach without an upgrade, input at once",
    "200 kB of header, in pieces",
)
"""Scripts of which rules hold a part until it is complete, or until the response before it is: see docs/guard.md."""

REFUSED = (
    "an empty line before a request",
    "body longer than its length",
    "100-continue, refused",
    "101 that nobody asked for",
    "the client closes in its head",
    "the client resets in its head",
)
"""Scripts of which rules may not forward everything: what is not a whole request when the client ends, or none at all."""
