"""The framer finds well-formed requests, and does not guess about others."""

import pytest

from apispy.gate.request_framing import Body, Head, RequestFramer, Unreadable

GET = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
POST = b"POST /containers/create HTTP/1.1\r\nHost: docker\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /build HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: yes\r\n\r\n"
)


def parts(data: bytes, step: int = 1 << 20) -> list[Head | Body | Unreadable]:
    framing, found = RequestFramer(), []
    for start in range(0, len(data), step):
        framing.feed(data[start : start + step])
        while part := framing.next():
            found.append(part)
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 10, 1000])
def test_pipelined_requests_however_they_are_split(step: int):
    found = parts(GET + POST + CHUNKED + GET, step)
    assert b"".join(part.raw for part in found) == GET + POST + CHUNKED + GET
    heads = [part for part in found if isinstance(part, Head)]
    assert [head.target for head in heads] == [b"/_ping", b"/containers/create", b"/build", b"/_ping"]
    assert [head.ends for head in heads] == [True, False, False, True]
    assert sum(isinstance(part, Body) and part.ends for part in found) == 2
    assert not any(isinstance(part, Unreadable) for part in found)


def test_the_fields_of_a_head():
    [head] = parts(b"POST /exec/4c/start?x HTTP/1.0\r\nA:  b \t\r\nUPGRADE: tcp\r\n\r\n")
    assert isinstance(head, Head)
    assert head.fields == [(b"A", b"b"), (b"UPGRADE", b"tcp")]
    assert (head.method, head.may_hijack, head.keep_alive) == (b"POST", True, False)


@pytest.mark.parametrize(
    ("line", "may"),
    [
        (b"POST /v1.41/containers/web/attach?stream=1", True),
        (b"POST /exec/4c/start", True),
        (b"POST /containers/web/start", False),
        (b"GET /containers/attach/json", False),
        (b"POST /containers/create?name=/attach", False),
    ],
)
def test_what_may_become_a_tunnel(line: bytes, may: bool):
    [head] = parts(line + b" HTTP/1.1\r\n\r\n")
    assert isinstance(head, Head)
    assert head.may_hijack is may


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /_ping HTTP/1.1\nHost: x\n\n",
        b"GET /_ping HTTP/1.1\r\nHost: x\n",
        b"GET  /_ping HTTP/1.1\r\n\r\n",
        b"GET /_ping\r\n",
        b"GET /_ping HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA: x\r\n folded\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nA: x\x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_is_not_to_the_letter_is_not_read(data: bytes, step: int):
    found = parts(data + b"more", step)
    assert b"".join(part.raw for part in found) == data + b"more"
    assert all(isinstance(part, Unreadable) for part in found)


@pytest.mark.parametrize(
    "chunk", [b"x\r\n", b"5\nhello", b"-1\r\n", b"0x5\r\n", b"5" * 20 + b"\r\n", b"z" * 20_000]
)
def test_a_chunk_that_is_none(chunk: bytes):
    head = CHUNKED[: CHUNKED.index(b"\r\n\r\n") + 4]
    first, *rest = parts(head + chunk)
    assert isinstance(first, Head)
    assert b"".join(part.raw for part in rest) == chunk
    assert isinstance(rest[-1], Unreadable)


def test_a_head_without_end_is_let_go():
    data = b"GET / HTTP/1.1\r\nA: " + b"x" * (1 << 20)
    assert [type(part) for part in parts(data)] == [Unreadable]
    assert parts(data[:1000]) == []
