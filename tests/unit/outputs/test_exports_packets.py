"""pcapng: how messages get their framing back, and how connections end."""

import struct

import pytest

from apispy.http2 import PREFACE
from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange, Headers, Response
from apispy.outputs.exports import EXPORTERS
from apispy.outputs.exports.http_bytes import pieces
from apispy.outputs.exports.packets import checksum
from apispy.pipeline import read
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import exchange, tunnel


def answered(
    fields: tuple[tuple[bytes, bytes], ...], *chunks: bytes, size: int = 0, ended: bool = True
) -> Exchange:
    parts = tuple(Chunk(0.01 * (1 + number), data) for number, data in enumerate(chunks))
    body = Body(parts, size or sum(map(len, chunks)), ended_at=0.04 if ended else None)
    return replace(
        exchange("GET /x"), response=Response(200, "OK", headers=Headers(fields), body=body, at=0.01)
    )


def server_said(one: Exchange) -> bytes:
    return b"".join(data for _, by_client, data in pieces(one) if not by_client)


def test_a_chunked_body_has_its_chunks_again():
    said = server_said(answered(((b"transfer-ENCODING", b"chunked"),), b"hello", b"there"))
    assert (
        said == b"HTTP/1.1 200 OK\r\ntransfer-ENCODING: chunked\r\n\r\n5\r\nhello\r\n5\r\nthere\r\n0\r\n\r\n"
    )


def test_a_chunked_body_that_never_ended_has_no_end():
    assert server_said(answered(((b"Transfer-Encoding", b"chunked"),), b"hello", ended=False)).endswith(
        b"5\r\nhello\r\n"
    )


def test_the_length_is_that_of_what_was_kept():
    said = server_said(answered(((b"Content-Length", b"1000"),), b"hello", size=1000))
    assert said == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def test_the_length_in_an_answer_without_a_body_stays():
    one = answered(((b"Content-Length", b"1000"),))
    one = replace(one, request=replace(one.request, method="HEAD"))
    assert server_said(one) == b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


def test_an_answer_with_no_length_ends_with_the_connection():
    assert pieces(answered((), b"all"))[-2:] == [(0.045, False, b""), (0.045, True, b"")]


def test_a_hijack_is_half_closed_when_it_was():
    two_ways = tunnel(b"in", b"out")
    late = replace(two_ways.to_client, chunks=(Chunk(0.02, b"out"),), ended_at=0.03)
    one = exchange("POST /x", 101, tunnel=replace(two_ways, to_client=late))
    order = [(by_client, data) for _, by_client, data in pieces(one)][2:]
    assert order[:4] == [(True, b"in"), (True, b""), (False, b"out"), (False, b"")]


def flags(*calls: Exchange) -> list[int]:
    """Return the flags of every packet."""
    memory = NameRegistry()
    blocks = list(EXPORTERS["pcapng"].export(read(call, memory) for call in calls))
    assert all(isinstance(block, bytes) for block in blocks)
    return [block[28 + 33] for block in blocks if struct.unpack_from("<I", block)[0] == 6]  # type: ignore[arg-type]


SYN, FIN, RST, ACK, PSH = 2, 1, 4, 16, 8
SHAKEN = [SYN, SYN | ACK, ACK]
SAID = [PSH | ACK, ACK]
CLOSED = [FIN | ACK, ACK] * 2


@pytest.mark.parametrize(
    ("changes", "ending"), [({}, CLOSED), ({"end": "cut"}, [RST | ACK]), ({"end": "open"}, [])]
)
def test_how_a_connection_ends(changes: dict[str, str], ending: list[int]):
    one = replace(answered(((b"Content-Length", b"2"),), b"ok"), **changes)
    assert flags(one) == SHAKEN + SAID * 3 + ending


def test_calls_on_one_connection_share_it():
    one = answered(((b"Content-Length", b"0"),))
    assert flags(one, one) == SHAKEN + SAID * 4 + CLOSED
    assert flags(one, replace(one, connection=2)) == (SHAKEN + SAID * 2) * 2 + CLOSED * 2


def test_the_first_packet_of_a_call_has_a_comment():
    text = b"".join(EXPORTERS["pcapng"].export([read(exchange("GET /v1.41/info"), NameRegistry())]))  # type: ignore[arg-type]
    assert text.count(b"#7 SystemInfo") == 1


def test_the_checksum_of_rfc_1071():
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == bytes.fromhex("220d")


def in_http2(one: Exchange) -> Exchange:
    assert one.response is not None
    return replace(
        one, request=replace(one.request, version="2"), response=replace(one.response, version="2")
    )


class TestHttp2:
    """Calls in HTTP/2 are written as in HTTP/1.1."""

    def test_bodies_are_chunked_where_their_length_is_unknown(self):
        body = Body((Chunk(0.01, b"hi"),), 2, Headers(((b"grpc-status", b"0"),)), 0.02)
        one = in_http2(answered((), b"all"))
        one = replace(one, request=replace(one.request, method="POST", body=body))
        said = b"".join(data for _, by_client, data in pieces(one) if by_client)
        assert said == (
            b"POST /x HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\ngrpc-status: 0\r\n\r\n"
        )
        assert (
            server_said(one) == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n"
        )

    def test_known_lengths_and_no_bodies_stay(self):
        one = in_http2(answered(((b"content-length", b"3"),), b"all"))
        assert pieces(one)[0][2] == b"GET /x HTTP/1.1\r\n\r\n"
        assert server_said(one) == b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nall"
        assert pieces(one)[-1][2] == b"all"
        one = replace(one, request=replace(one.request, method="HEAD"))
        assert server_said(one) == b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"

    def test_calls_on_one_connection_have_their_own(self):
        one = in_http2(answered(((b"Content-Length", b"0"),)))
        assert flags(one, one) == (SHAKEN + SAID * 2 + CLOSED) * 2
        text = b"".join(EXPORTERS["pcapng"].export([read(one, NameRegistry())]))  # type: ignore[arg-type]
        assert b"#7 ?, HTTP/2 on connection 1" in text

    def test_a_refused_preface_is_itself(self):
        one = replace(
            answered(()), request=replace(answered(()).request, method="PRI", target="*", version="2.0")
        )
        assert pieces(one)[0][2] == PREFACE
