"""Faults and refusals on real sockets: what the client and the daemon receive, and what is shown."""

import queue
import socket
from pathlib import Path
from time import monotonic

import pytest

from apispy.endpoints import Listen
from apispy.gate import GARBAGE, BrowserGuard, Gate, parse
from tests.unit.proxy.served import ok, proxied, receive, receive_all, receive_response

LIST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"
PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
START = b"POST /v1.41/containers/web/start HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n"
ATTACH = b"POST /containers/web/attach?stream=1 HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


def create(image: bytes = b"busybox", *more: bytes) -> bytes:
    body = b'{"Image": "%s"}' % image
    head = [
        b"POST /v1.41/containers/create HTTP/1.1",
        b"Host: docker",
        b"Content-Length: %d" % len(body),
        *more,
    ]
    return b"\r\n".join([*head, b"", body])


def hijack(connection: socket.socket, received: bytearray) -> None:
    """A daemon that hijacks, echoes what it receives, and sends bye after the half-close."""
    while not received.endswith(b"\r\n\r\n"):
        received += connection.recv(1)
    connection.sendall(SWITCHING)
    while data := connection.recv(1000):
        received += data
        connection.sendall(data)
    connection.sendall(b"bye")


def sent_until_error(client: socket.socket, data: bytes, error: type[OSError]) -> int:
    """Send *data* repeatedly until *error*; return the number of bytes sent."""
    sent = 0
    try:
        while True:
            sent += client.send(data)
    except error:
        return sent


# --- answers


def test_an_answer_in_the_daemons_place_and_the_connection_goes_on():
    with proxied("op:ContainerStart status=409 times=1") as there, there.connect() as client:
        client.sendall(START)
        first = receive_response(client)
        client.sendall(START + PING)
        assert receive_response(client) + receive_response(client) == ok(b"/v1.41/containers/web/start") + ok(
            b"/_ping"
        )
    assert first.startswith(b"HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\n")
    assert first.endswith(b'\r\n\r\n{"message": "apispy: fault op:ContainerStart status=409 times=1"}\n')
    assert there.received == [START + PING]
    assert [call.exchange.problems for call in there.shown.calls] == [
        ("answered by apispy: fault op:ContainerStart status=409 times=1",), (), ()
    ]  # fmt: skip
    assert [call.failed for call in there.shown.calls] == [True, False, False]


def test_answers_keep_the_order_of_pipelined_requests():
    with proxied("op:ContainerList status=500") as there, there.connect() as client:
        client.sendall(PING + LIST + PING + LIST)
        found = [receive_response(client)[:12] for _ in range(4)]
    assert found == [b"HTTP/1.1 200", b"HTTP/1.1 500"] * 2
    assert there.received == [PING + PING]


def test_a_request_that_is_not_all_there_gets_the_answer_and_the_end():
    whole = create()
    with proxied("status=500") as there, there.connect() as client:
        client.sendall(whole[:-3])
        found = receive_all(client)
        client.sendall(whole[-3:] + PING)
    assert b"\r\nConnection: close\r\n" in found
    assert not any(there.received)  # whether the daemon had time to take the connection does not matter


def test_a_body_that_is_there_is_swallowed():
    with proxied("op:ContainerCreate status=500") as there, there.connect() as client:
        client.sendall(create() + PING)
        assert b"500" in receive_response(client)
        assert receive_response(client) == ok(b"/_ping")
    assert there.received == [PING]


def test_a_client_that_waits_for_100_gets_the_answer_instead():
    with proxied("status=500 image:busybox") as there, there.connect() as client:
        client.sendall(create(b"busybox", b"Expect: 100-continue").partition(b"{")[0])
        # whether the image matches cannot be known without asking for the body, so it passes
        client.sendall(b'{"Image": "busybox"}')
        assert receive_response(client).endswith(b"/v1.41/containers/create")
    with proxied("status=500") as there, there.connect() as client:
        client.sendall(create(b"busybox", b"Expect: 100-continue").partition(b"{")[0])
        assert b"500 Internal" in receive_all(client)


def test_a_head_request_gets_a_head():
    with proxied("status=503") as there, there.connect() as client:
        client.sendall(PING.replace(b"GET", b"HEAD"))
        client.shutdown(socket.SHUT_WR)
        found = receive_all(client)
    assert found.endswith(b"\r\n\r\n")
    assert b"Content-Length: 40\r\n" in found
    assert there.shown.calls[0].exchange.end == "complete"


def test_answers_without_a_body():
    with proxied("status=304") as there, there.connect() as client:
        client.sendall(START)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == b"HTTP/1.1 304 Not Modified\r\n\r\n"


def test_http_10_and_connection_close_end_it():
    for request in (
        b"GET /_ping HTTP/1.0\r\n\r\n",
        PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    ):
        with proxied("status=500") as there, there.connect() as client:
            client.sendall(request)
            assert b"Connection: close" in receive_all(client)


def test_a_hijack_that_is_refused_ends():
    with proxied("op:ContainerAttach status=500", serve=hijack) as there, there.connect() as client:
        client.sendall(ATTACH + b"typed early")
        assert receive_all(client).startswith(b"HTTP/1.1 500 ")
    assert not any(there.received)  # whether the daemon had time to take the connection does not matter


def test_the_image_of_a_body_decides():
    with proxied('image:busybox status=404 message="no such image"') as there, there.connect() as client:
        request = create(b"busybox:latest")
        client.sendall(request[:-4])
        client.sendall(request[-4:] + create(b"alpine"))
        assert receive_response(client).endswith(b'{"message": "no such image"}\n')
        assert receive_response(client) == ok(b"/v1.41/containers/create")
    assert there.received == [create(b"alpine")]


def test_a_container_is_known_by_what_earlier_calls_told():
    """The gate decides with the aliases that the session has learned: see Pipeline.aliases."""
    gate = Gate(
        [parse("container:web reset")], aliases=lambda name: (name, "web") if name == "4c01" else (name,)
    )
    with proxied(gate=gate) as there, there.connect() as client:
        client.sendall(START.replace(b"web", b"4c01"))
        with pytest.raises(ConnectionResetError):
            client.recv(1)


# --- other faults


def test_a_delay_holds_only_its_own_connection_and_all_bytes_pass():
    with proxied("op:ContainerList delay=400ms") as there, there.connect() as slow, there.connect() as other:
        began = monotonic()
        slow.sendall(LIST + PING)
        other.sendall(PING)
        assert receive_response(other) == ok(b"/_ping")
        assert monotonic() - began < 0.4
        assert receive_response(slow) == ok(b"/v1.41/containers/json")
        assert monotonic() - began >= 0.4
        assert receive_response(slow) == ok(b"/_ping")
    assert sorted(there.received) == [PING, LIST + PING]
    held = next(call.exchange for call in there.shown.calls if call.exchange.problems)
    assert held.problems == ("delayed by apispy for 400 ms, fault op:ContainerList delay=400ms",)
    assert held.duration >= 0.4


def test_a_long_body_behind_a_delay_waits_in_the_clients_socket():
    """Nothing is read meanwhile, so apispy does not buffer the body of a client that is far ahead."""
    size = 40 << 20
    head = b"POST /v1.41/build HTTP/1.1\r\nHost: docker\r\nContent-Length: %d\r\n\r\n" % size
    with proxied("op:ImageBuild delay=500ms") as there, there.connect() as client:
        client.sendall(head)
        client.settimeout(0.2)
        sent = sent_until_error(client, bytes(1 << 16), TimeoutError)
        assert sent < 20 << 20
        client.settimeout(20)
        while sent < size:
            sent += client.send(bytes(min(1 << 16, size - sent)))
        assert receive_response(client) == ok(b"/v1.41/build")
    assert len(there.received[0]) == len(head) + size


def test_a_half_close_behind_a_delay_stays_behind_it():
    def serve(connection: socket.socket, received: bytearray) -> None:
        while data := connection.recv(1000):
            received += data
        connection.sendall(ok(b"after the end"))

    with proxied("delay=100ms", serve=serve) as there, there.connect() as client:
        client.sendall(PING)
        client.shutdown(socket.SHUT_WR)
        assert receive(client, len(ok(b"after the end"))) == ok(b"after the end")
    assert there.received == [PING]


def test_a_delay_then_a_status():
    with proxied("delay=100ms status=504") as there, there.connect() as client:
        began = monotonic()
        client.sendall(PING)
        assert b"504 Gateway Timeout" in receive_response(client)
        assert monotonic() - began >= 0.1
    assert len(there.shown.calls[0].exchange.problems) == 2


def test_a_client_that_leaves_during_a_delay_leaves_nothing_behind():
    with proxied("op:ContainerList delay=300ms") as there:
        with there.connect() as client:
            client.sendall(LIST)
        with there.connect() as client:
            client.sendall(PING)
            assert receive_response(client) == ok(b"/_ping")
    assert len(there.shown.calls) == 2


def test_a_reset_is_one(tmp_path: Path):
    with proxied("op:ContainerList reset times=1") as there:
        with there.connect() as client:
            client.sendall(LIST)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        with there.connect() as client:
            client.sendall(LIST)
            assert receive_response(client) == ok(b"/v1.41/containers/json")
    assert [call.exchange.problems for call in there.shown.calls] == [
        ("reset by apispy, fault op:ContainerList reset times=1",), ()
    ]  # fmt: skip
    assert there.received[0] == b""
    with proxied("reset", where=Listen("unix", "", 0, f"{tmp_path}/s")) as there, there.connect() as client:
        client.sendall(LIST)
        assert client.recv(1) == b""  # a unix socket knows no RST


def test_garbage_is_what_the_page_says_and_the_end():
    with proxied("garbage") as there, there.connect() as client:
        client.sendall(LIST)
        assert receive_all(client) == GARBAGE
    assert there.shown.calls[0].exchange.problems == ("answered with garbage by apispy, fault garbage",)
    page = (Path(__file__).parents[3] / "docs/faults.md").read_text()
    assert repr(GARBAGE)[2:-1] in page


def test_an_answer_is_cut_behind_so_many_bytes_and_shorter_ones_are_not():
    with proxied("drop-after=8B") as there, there.connect() as client:
        client.sendall(PING + LIST)
        assert receive_response(client) == ok(b"/_ping")
        assert receive_all(client) == ok(b"/v1.41/containers/json")[:-14]
    calls = [call.exchange for call in there.shown.calls]
    assert [(call.end, call.problems) for call in calls] == [
        ("complete", ()), ("cut", ("cut by apispy, fault drop-after=8B",))
    ]  # fmt: skip


def test_a_hijacked_session_is_cut_too():
    with proxied("op:ContainerAttach drop-after=6B", serve=hijack) as there, there.connect() as client:
        client.sendall(ATTACH + b"hel")
        assert receive(client, len(SWITCHING) + 3) == SWITCHING + b"hel"
        client.sendall(b"lo world")
        assert receive_all(client) == b"lo "
    assert there.shown.calls[0].exchange.tunnel.to_client.data == b"hello "  # type: ignore[union-attr]


# --- what is not touched


@pytest.mark.parametrize("step", [1, 5, 10_000])
def test_what_no_rule_hits_passes_verbatim_however_it_is_split(step: int):
    chunked = LIST.replace(b"GET", b"POST").replace(
        b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"
    )

    def serve(connection: socket.socket, received: bytearray) -> None:
        while len(received) < len(talk) and (data := connection.recv(1000)):
            received += data
            for mark in (b"\r\n\r\n",):
                if received.endswith(mark) and not received.endswith(b"chunked\r\n\r\n"):
                    connection.sendall(ok(b"x"))

    talk = LIST + chunked + LIST
    with proxied("op:ContainerStart reset", serve=serve) as there, there.connect() as client:
        for start in range(0, len(talk), step):
            client.sendall(talk[start : start + step])
        assert [receive_response(client) for _ in range(3)] == [ok(b"x")] * 3
    assert there.received == [talk]


@pytest.mark.parametrize("rules", [(), ("op:ContainerStart reset",)])
def test_a_hijack_passes_with_what_comes_early_and_its_half_close(rules: tuple[str, ...]):
    with proxied(*rules, guard=BrowserGuard(), serve=hijack) as there, there.connect() as client:
        client.sendall(ATTACH + b"early, ")
        client.sendall(b"no request")
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == SWITCHING + b"early, no requestbye"
    assert there.received == [ATTACH + b"early, no request"]


def test_after_a_hijack_that_the_daemon_refused_requests_are_looked_at_again():
    with proxied("op:SystemPing status=500") as there, there.connect() as client:
        client.sendall(ATTACH)
        assert receive_response(client) == ok(b"/containers/web/attach?stream=1")
        client.sendall(PING)
        assert b"500" in receive_response(client)


def test_a_head_that_never_ends_passes_at_the_clients_end():
    def serve(connection: socket.socket, received: bytearray) -> None:
        while data := connection.recv(1000):
            received += data

    with proxied(guard=BrowserGuard(), serve=serve) as there, there.connect() as client:
        client.sendall(b"GET /_ping HT")
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == b""
    assert there.received == [b"GET /_ping HT"]


def test_with_no_daemon_faults_still_answer_and_the_rest_is_told_why():
    with proxied("op:ContainerList status=418", upstream_gone=True) as there:
        with there.connect() as client:
            client.sendall(LIST)
            assert receive_response(client).startswith(b"HTTP/1.1 418 ")
            client.sendall(PING)
            assert receive_all(client).startswith(b"HTTP/1.1 502 ")
        calls = there.shown.wait(2)
    assert [call.exchange.response.status for call in calls] == [418, 502]
    assert there.received == []


@pytest.mark.parametrize("rules", [(), ("op:ContainerList status=418",)])
def test_with_no_daemon_a_request_after_the_502_disturbs_nothing(rules: tuple[str, ...], caplog):
    with proxied(*rules, upstream_gone=True) as there, there.connect() as client:
        client.sendall(PING)
        assert receive_all(client).startswith(b"HTTP/1.1 502 ")
        client.sendall(PING)
        client.shutdown(socket.SHUT_WR)
        there.shown.wait(2)
    assert [call.exchange.response is None for call in there.shown.calls] == [False, True]
    assert not caplog.records


@pytest.mark.parametrize("at_once", [True, False])
def test_a_body_that_cannot_be_read_gets_the_400_although_its_request_waits_for_a_response(at_once: bool):
    def silent(connection: socket.socket, received: bytearray) -> None:
        while data := connection.recv(1000):
            received += data

    begin = b"POST /v1.41/containers/x/wait HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
    with proxied("op:ContainerStart reset", serve=silent) as there, there.connect() as client:
        if at_once:
            client.sendall(begin + b"zz\r\nabc\r\n")
        else:
            client.sendall(begin)
            while there.received != [begin]:
                pass
            client.sendall(b"zz\r\nabc\r\n")
        assert receive_all(client).startswith(b"HTTP/1.1 400 ")
    assert begin.startswith(bytes(there.received[0]))


# --- a daemon that has ended its side


def ended(connection: socket.socket, received: bytearray) -> None:
    """A daemon that ends its side at once, and reads on."""
    connection.shutdown(socket.SHUT_WR)
    while data := connection.recv(1000):
        received += data


@pytest.mark.parametrize("action", ["status=500", "garbage", "reset", "delay=1ms status=500"])
def test_what_a_rule_answers_ends_the_connection_if_the_daemon_ended_its_side(action: str, caplog):
    """It cannot be answered; nothing of it, and nothing after it, reaches the daemon."""
    with proxied(f"op:ContainerCreate {action}", serve=ended) as there, there.connect() as client:
        assert client.recv(1) == b""
        client.sendall(create()[:-1])
        there.shown.wait(1)
        sent_until_error(client, b"}", ConnectionError)
    assert there.received == [b""]
    [call] = there.shown.calls
    assert call.exchange.response is None
    assert "by apispy" in call.exchange.problems[-1]
    assert not caplog.records


def test_requests_do_not_wait_for_responses_if_the_daemon_ended_its_side():
    with proxied("op:ContainerStart status=500", serve=ended) as there, there.connect() as client:
        assert client.recv(1) == b""
        client.sendall(PING + LIST)
        client.sendall(PING)
        client.shutdown(socket.SHUT_WR)
        there.shown.wait(3)
    assert there.received == [PING + LIST + PING]


def test_requests_that_wait_for_a_response_pass_when_the_daemon_ends_its_side():
    def serve(connection: socket.socket, received: bytearray) -> None:
        while not received.endswith(PING):
            received += connection.recv(1000)
        ended(connection, received)

    with proxied("op:ContainerStart status=500", serve=serve) as there, there.connect() as client:
        client.sendall(PING + LIST)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == b""
        there.shown.wait(2)
    assert there.received == [PING + LIST]


def test_an_error_in_deciding_denies():
    def broken(name: str) -> tuple[str, ...]:
        raise RuntimeError("a bug")

    gate = Gate([parse("container:web reset")], aliases=broken)
    with proxied(gate=gate) as there, there.connect() as client:
        client.sendall(START)
        found = receive_all(client)
    assert found.startswith(b"HTTP/1.1 500 ")
    assert b"the request was not forwarded" in found
    assert not any(there.received)  # whether the daemon had time to take the connection does not matter


def test_a_client_that_is_far_ahead_is_ended():
    def silent(connection: socket.socket, received: bytearray) -> None:
        while data := connection.recv(1 << 16):
            received += data

    with proxied("op:ContainerStart reset", serve=silent) as there, there.connect() as client:
        assert sent_until_error(client, PING * 1000, ConnectionError) < 100 << 20
    assert there.received == [PING]
    assert any("too far ahead" in problem for call in there.shown.calls for problem in call.exchange.problems)


# --- web pages


@pytest.mark.parametrize(
    "headers",
    [b"Host: evil.example:2377", b"Host: 127.0.0.1\r\nOrigin: http://evil.example", b"host:evil.example"],
)
def test_a_pages_request_gets_403_and_the_end(headers: bytes):
    with proxied(guard=BrowserGuard()) as there, there.connect() as client:
        client.sendall(b"POST /containers/create HTTP/1.1\r\n%s\r\nContent-Length: 2\r\n\r\n{}" % headers)
        found = receive_all(client)
    assert found.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b'{"message": "apispy: refused: ' in found
    assert not any(there.received)  # whether the daemon had time to take the connection does not matter
    assert there.shown.calls[0].exchange.problems[0].startswith("answered by apispy: refused: ")


@pytest.mark.parametrize("step", [1, 1000])
def test_every_request_of_a_connection_is_looked_at_and_answers_keep_their_order(step: int):
    evil = PING.replace(b"docker", b"evil.example")
    with proxied(guard=BrowserGuard()) as there, there.connect() as client:
        for start in range(0, len(PING + LIST + evil + START), step):
            client.sendall((PING + LIST + evil + START)[start : start + step])
        assert receive_response(client) + receive_response(client) == ok(b"/_ping") + ok(
            b"/v1.41/containers/json"
        )
        assert receive_all(client).startswith(b"HTTP/1.1 403 ")
    [received] = there.received
    assert received.startswith(PING + LIST)
    assert received.count(b"\r\n\r\n") == 2, "the daemon has a whole head of what was refused"


def test_what_is_no_request_passes_the_guard_untouched():
    for data in (
        b"\x16\x03\x01\x00\x05hello",
        b"GET / HTTP/1.1\nHost: docker\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):

        def serve(connection: socket.socket, received: bytearray, size: int = len(data)) -> None:
            while len(received) < size:
                received += connection.recv(1000)
            connection.sendall(b"got it")

        with proxied(guard=BrowserGuard(), serve=serve) as there, there.connect() as client:
            client.sendall(data)
            assert receive_all(client) == b"got it"
        assert there.received == [data]


def test_without_faults_every_byte_goes_on_at_once():
    """In lock step: each byte is sent after the one before it has arrived."""
    chunked = b"POST /build HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b"3;x\r\nabc\r\n0\r\nA: b\r\n\r\n"
    arrived: queue.Queue[bytes] = queue.Queue()

    def serve(connection: socket.socket, received: bytearray) -> None:
        while data := connection.recv(1):
            received += data
            arrived.put(data)

    with proxied(guard=BrowserGuard(), serve=serve) as there, there.connect() as client:
        for byte in PING + chunked + LIST:
            client.sendall(bytes([byte]))
            assert arrived.get(timeout=20) == bytes([byte])
    assert there.received == [PING + chunked + LIST]


def test_pipelined_requests_pass_the_guard_at_once():
    """Without faults no request waits: the daemon receives the second before it responds to the first."""

    def serve(connection: socket.socket, received: bytearray) -> None:
        while len(received) < 2 * len(PING):
            received += connection.recv(1000)
        connection.sendall(ok(b"1") + ok(b"2"))

    with proxied(guard=BrowserGuard(), serve=serve) as there, there.connect() as client:
        client.sendall(PING)
        client.sendall(PING)
        assert receive_response(client) + receive_response(client) == ok(b"1") + ok(b"2")
