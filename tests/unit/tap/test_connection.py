"""The tap parses what real peers send, and gives up on anything else."""

from itertools import pairwise

import pytest

from apispy.tap import (
    CLIENT_LEFT,
    CLIENT_RESET,
    DAEMON_LEFT,
    DAEMON_RESET,
    Data,
    Opened,
    ResponseStarted,
    StreamEnded,
)
from apispy.tap.http1_connection import BODY_OF_HEAD, BODY_WITHOUT_LENGTH, MAX_CHUNK

from .conversations import (
    ATTACH,
    CHUNKED,
    EVENTS,
    HIJACKED,
    LIST,
    LISTED,
    OLD_HIJACKED,
    PING,
    PONG,
    c,
    closed,
    gave_up,
    play,
    s,
)


def only(steps, **options):
    """Return the only exchange of a conversation."""
    events = play(steps, **options)
    assert gave_up(events) == []
    [exchange] = closed(events)
    return exchange


def test_a_call_with_its_times_and_header_case():
    exchange = only([c(LIST), s(LISTED)])
    assert (exchange.request.method, exchange.request.target) == ("GET", "/v1.41/containers/json")
    assert (b"Content-Type", b"application/json") in tuple(exchange.response.headers)
    assert exchange.response.body.data == b"[]\n"
    assert (exchange.started, exchange.response.at, exchange.duration) == (101.0, 1.0, 1.0)
    assert exchange.end == "complete"


def test_head_has_no_body_whatever_its_headers_say():
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    first, second = closed(play([c(PING), s(answer), c(LIST), s(LISTED)]))
    assert first.response.body.size == 0
    assert second.request.method == "GET"


def test_events_are_told_as_they_come():
    events = play([c(EVENTS), s(CHUNKED), s(b"3\r\n{}\n\r\n"), s(b"0\r\n\r\n")])
    kinds = [type(event) for event in events[:5]]
    assert kinds == [Opened, StreamEnded, ResponseStarted, Data, StreamEnded]
    assert events[3].chunk.data == b"{}\n"
    assert events[3].chunk.at == 2.0


def test_trailers_are_kept():
    end = b"0\r\nX-Digest: abc\r\n\r\n"
    exchange = only([c(EVENTS), s(CHUNKED + b"2\r\nhi\r\n" + end)])
    assert exchange.response.body.trailers.text("x-digest") == "abc"


def test_interim_answers_are_not_the_answer():
    question = b"POST /build HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    exchange = only([c(question), s(interim), c(b"ab"), s(LISTED)])
    assert exchange.response.status == 200
    assert exchange.request.body.data == b"ab"


def test_http_1_0_ends_with_the_connection():
    exchange = only([c(b"GET /info HTTP/1.0\r\n\r\n"), c(b""), s(b"HTTP/1.0 200 OK\r\n\r\n{}"), s(b"")])
    assert exchange.response.body.data == b"{}"
    assert exchange.end == "complete"


def test_hijack_with_half_closes():
    """`docker run` without -i half-closes right after the 101, before any output."""
    exchange = only([c(ATTACH), s(HIJACKED), c(b""), s(b"hello"), s(b"")])
    assert exchange.tunnel.protocol == "tcp"
    assert exchange.tunnel.to_client.data == b"hello"
    assert (exchange.tunnel.to_server.ended_at, exchange.tunnel.to_client.ended_at) == (2.0, 4.0)
    assert exchange.end == "complete"


def test_much_that_a_tunnel_brings_at_once_is_chunks_of_a_bounded_size():
    said = bytes(range(256)) * 1000
    exchange = only([c(ATTACH), s(HIJACKED + said), c(said), c(b""), s(b"")])
    for body in (exchange.tunnel.to_client, exchange.tunnel.to_server):
        assert body.data == said
        assert [len(chunk.data) for chunk in body.chunks] == [MAX_CHUNK] * 3 + [len(said) - 3 * MAX_CHUNK]
        assert len({chunk.at for chunk in body.chunks}) == 1


def test_stdin_that_came_before_the_101_belongs_to_the_hijack():
    exchange = only([c(ATTACH + b"ear"), c(b"ly"), c(b""), s(HIJACKED + b"out"), s(b"")])
    assert exchange.tunnel.to_server.data == b"early"
    assert [chunk.at for chunk in exchange.tunnel.to_server.chunks] == [0.0, 1.0]
    assert exchange.tunnel.to_server.ended_at == 2.0
    assert exchange.tunnel.to_client.data == b"out"


def test_the_old_hijack_is_a_bare_200():
    old = ATTACH.replace(b"Connection: Upgrade\r\n", b"").replace(b"Upgrade: tcp\r\n", b"")
    exchange = only([c(old), s(OLD_HIJACKED), c(b"in"), s(b"out"), c(b""), s(b"")])
    assert exchange.tunnel.protocol == "raw"
    assert (exchange.tunnel.to_server.data, exchange.tunnel.to_client.data) == (b"in", b"out")


def test_a_refused_hijack_is_no_hijack():
    refusal = OLD_HIJACKED.replace(b"200 OK", b"404 Not Found") + b"No such container: x\r\n"
    exchange = only([c(ATTACH), s(refusal), s(b"")])
    assert exchange.tunnel is None
    assert exchange.response.body.data == b"No such container: x\r\n"


def test_pipelined_requests_and_answers():
    events = play([c(LIST + PING), s(LISTED + PONG)])
    assert [(e.id, e.request.method, e.response.status) for e in closed(events)] == [
        (1, "GET", 200),
        (2, "HEAD", 200),
    ]
    assert gave_up(events) == []


@pytest.mark.parametrize("end", [s(b""), None], ids=["the daemon leaves", "the client leaves"])
def test_pipelined_requests_without_an_answer_are_calls_too(end):
    steps = [c(LIST + PING), c(EVENTS), *([end] if end else [])]
    events = play(steps, lose=True)
    assert gave_up(events) == []
    assert [one.request.target for one in closed(events)] == ["/v1.41/containers/json", "/_ping", "/events"]
    assert {(one.end, one.response) for one in closed(events)} == {("cut", None)}


def test_a_request_that_came_after_the_daemon_had_left_is_a_call_too():
    events = play([c(LIST), s(b""), c(PING)], lose=True)
    assert [(one.request.target, one.end) for one in closed(events)][1:] == [("/_ping", "cut")]


OLD_ATTACH = ATTACH.replace(b"Connection: Upgrade\r\n", b"").replace(b"Upgrade: tcp\r\n", b"")


@pytest.mark.parametrize("attach", [ATTACH, OLD_ATTACH])
def test_stdin_for_a_hijack_that_was_never_answered_is_no_call(attach):
    events = play([c(attach), c(b"GET /typed HTTP/1.1\r\nHost: x\r\n\r\n"), s(b"")], lose=True)
    assert gave_up(events) == []
    assert len(closed(events)) == 1


def test_an_answer_may_come_before_the_whole_request():
    question = b"POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nfirst"
    exchange = only([c(question), s(LISTED)], lose=True)
    assert exchange.end == "complete"
    assert exchange.problems == ("the daemon responded before the request was complete",)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([c(LIST), s(b"")], "the daemon closed the connection without a response"),
        ([c(LIST), s(LISTED[:-1]), s(b"")], "the daemon closed the connection in the middle of its response"),
        ([c(ATTACH), s(HIJACKED), s(b"x")], "the connection was closed"),
    ],
)
def test_cut_exchanges_say_why(steps, why):
    exchange = only(steps, lose=True)
    assert exchange.end == "cut"
    assert exchange.problems == (why,)


@pytest.mark.parametrize(
    "steps",
    [
        [c(LIST)],
        [c(EVENTS), s(CHUNKED)],
        [c(EVENTS), s(CHUNKED), c(b"")],
        [c(ATTACH), s(HIJACKED)],
        [c(ATTACH), s(HIJACKED), s(b"x"), c(b"")],
        [c(ATTACH), s(HIJACKED), s(b"x"), s(b"")],
    ],
)
@pytest.mark.parametrize("reason", [CLIENT_LEFT, CLIENT_RESET])
def test_a_client_that_ends_its_connection_has_left(steps, reason):
    exchange = only(steps, lose=reason)
    assert (exchange.end, exchange.problems) == ("left", (reason,))


@pytest.mark.parametrize("reason", [DAEMON_LEFT, DAEMON_RESET, "apispy was stopped"])
def test_an_end_that_is_not_the_clients_is_a_cut(reason):
    exchange = only([c(ATTACH), s(HIJACKED), c(b"")], lose=reason)
    assert (exchange.end, exchange.problems) == ("cut", (reason,))


def test_the_end_of_the_daemons_side_after_the_clients_is_the_clients():
    exchange = only([c(EVENTS), s(CHUNKED), c(b""), s(b"")], lose=True)
    assert (exchange.end, exchange.problems) == ("left", (CLIENT_LEFT,))


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([c(b"\x16\x03\x01\x02\x00\x01\x00")], "TLS"),
        ([c(b"\x00\x01\x02 garbage\r\n\r\n")], "illegal request line"),
        ([c(LIST), s(b"garbage\r\n\r\n")], "illegal status line"),
        ([s(b"HTTP/1.1 408 Request Timeout\r\n\r\n")], "the daemon sent data before any request"),
    ],
)
def test_what_cannot_be_read_is_given_up_once(steps, reason):
    events = play([*steps, c(b"more"), s(b"more"), c(b""), s(b"")], lose=True)
    [told] = gave_up(events)
    assert reason in told
    assert all(exchange.end == "cut" for exchange in closed(events))


def test_a_client_too_far_ahead_is_given_up():
    flood = [c(b"x" * (1 << 20)) for _ in range(9)]
    [told] = gave_up(play([c(LIST), *flood]))
    assert "ahead" in told


def test_only_the_head_of_a_large_body_is_kept():
    question = b"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n"
    exchange = only([c(question), c(b"a" * 10), c(b"b" * 10), c(b"c" * 10), s(LISTED)], limit=15)
    assert exchange.request.body.data == b"a" * 10
    assert (exchange.request.body.size, exchange.request.body.cut) == (30, True)


def test_offsets_count_every_byte():
    pieces = [s(b"1\r\na\r\n"), s(b"2\r\nbc\r\n"), s(b"3\r\ndef\r\n"), s(b"0\r\n\r\n")]
    data = [event for event in play([c(EVENTS), s(CHUNKED), *pieces]) if isinstance(event, Data)]
    assert all(a.offset + len(a.chunk.data) == b.offset for a, b in pairwise(data))
    assert b"".join(event.chunk.data for event in data) == b"abcdef"


def test_a_daemon_that_says_more_than_its_answer_before_it_has_the_whole_request():
    """Found by fuzzing: the rest was parsed as the beginning of another response, endlessly."""
    post = LIST.replace(b"GET", b"POST").replace(b"Host: x", b"Host: x\r\nContent-Length: 5")
    events = play([c(post), s(LISTED + LISTED)])
    assert gave_up(events) == ["the daemon sent data after its response, before the request was complete"]


def test_a_next_request_that_is_none_does_not_end_the_answered_call_again():
    """Found by fuzzing: the response ended with the connection, and no other request followed the first."""
    until_closed = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[]\n"
    events = play([c(LIST + b"no request at all\r\n\r\n"), s(until_closed), s(b"")])
    [exchange] = closed(events)
    assert (exchange.end, exchange.response.body.data) == ("complete", b"[]\n")
    assert len(gave_up(events)) == 1


def test_a_daemon_that_speaks_after_it_has_closed_its_side():
    """Found by fuzzing. A socket cannot do that, but a packet file may contain it."""
    post = LIST.replace(b"GET", b"POST").replace(b"Host: x", b"Host: x\r\nContent-Length: 5")
    events = play([c(post), s(b"HTTP/1.1 500 Oh\r\n\r\nno"), s(b""), s(b"more")])
    assert gave_up(events) == ["the daemon sent data after it closed its side"]


NO_HOST = b"GET /v1.41/containers/json HTTP/1.1\r\nAccept: x\r\n\r\n"
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    b"400 Bad Request: missing required Host header"
)


@pytest.mark.parametrize(
    "steps",
    [
        [c(NO_HOST)],
        [c(NO_HOST[:20]), c(NO_HOST[20:])],
        [c(NO_HOST.replace(b"Accept: x", b"Connection: close"))],
        [c(NO_HOST.replace(b"Accept: x", b"Host: x\r\nHost: y"))],
        [c(NO_HOST.replace(b"Accept: x", b"Host: x\r\nX Y: z"))],
    ],
)
def test_a_request_that_the_daemon_refuses_is_a_call_with_its_answer(steps):
    events = play([*steps, s(BAD_REQUEST), s(b""), c(b"")], lose=True)
    [exchange] = closed(events)
    assert (exchange.request.method, exchange.request.target) == ("GET", "/v1.41/containers/json")
    assert (exchange.response.status, exchange.end) == (400, "complete")
    assert exchange.problems[0].startswith("not a valid request: ")
    assert gave_up(events) == []


def test_nothing_is_parsed_after_a_refused_request():
    events = play([c(NO_HOST + LIST), s(BAD_REQUEST), s(b"")])
    assert [exchange.response.status for exchange in closed(events)] == [400]
    assert gave_up(events) == ["not a valid request: missing mandatory Host: header"]
    events = play([c(NO_HOST), s(LISTED), s(LISTED)])
    assert [exchange.response.status for exchange in closed(events)] == [200]
    assert gave_up(events) == ["not a valid request: missing mandatory Host: header"]


def test_a_refused_request_without_a_response():
    exchange = only([c(NO_HOST)], lose=CLIENT_LEFT)
    assert exchange.end == "left"
    assert exchange.problems == ("not a valid request: missing mandatory Host: header", CLIENT_LEFT)


NO_LENGTH = b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n\r\n"


@pytest.mark.parametrize(
    "body", [b'{"Image":"busybox"}', b'{"Image":"busybox"}\r\n\r\n', b"a=b", b"\x1f\x8b"]
)
def test_a_body_without_a_length_is_told(body):
    events = play([c(NO_LENGTH + body), s(LISTED), s(BAD_REQUEST), s(b"")], lose=True)
    [exchange] = closed(events)
    assert exchange.end == "complete"
    assert exchange.problems == (BODY_WITHOUT_LENGTH,)
    assert gave_up(events) == [BODY_WITHOUT_LENGTH]


def test_a_body_without_a_length_that_comes_after_the_response():
    events = play([c(NO_LENGTH), s(LISTED), c(b'{"Image":"busybox"}'), s(BAD_REQUEST)])
    assert gave_up(events) == [BODY_WITHOUT_LENGTH]


@pytest.mark.parametrize("next_", [b"", LIST])
def test_a_post_without_a_body_needs_no_length(next_):
    events = play([c(NO_LENGTH + next_), s(LISTED), s(LISTED if next_ else b"")])
    assert [exchange.problems for exchange in closed(events)] == [()] * (2 if next_ else 1)
    assert gave_up(events) == []


def test_plain_http_to_a_tls_port():
    refusal = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
    exchange = only([c(PING), s(refusal), s(b"")])
    assert (exchange.response.status, exchange.end) == (400, "complete")
    assert exchange.problems == ("the daemon speaks TLS on this port, and got plain HTTP",)
    assert only([c(LIST), s(refusal), s(b"")]).response.body.data.startswith(b"Client sent an HTTP request")


@pytest.mark.parametrize("cut", range(1, 8))
def test_the_next_response_may_begin_in_the_same_piece_as_that_to_head(cut: int) -> None:
    events = play([c(PING + PING), s(PONG + PONG[:cut]), s(PONG[cut:])])
    assert gave_up(events) == []
    assert [(exchange.end, exchange.problems) for exchange in closed(events)] == [("complete", ())] * 2


def test_a_body_in_response_to_head():
    exchange = only([c(PING), s(PONG + b"hello"), s(b"")])
    assert (exchange.end, exchange.problems) == ("complete", (f"{BODY_OF_HEAD}: 5 bytes",))
    assert gave_up(play([c(PING), s(PONG), s(b"hello")])) == [BODY_OF_HEAD]
