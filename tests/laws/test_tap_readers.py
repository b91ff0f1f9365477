"""An invariant of the tap: its fast readers agree with h11 on any bytes, however they are split."""

from functools import partial
from itertools import pairwise

import h11
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apispy.model import Request
from apispy.tap import http1
from apispy.tap.fast_headers import parse_request, parse_response

LINES = [
    b"GET /_ping HTTP/1.1", b"HEAD / HTTP/1.1", b"POST /a?b=c HTTP/1.0", b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ",
    b"CONNECT x HTTP/1.1", b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 ", b"HTTP/1.1 304",
    b"HTTP/1.1 101 UPGRADED", b"HTTP/1.1 100 Continue", b"HTTP/1.0 200 OK", b"HTTP/1.1 200 \xe9t\xe9", b"\x00",
    b"Host: x", b"host:", b"Host: y", b"Content-Length: 3", b"content-length: 0", b"Content-Length: 3, 3",
    b"Content-Length: +3", b"Content-Length:  5\t", b"Content-Length: 99999999999999999999999", b"Content-Length: \xb2",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"transfer-encoding: gzip, chunked",
    b"Connection: close", b"Connection: Keep-Alive", b"Connection: upgrade", b"Upgrade: tcp", b"X-A : b", b"X-A: b\x00",
    b"X-B: \xff \t c", b" folded", b"X-C: a\rb", b"X-C: a\nb", b": no name", b"no colon", b"", b"Expect: 100-continue",
]  # fmt: skip
BODIES = [
    b"abc", b"abcdefgh", b"3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n", b"1\r\na\r\n2\r\nbc\r\n", b"0\r\n\r\n", b"0\r\n",
    b"0\r\nX-T: 1\r\n\r\n", b"3;ext=1\r\nabc\r\n", b"3 \r\nabc\r\n", b"3\nabc\n", b"000003\r\nabc\r\n", b"zz\r\n",
    b"3\r\nabcXY1\r\n", b"\r\n", b"\n", b"FFFFFFFFFFFFFFFFFFFFFF\r\n", b"fffffffff\r\nabc", b"-3\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00\x01",
]  # fmt: skip
HEADS = st.lists(st.sampled_from(LINES), max_size=6).map(lambda lines: b"\r\n".join([*lines, b"", b""]))
GOOD_HEADS = st.sampled_from([
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
])  # fmt: skip
STREAMS = st.builds(
    lambda head, body, noise: head + b"".join(body) + noise,
    st.one_of(HEADS, GOOD_HEADS),
    st.lists(st.sampled_from(BODIES), max_size=6),
    st.binary(max_size=4),
)
QUESTIONS = st.sampled_from([Request("GET", "/"), Request("HEAD", "/"), Request("POST", "/")])


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(edges)] + [b""]


def story(reader: http1.MessageReader, fed: list[bytes]) -> list[object]:
    """Return the parts that a reader yields for each piece, until the message ends or is invalid."""
    told: list[object] = []
    for number, piece in enumerate(fed):
        parts = []
        try:
            for part in reader.feed(piece, float(number)):
                parts.append(part)
        except h11.RemoteProtocolError:
            return [*told, parts, "none"]
        told.append(parts)
        if parts and isinstance(parts[-1], http1.Headers):
            return [*told, reader.rest]
    return told


@settings(max_examples=600)
@given(STREAMS, st.lists(st.integers(0, 200), max_size=6))
@example(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", [])
def test_requests(data, cuts):
    fed = pieces(data, cuts)
    quick = http1.MessageReader(parse_request, http1.request_reader()._make_h11)
    careful = http1.MessageReader(lambda _: None, http1.request_reader()._make_h11)
    assert story(quick, fed) == story(careful, fed)


@settings(max_examples=600)
@given(QUESTIONS, STREAMS, st.lists(st.integers(0, 200), max_size=6))
def test_answers(question, data, cuts):
    fed = pieces(data, cuts)
    made = http1.response_reader(question)._make_h11
    quick = http1.MessageReader(partial(parse_response, question), made)
    careful = http1.MessageReader(lambda _: None, made)
    assert story(quick, fed) == story(careful, fed)


def test_everyday_messages_are_read_without_h11():
    """Otherwise the tests above would prove little."""
    read = http1.request_reader()
    list(
        read.feed(
            b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n\r\n", 0.0
        )
    )
    assert read._h11 is None
    read = http1.response_reader(Request("GET", "/"))
    list(read.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0.0))
    assert list(read.feed(b"0\r\n\r\nHTTP/1.1", 0.0)) == [http1.NO_TRAILERS]
    assert read._h11 is None
    assert read.rest == b"HTTP/1.1"
