"""A replay to clients that speak HTTP/2, over real sockets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from apispy.endpoints import Listen
from apispy.gate import Gate, parse
from apispy.http2 import PREFACE
from apispy.model import Exchange, Headers
from apispy.replay import Options, PlaybackSession, Player, Replay, serve
from apispy.structs import replace
from apispy.tap import Closed
from tests.recorded_calls import Client, body, call, hijacked, streamed


def in_http2(one: Exchange) -> Exchange:
    """The call as it would have been recorded in HTTP/2."""
    request = replace(one.request, version="2")
    if one.response is None:
        return replace(one, request=request)
    fields = Headers(
        tuple(
            (name.lower(), value)
            for name, value in one.response.headers
            if name.lower() != b"transfer-encoding"
        )
    )
    return replace(
        one, request=request, response=replace(one.response, version="2", reason="", headers=fields)
    )


class Http2Client:
    """A client of a replay."""

    def __init__(self, raw: Client) -> None:
        self._raw = raw
        self.http2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.http2.initiate_connection()
        self.events: list[Event] = []

    def ask(self, method: str, path: str, content: bytes = b"") -> int:
        """Send a request; return its stream."""
        stream = self.http2.get_next_available_stream_id()
        fields = [(":method", method), (":scheme", "http"), (":authority", "docker"), (":path", path)]
        if content:
            fields.append(("content-type", "application/json"))
        self.http2.send_headers(stream, fields, end_stream=not content)
        if content:
            self.http2.send_data(stream, content, end_stream=True)
        self.flush()
        return stream

    def flush(self) -> None:
        self._raw.send(self.http2.data_to_send())

    def until(self, kind: type[Event], stream: int = 0) -> Event:
        """Receive until an event of a kind (on a stream) has come, and return it."""
        while not (
            found := [
                one for one in self.events if isinstance(one, kind) and getattr(one, "stream_id", 0) == stream
            ]
        ):
            data = self._raw.sock.recv(1 << 16)
            assert data, f"the connection ended before {kind.__name__}"
            self.events += self.http2.receive_data(data)
        return found[-1]

    def answer(self, stream: int) -> tuple[int, bytes]:
        """Receive a whole response: its status and body."""
        self.until(StreamEnded, stream)
        head = next(
            one for one in self.events if isinstance(one, ResponseReceived) and one.stream_id == stream
        )
        data = [one.data for one in self.events if isinstance(one, DataReceived) and one.stream_id == stream]
        return int(dict(head.headers)[":status"]), b"".join(data)


@contextmanager
def connected(
    tmp_path: Path, *exchanges: Exchange, options: Options | None = None
) -> Iterator[tuple[Replay, Http2Client]]:
    listen = Listen("unix", "", 0, str(tmp_path / "s"))
    with serve(exchanges, listen, options) as running, Client(running.where) as client:
        yield running, Http2Client(client)


def test_calls_are_answered_many_at_a_time(tmp_path: Path) -> None:
    recorded = [in_http2(call(n, "GET", f"/v1.53/containers/{n}/json", {"n": n})) for n in range(1, 9)]
    recorded.append(
        in_http2(call(9, "POST", "/v1.53/containers/create", {"Id": "1"}, asks={"Image": "x"}, status=201))
    )
    with connected(tmp_path, *recorded) as (running, client):
        asked = {n: client.ask("GET", f"/v1.53/containers/{n}/json") for n in range(8, 0, -1)}
        created = client.ask("POST", "/v1.53/containers/create", b'{"Image": "x"}')
        assert {n: json.loads(client.answer(stream)[1])["n"] for n, stream in asked.items()} == {
            n: n for n in asked
        }
        assert client.answer(created) == (201, b'{"Id": "1"}')
    assert not running.player.misses
    assert not running.player.unplayed


def test_fields_chunks_and_trailers_are_as_recorded(tmp_path: Path) -> None:
    one = in_http2(streamed(1, "GET", "/images/json", (0.1, b'{"a":1}\n'), (0.2, b'{"b":2}\n')))
    assert one.response is not None
    trailers = Headers(((b"x-digest", b"1"), (b"X-Odd", b"a\r\nb: c")))
    fields = Headers((*one.response.headers, (b"connection", b"close"), (b"x-odd", b"a\r\nb: c")))
    one = replace(
        one,
        response=replace(one.response, headers=fields, body=replace(one.response.body, trailers=trailers)),
    )
    with connected(tmp_path, one) as (_, client):
        stream = client.ask("GET", "/images/json")
        assert client.answer(stream) == (200, b'{"a":1}\n{"b":2}\n')
        data = [one.data for one in client.events if isinstance(one, DataReceived) and one.data]
        assert data == [b'{"a":1}\n', b'{"b":2}\n']
        assert client.until(TrailersReceived, stream).headers == [("x-digest", "1")]  # type: ignore[attr-defined]
        names = [name for name, _ in client.until(ResponseReceived, stream).headers]  # type: ignore[attr-defined]
        assert not {"connection", "transfer-encoding", "x-odd"} & set(names)


def test_a_large_body_waits_for_the_window(tmp_path: Path) -> None:
    large = call(1, "GET", "/info", {"ID": "x" * 300_000})
    with connected(tmp_path, in_http2(large), in_http2(call(2, "GET", "/version", {}))) as (_, client):
        client.http2.increment_flow_control_window(1 << 20)  # that of the connection, not of its streams
        stream = client.ask("GET", "/info")
        assert client.answer(client.ask("GET", "/version"))[0] == 200
        assert not [one for one in client.events if isinstance(one, StreamEnded) and one.stream_id == stream]
        client.http2.increment_flow_control_window(1 << 20, stream)
        client.flush()
        assert json.loads(client.answer(stream)[1]) == {"ID": "x" * 300_000}


def test_a_miss_explains_itself(tmp_path: Path) -> None:
    with connected(tmp_path, in_http2(call(1, "GET", "/info", {"ID": "x"}))) as (running, client):
        status, content = client.answer(client.ask("GET", "/version"))
        assert status == 501
        assert "no recorded response for SystemVersion" in json.loads(content)["message"]
        assert client.answer(client.ask("GET", "/info"))[0] == 200
    assert len(running.player.misses) == 1


def test_a_tunnel_is_played_in_http1_only(tmp_path: Path) -> None:
    talk = hijacked(1, "/containers/web/attach?stream=1", body((0.1, b"in")), body((0.2, b"out")))
    talk = replace(
        talk, request=replace(talk.request, headers=Headers())
    )  # the old hijack, without an upgrade
    with connected(tmp_path, talk, in_http2(call(2, "GET", "/info", {}))) as (running, client):
        assert client.answer(client.ask("POST", "/containers/web/attach?stream=1"))[0] == 501
    assert "a client can only open in HTTP/1.1" in running.player.misses[0].message


def test_a_call_that_the_client_had_left_stays_open_until_it_does_again(tmp_path: Path) -> None:
    events = in_http2(streamed(1, "GET", "/events", (0.1, b'{"Type":"container"}\n')))
    with connected(tmp_path, events, in_http2(call(2, "GET", "/info", {}))) as (_, client):
        stream = client.ask("GET", "/events")
        client.until(DataReceived, stream)
        client.http2.reset_stream(stream, ErrorCodes.CANCEL)
        assert client.answer(client.ask("GET", "/info"))[0] == 200


def test_a_response_that_the_daemon_broke_off_is_reset(tmp_path: Path) -> None:
    cut = ("the daemon closed the connection without a response",)
    broken = replace(in_http2(call(1, "GET", "/version")), response=None, end="cut", problems=cut)
    with connected(tmp_path, broken, in_http2(call(2, "GET", "/info", {}))) as (_, client):
        stream = client.ask("GET", "/version")
        assert client.until(StreamReset, stream).error_code == ErrorCodes.INTERNAL_ERROR  # type: ignore[attr-defined]
        assert client.answer(client.ask("GET", "/info"))[0] == 200


def test_an_error_of_the_protocol_ends_the_connection(tmp_path: Path) -> None:
    with connected(tmp_path, in_http2(call(1, "GET", "/info", {}))) as (_, client):
        assert client.answer(client.ask("GET", "/info"))[0] == 200
        client._raw.send(b"\0\0\1\6\0\0\0\0\0x")  # PING has 8 bytes
        client.until(ConnectionTerminated)
        assert client._raw.sock.recv(100) == b""


@pytest.mark.parametrize("cut", [1, 5, len(PREFACE) - 1, len(PREFACE), len(PREFACE) + 3])
def test_the_preface_may_come_in_pieces(tmp_path: Path, cut: int) -> None:
    with connected(tmp_path, in_http2(call(1, "GET", "/info", {"ID": "x"}))) as (_, client):
        begun = client.http2.data_to_send()
        client._raw.send(begun[:cut])
        client._raw.send(begun[cut:])
        assert client.answer(client.ask("GET", "/info")) == (200, b'{"ID": "x"}')


def test_what_is_shown_is_in_http2(tmp_path: Path) -> None:
    seen: list[Exchange] = []
    session = PlaybackSession(
        Player([in_http2(call(1, "GET", "/info", {"ID": "x"}))], Options()),
        sink=lambda event: seen.append(event.exchange) if isinstance(event, Closed) else None,
    )
    listen = Listen("unix", "", 0, str(tmp_path / "s"))
    with Replay(session, listen) as running, Client(running.where) as raw:
        client = Http2Client(raw)
        assert client.answer(client.ask("GET", "/info"))[0] == 200
    [one] = seen
    assert one.response is not None
    assert (one.request.version, one.response.version, one.end) == ("2", "2", "complete")


def test_with_faults_a_replay_refuses_http2(tmp_path: Path) -> None:
    session = PlaybackSession(
        Player([in_http2(call(1, "GET", "/info", {}))], Options()),
        gate=Gate([parse("op:SystemInfo status=409")]),
    )
    with Replay(session, Listen("unix", "", 0, str(tmp_path / "s"))) as running, Client(running.where) as raw:
        raw.send(Http2Client(raw).http2.data_to_send())
        assert raw.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")
