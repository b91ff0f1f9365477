"""The stages of a call at which the client or the daemon may be killed, and what each has sent until then."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    name: str
    client: bytes = b""
    daemon: bytes = b""
    call: bool = True  # apispy has read a request head
    unread: bytes = b""  # the client has also sent this, but the daemon has not read it


GET = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"
POST = b"POST /v1.41/containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 100\r\n\r\n"
UPLOAD = (
    b"PUT /v1.41/containers/x/archive?path=/ HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n"
)
EXPECT = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
ATTACH = (
    b"POST /v1.41/containers/x/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: docker\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
OLD_ATTACH = ATTACH.replace(b"Connection: Upgrade\r\nUpgrade: tcp\r\n", b"")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HIJACKED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
OLD_HIJACKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
FRAME = b"\x01\0\0\0\0\0\0\x03out"
EVENTS = GET.replace(b"containers/json", b"events")

STAGES = [
    Stage("before the request", call=False),
    Stage("in the request head", GET[:20], call=False),
    Stage("in the request body", POST + b"{" * 50),
    Stage("in the request body, unread", POST, unread=b"{" * 50),
    Stage("in a chunk of the request", UPLOAD + b"64\r\n" + bytes(10)),
    Stage("after 100 Continue", EXPECT, b"HTTP/1.1 100 Continue\r\n\r\n"),
    Stage("before the response", GET),
    Stage("before the response to a HEAD", GET.replace(b"GET", b"HEAD", 1)),
    Stage("in the response head", GET, OK[:30]),
    Stage("in the response body", GET, OK + b"Content-Length: 100\r\n\r\n[{"),
    Stage("in a chunk of the response", GET, CHUNKED + b"64\r\n[{"),
    Stage("between two chunks of a stream", EVENTS, CHUNKED + b"3\r\n{}\n\r\n"),
    Stage("before the response to a hijack", ATTACH),
    Stage("in a hijack", ATTACH, HIJACKED + FRAME),
    Stage("in a hijack, in the middle of a frame", ATTACH, HIJACKED + FRAME[:5]),
    Stage("in a hijack, stdin unread", ATTACH, HIJACKED + FRAME, unread=b"typed\n"),
    Stage("in a hijack without Upgrade", OLD_ATTACH, OLD_HIJACKED + FRAME),
]
