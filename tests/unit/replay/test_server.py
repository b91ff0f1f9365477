"""A replay over real sockets: framing, keep-alive, hijacks, misses, refusals."""

import json
from pathlib import Path

import pytest

from apispy.endpoints import Listen
from apispy.model import Exchange, Headers
from apispy.replay import Options, Replay, serve
from apispy.structs import replace
from apispy.tap import PREFACE_REFUSED
from tests.h2_peer import Peers
from tests.recorded_calls import Client, body, call, hijacked, streamed, wire

PING = call(1, "HEAD", "/_ping")


def replay(tmp_path: Path, *exchanges: Exchange, options: Options | None = None) -> Replay:
    return serve(exchanges, Listen("unix", "", 0, str(tmp_path / "s")), options)


def test_one_connection_serves_many_requests(tmp_path: Path) -> None:
    inspected = call(2, "GET", "/v1.41/containers/web/json", {"Id": "1"})
    again = call(3, "GET", "/v1.41/containers/web/json", {"Id": "2"})
    with replay(tmp_path, PING, inspected, again) as running, Client(running.where) as client:
        assert client.ask("HEAD", "/_ping") == (200, b"")
        assert client.ask("GET", "/v1.41/containers/web/json") == (200, b'{"Id": "1"}')
        assert client.ask("GET", "http://docker/v1.41/containers/web/json") == (200, b'{"Id": "2"}')
    assert not running.player.misses
    assert not running.player.unplayed


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    exchanges = [call(number, "GET", f"/containers/{number}/json", {"n": number}) for number in range(1, 6)]
    with replay(tmp_path, *exchanges) as running, Client(running.where) as client:
        client.send(b"".join(wire("GET", f"/containers/{number}/json") for number in range(1, 6)))
        assert [json.loads(client.answer()[1])["n"] for _ in exchanges] == [1, 2, 3, 4, 5]


def test_chunks_keep_their_boundaries(tmp_path: Path) -> None:
    build = streamed(1, "GET", "/images/json", (0.1, b'{"a":1}\n'), (0.2, b'{"b":2}\n'))
    with replay(tmp_path, build) as running, Client(running.where) as client:
        client.send(wire("GET", "/images/json"))
        client.until(b"\r\n\r\n")
        assert client.until(b"0\r\n\r\n") == b'8\r\n{"a":1}\n\r\n8\r\n{"b":2}\n\r\n0\r\n\r\n'


def test_an_http_1_0_client_gets_no_chunks(tmp_path: Path) -> None:
    build = streamed(1, "GET", "/images/json", (0.1, b'{"a":1}\n'), (0.2, b'{"b":2}\n'))
    with replay(tmp_path, build) as running, Client(running.where) as client:
        client.send(b"GET /images/json HTTP/1.0\r\n\r\n")
        head, _, content = client.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK")
    assert content == b'{"a":1}\n{"b":2}\n'


def test_a_miss_explains_itself_to_the_client(tmp_path: Path) -> None:
    created = call(1, "POST", "/v1.41/containers/create", {"Id": "1"}, asks={"Image": "busybox"}, status=201)
    with replay(tmp_path, created) as running, Client(running.where) as client:
        status, content = client.ask("POST", "/v1.41/containers/create", {"Image": "alpine"})
        assert status == 501
        message = json.loads(content)["message"]
        assert message.startswith("apispy replay: no recorded response for ContainerCreate POST")
        assert "body $.Image" in message
        assert client.ask("POST", "/v1.41/containers/create", {"Image": "busybox"})[0] == 201
    [miss] = running.player.misses
    assert miss.nearest is not None
    assert "body" not in miss.nearest.passed
    assert [text for text, _ in miss.lines()][4:6] == ["    - busybox", "    + alpine"]


def test_a_used_up_call_misses_unless_the_last_response_repeats(tmp_path: Path) -> None:
    one = call(1, "GET", "/info", {"ID": "x"})
    with replay(tmp_path, one) as running, Client(running.where) as client:
        assert [client.ask("GET", "/info")[0] for _ in range(2)] == [200, 501]
    assert running.player.misses[0].used_up
    with replay(tmp_path, one, options=Options(repeat_last=True)) as running, Client(running.where) as client:
        assert [client.ask("GET", "/info")[0] for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00", b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_bytes_that_are_not_a_request_get_400(tmp_path: Path, garbage: bytes) -> None:
    with replay(tmp_path, PING) as running, Client(running.where) as client:
        client.send(garbage)
        assert client.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize("asked", [False, True])
def test_http2_is_refused_at_once_and_the_client_falls_back(tmp_path: Path, asked: bool) -> None:
    peers = Peers()
    if asked:
        peers.request("GET", "/info")
    with replay(tmp_path, call(1, "GET", "/info", {"ID": "x"})) as running:
        with Client(running.where) as client:
            client.send(peers.client.data_to_send())
            assert client.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")
        with Client(running.where) as client:
            assert client.ask("GET", "/info") == (200, b'{"ID": "x"}')
    assert not running.player.misses


def test_refused_tries_of_http2_are_not_played(tmp_path: Path) -> None:
    never = replace(call(1, "GET", "/info"), response=None, end="cut", problems=(PREFACE_REFUSED,))
    preface = call(2, "PRI", "*", status=301)
    answered = call(3, "GET", "/info", {"ID": "x"})
    with replay(tmp_path, never, preface, answered) as running, Client(running.where) as client:
        assert client.ask("GET", "/info") == (200, b'{"ID": "x"}')
    assert not running.player.unplayed


def test_calls_in_http2_are_played_in_http1(tmp_path: Path) -> None:
    one = call(1, "GET", "/v1.53/info", {"ID": "x"})
    assert one.response is not None
    bare = replace(
        one.response, version="2", reason="", headers=Headers(((b"content-type", b"application/json"),))
    )
    one = replace(one, request=replace(one.request, version="2"), response=bare)
    with replay(tmp_path, one, one) as running, Client(running.where) as client:
        for _ in range(2):
            assert client.ask("GET", "/v1.53/info") == (200, b'{"ID": "x"}')


ATTACH = "/v1.41/containers/web/attach?stdin=1&stdout=1&stream=1"
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")


def test_output_waits_for_the_input_that_preceded_it(tmp_path: Path) -> None:
    talk = hijacked(
        1, ATTACH, body((0.1, b"hello\n"), (0.3, b"more\n")), body((0.2, b"got hello\n"), (0.4, b"bye\n"))
    )
    with replay(tmp_path, talk) as running, Client(running.where) as client:
        assert client.ask("POST", ATTACH, None, *UPGRADE)[0] == 101
        client.send(b"hel")
        client.send(b"lo\n")
        assert client.until(b"\n") == b"got hello\n"
        client.send(b"more\n")
        client.sock.shutdown(1)
        assert client.rest() == b"bye\n"
    assert not running.player.misses


def test_different_input_is_a_miss_and_ends_the_connection(tmp_path: Path) -> None:
    talk = hijacked(1, ATTACH, body((0.1, b"hello\n")), body((0.2, b"got hello\n")))
    with replay(tmp_path, talk) as running, Client(running.where) as client:
        assert client.ask("POST", ATTACH, None, *UPGRADE)[0] == 101
        client.send(b"hallo\n")
        assert client.rest() == b""
    [miss] = running.player.misses
    assert "stdin differs at byte 1: recorded 'ello\\n', sent 'allo\\n'" in miss.reason


def test_a_wait_ends_after_the_start_that_preceded_its_end(tmp_path: Path) -> None:
    waiting = streamed(1, "POST", "/v1.41/containers/web/wait", (0.5, b'{"StatusCode":0}'), begins=1)
    start = call(2, "POST", "/v1.41/containers/web/start", status=204, begins=1.2)
    with (
        replay(tmp_path, waiting, start) as running,
        Client(running.where) as one,
        Client(running.where) as two,
    ):
        one.send(wire("POST", "/v1.41/containers/web/wait"))
        one.until(b"\r\n\r\n")  # the head comes at once, or a client would never start the container
        assert not running.player.misses
        assert two.ask("POST", "/v1.41/containers/web/start")[0] == 204
        assert one.until(b"0\r\n\r\n").startswith(b"10\r\n")


def test_a_response_stops_waiting_after_patience(tmp_path: Path) -> None:
    waiting = streamed(1, "POST", "/v1.41/containers/web/wait", (0.5, b'{"StatusCode":0}'), begins=1)
    start = call(2, "POST", "/v1.41/containers/web/start", status=204, begins=1.2)
    with (
        replay(tmp_path, waiting, start, options=Options(patience=0.05)) as running,
        Client(running.where) as client,
    ):
        assert client.ask("POST", "/v1.41/containers/web/wait") == (200, b'{"StatusCode":0}')
    assert running.session.timeouts == 1
