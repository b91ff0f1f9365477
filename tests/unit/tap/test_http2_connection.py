"""The tap of connections that begin with HTTP/2's preface. A real peer (h2) sends each side's bytes."""

import itertools
import tracemalloc

import pytest
from hpack import Encoder
from hyperframe import frame as frames

from apispy.http2 import MAX_BLOCK_SIZE, MAX_CONTINUATIONS, PREFACE
from apispy.tap import CLIENT_LEFT, CLIENT_RESET, ConnectionTap, GaveUp, Opened, ResponseStarted
from apispy.tap import http2_connection as module
from apispy.tap.connection import PREFACE_REFUSED
from apispy.tap.http2_connection import MAX_STREAMS, RESPONDED_EARLY
from apispy.tap.http2_messages import INVALID_FIELD
from tests.h2_peer import Peers, message

from .conversations import LIST, LISTED, PING, PONG, Step, c, closed, gave_up, new_tap, play, s

SETTINGS = frames.SettingsFrame().serialize()
BEGUN = PREFACE + SETTINGS
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request"


class Talk(Peers):
    """A connection of two peers, and the steps on it so far."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []

    def flush(self) -> None:
        """Let both sides send what is queued, and take it."""
        while (sent := self.client.data_to_send()) + (replied := self.server.data_to_send()):
            self.steps += [c(sent)] if sent else []
            self.steps += [s(replied)] if replied else []
            self.server.receive_data(sent)
            self.client.receive_data(replied)


def head(stream: int, *fields: tuple[str, str], flags: tuple[str, ...] = ("END_STREAM",)) -> bytes:
    """Serialize a HEADERS frame, in an encoding that needs no table."""
    block = Encoder().encode(fields, huffman=False)
    return frames.HeadersFrame(stream, block, flags=["END_HEADERS", *flags]).serialize()


def ask(
    stream: int, *more: tuple[str, str], path: str = "/info", flags: tuple[str, ...] = ("END_STREAM",)
) -> bytes:
    """Serialize a GET that does not depend on the frames before."""
    encoder = Encoder()
    encoder.header_table_size = 0
    fields = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "x"), *more]
    block = encoder.encode(fields, huffman=False)
    return frames.HeadersFrame(stream, block, flags=["END_HEADERS", *flags]).serialize()


def test_streams_are_exchanges_many_at_a_time():
    talk = Talk()
    events = talk.request("GET", "/events", more=[("user-agent", "x")])
    create = talk.request("POST", "/containers/create?name=web", b'{"Image":"x"}')
    talk.flush()
    talk.server.send_headers(events, [(":status", "200"), ("content-type", "application/json")])
    talk.respond(create, b'{"Id":"1"}', status=201)
    talk.flush()
    talk.server.send_data(events, b'{"Type":"container"}\n', end_stream=True)
    talk.flush()
    seen = play(talk.steps)
    assert gave_up(seen) == []
    second, first = closed(seen)
    assert (first.id, second.id) == (1, 2)
    assert (first.request.method, first.request.target, first.request.version) == ("GET", "/events", "2")
    assert first.request.headers.fields == ((b"host", b"docker"), (b"user-agent", b"x"))
    assert first.response.status == 200
    assert (first.response.version, first.response.reason) == ("2", "")
    assert first.response.headers.text("content-type") == "application/json"
    assert first.response.body.data == b'{"Type":"container"}\n'
    assert (second.request.body.data, second.response.body.data) == (b'{"Image":"x"}', b'{"Id":"1"}')
    assert (first.end, second.end) == ("complete", "complete")
    assert first.response.body.ended_at == first.duration > second.duration


def test_events_are_those_of_http1_with_their_times():
    answer = head(1, (":status", "200"), flags=()) + frames.DataFrame(1, b"{}").serialize()
    last = frames.DataFrame(1, b"", flags=["END_STREAM"]).serialize()
    events = play([c(BEGUN + ask(1)), s(SETTINGS + answer), s(last)])
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Opened", "StreamEnded", "ResponseStarted", "Data", "StreamEnded", "Closed"]
    [exchange] = closed(events)
    assert (exchange.started, exchange.response.at, exchange.duration) == (101.0, 1.0, 2.0)
    assert [chunk.at for chunk in exchange.response.body.chunks] == [1.0]


def test_the_events_of_one_read_come_by_exchange():
    """They have one time, so a capture, which has times, is played in the same order."""
    answers = head(3, (":status", "204")) + head(1, (":status", "200"))
    events = play([c(BEGUN + ask(1) + ask(3)), s(SETTINGS + answers + b"\0\0\1\0\0\0\0\0\0x")])
    answered = [event.exchange for event in events if isinstance(event, ResponseStarted)]
    assert [(exchange.id, exchange.response.status) for exchange in answered] == [(1, 200), (2, 204)]
    assert [exchange.id for exchange in closed(events)] == [1, 2]
    assert isinstance(events[-1], GaveUp)


def test_a_grpc_call_with_its_messages_and_trailers():
    talk = Talk()
    call = talk.call("/moby.buildkit.v1.Control/Info", b"ask")
    talk.flush()
    talk.answer(call, b"one", b"two", status=5, more=[("grpc-message", "gone")])
    talk.flush()
    [exchange] = closed(play(talk.steps))
    assert exchange.request.target == "/moby.buildkit.v1.Control/Info"
    assert exchange.request.body.data == message(b"ask")
    assert exchange.response.body.data == message(b"one") + message(b"two")
    assert exchange.response.body.trailers.fields == ((b"grpc-status", b"5"), (b"grpc-message", b"gone"))


def test_continuation_padding_priority_and_unknown_frames():
    block = Encoder().encode([(":method", "GET"), (":scheme", "http"), (":path", "/info"), ("x", "y" * 40)])
    opener = frames.HeadersFrame(
        1, block[:5], flags=["END_STREAM", "PADDED", "PRIORITY"], pad_length=7, depends_on=0
    )
    parts = [opener, frames.ContinuationFrame(1, block[5:20]), frames.ContinuationFrame(1, block[20:])]
    parts[-1].flags.add("END_HEADERS")
    asked = b"".join(part.serialize() for part in parts)
    unknown = b"\0\0\3\x42\0\0\0\0\1abc" + frames.PriorityFrame(1, depends_on=3).serialize()
    data = frames.DataFrame(1, b"{}", flags=["END_STREAM", "PADDED"], pad_length=9).serialize()
    answer = head(1, (":status", "103"), flags=()) + head(1, (":status", "200"), flags=()) + unknown + data
    [exchange] = closed(play([c(BEGUN + unknown + asked), s(SETTINGS + answer)]))
    assert exchange.request.headers.text("x") == "y" * 40
    assert (exchange.response.status, exchange.response.body.data) == (200, b"{}")
    assert exchange.end == "complete"


def test_the_first_frames_of_a_daemon_may_come_before_the_preface():
    [exchange] = closed(
        play(
            [s(SETTINGS), c(PREFACE[:3]), c(PREFACE[3:] + SETTINGS + ask(1)), s(head(1, (":status", "204")))]
        )
    )
    assert exchange.response.status == 204


@pytest.mark.parametrize("cut", range(1, len(PREFACE)))
def test_the_preface_may_be_split_anywhere(cut):
    whole = BEGUN + ask(1)
    steps = [c(whole[:cut]), c(whole[cut:]), s(SETTINGS + head(1, (":status", "204")))]
    [exchange] = closed(play(steps))
    assert (exchange.request.target, exchange.response.status) == ("/info", 204)


@pytest.mark.parametrize("cut", range(1, 6))
def test_what_begins_like_the_preface_may_be_http1(cut):
    post = b"POST /info HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    [exchange] = closed(play([c(post[:cut]), c(post[cut:]), s(LISTED)]))
    assert (exchange.request.method, exchange.started, exchange.request.at) == ("POST", 101.0, 1.0)
    events = play([c(b"P"), s(LISTED)])
    assert gave_up(events) == ["the daemon responded before the head of the request was complete"]


class TestEnds:
    def begun(self, *more: bytes) -> list[Step]:
        return [
            c(BEGUN + ask(1) + ask(3)),
            s(SETTINGS + head(1, (":status", "200"), flags=()) + b"".join(more)),
        ]

    def test_a_reset_of_the_client(self):
        events = play([*self.begun(), c(frames.RstStreamFrame(1, 8).serialize())])
        [exchange] = closed(events)
        assert (exchange.end, exchange.problems) == ("left", ("the client cancelled the call (CANCEL)",))

    def test_a_reset_of_the_daemon(self):
        [exchange] = closed(play(self.begun(frames.RstStreamFrame(3, 7).serialize())))
        assert exchange.end == "cut"
        assert exchange.problems == ("the daemon ended the call (REFUSED_STREAM)",)
        [exchange] = closed(play(self.begun(frames.RstStreamFrame(3, 77).serialize())))
        assert exchange.problems == ("the daemon ended the call (error 77)",)

    def test_the_daemon_goes_away(self):
        goaway = frames.GoAwayFrame(last_stream_id=1, error_code=11).serialize()
        third, first = closed(play([*self.begun(goaway), s(b"")]))
        assert third.problems == (
            "the daemon did not process the request: it ends the connection (ENHANCE_YOUR_CALM)",
        )
        assert first.problems == (
            "the daemon closed the connection in the middle of its response (ENHANCE_YOUR_CALM)",
        )

    def test_the_daemon_closes_the_connection(self):
        first, third = closed(play([*self.begun(), s(b"")]))
        assert first.problems == ("the daemon closed the connection in the middle of its response",)
        assert third.problems == ("the daemon closed the connection without a response",)
        assert {first.end, third.end} == {"cut"}

    @pytest.mark.parametrize(
        ("reason", "end"),
        [(CLIENT_LEFT, "left"), (CLIENT_RESET, "left"), ("apispy was stopped", "cut"), ("", "cut")],
    )
    def test_the_connection_is_lost(self, reason, end):
        exchanges = closed(play(self.begun(), lose=reason or True))
        assert [(one.end, one.problems) for one in exchanges] == [
            (end, (reason or "the connection was closed",))
        ] * 2

    def test_a_client_that_had_ended_its_side_has_left(self):
        assert {one.end for one in closed(play([*self.begun(), c(b"")], lose=True))} == {"left"}

    def test_a_response_before_the_end_of_its_request(self):
        asked = BEGUN + ask(1, flags=())
        answer = s(SETTINGS + head(1, (":status", "413")))
        [exchange] = closed(play([c(asked), answer, s(frames.RstStreamFrame(1, 0).serialize())]))
        assert (exchange.end, exchange.problems) == ("complete", (RESPONDED_EARLY,))

    def test_grpc_may_respond_before_the_end_of_its_request(self):
        asked = BEGUN + ask(1, ("content-type", "application/grpc"), flags=())
        answer = s(SETTINGS + head(1, (":status", "200"), ("grpc-status", "0")))
        [exchange] = closed(play([c(asked), answer], lose=True))
        assert (exchange.end, exchange.problems) == ("complete", ())


class TestRefusedPreface:
    @pytest.mark.parametrize("sent", [PREFACE, BEGUN, b"PRI * HTTP/2.0\r\n", PREFACE[:-1]])
    def test_a_daemon_without_http2(self, sent):
        events = play([c(sent), s(REFUSAL), s(b""), c(SETTINGS)], lose=True)
        [exchange] = closed(events)
        assert gave_up(events) == []
        assert (exchange.request.method, exchange.request.target, exchange.request.version) == (
            "PRI",
            "*",
            "2.0",
        )
        assert (exchange.response.status, exchange.response.body.data) == (400, b"400 Bad Request")
        assert (exchange.end, exchange.problems) == ("complete", ())

    def test_its_calls_never_were(self):
        asked, preface = closed(play([c(BEGUN + ask(1)), s(REFUSAL), s(b"")], lose=True))
        assert (asked.request.target, asked.end, asked.problems) == ("/info", "cut", (PREFACE_REFUSED,))
        assert (preface.request.method, preface.response.status) == ("PRI", 400)

    def test_what_follows_the_refusal_is_not_read(self):
        first = b"HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n404 page not found\n"
        events = play([c(BEGUN), s(first + REFUSAL), c(PING), s(PONG), s(b"")], lose=True)
        [exchange] = closed(events)
        assert exchange.response.status == 404
        assert gave_up(events) == []

    def test_a_daemon_that_closes_at_once(self):
        [exchange] = closed(play([c(BEGUN), s(b"")], lose=True))
        assert (exchange.request.method, exchange.response) == ("PRI", None)
        assert exchange.problems == ("the daemon closed the connection without a response",)

    def test_a_client_that_leaves_without_a_call(self):
        assert play([c(BEGUN), s(SETTINGS), c(b"")], lose=True) == []
        assert play([c(BEGUN), c(b"")], lose=True) == []
        assert play([c(BEGUN), c(b""), s(b"")], lose=True) == []

    def test_the_tap_tells_whether_it_is_http2(self):
        tap = new_tap()
        assert not tap.is_http2
        tap.from_client(PREFACE, 100.0)
        assert tap.is_http2
        tap.from_server(REFUSAL, 101.0)
        assert not tap.is_http2


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (
            [c(PREFACE + LIST)],
            "HTTP/2 from the client: its first frame is not SETTINGS, so this is not HTTP/2",
        ),
        (
            [c(BEGUN + ask(1)), s(b"\x15\x03\x01\x00\x02\x02\x28 not HTTP")],
            "HTTP/2 from the daemon: its first frame",
        ),
        ([c(BEGUN + ask(1)), s(SETTINGS + LISTED)], "HTTP/2 from the daemon: a frame has"),
        (
            [c(BEGUN + frames.HeadersFrame(1, b"\xff\xff\xff", flags=["END_HEADERS"]).serialize())],
            "malformed",
        ),
        ([c(BEGUN + b"\xff\xff\xff\x01\x04\0\0\0\1")], "a frame has 16777215 bytes"),
        ([c(BEGUN + b"\0\0\1\0\x08\0\0\0\1\x05")], "a DATA frame is malformed"),
        ([c(BEGUN + b"\0\0\0\0\x08\0\0\0\1")], "a DATA frame is malformed"),
        ([c(BEGUN + b"\0\0\1\0\0\0\0\0\0x")], "lacks a stream number"),
        (
            [c(BEGUN + frames.HeadersFrame(1, b"\x82").serialize() + SETTINGS)],
            "a header block is not continued",
        ),
        (
            [c(BEGUN + frames.ContinuationFrame(1, b"\x82").serialize())],
            "continues a header block that is not open",
        ),
        (
            [c(BEGUN + frames.HeadersFrame(1).serialize() + frames.ContinuationFrame(1).serialize() * 65)],
            f"or {MAX_CONTINUATIONS} continuation frames",
        ),
        ([c(BEGUN + ask(1)), s(SETTINGS + head(1, ("x", "y")))], "a response has no valid :status"),
        (
            [c(BEGUN + ask(1)), s(SETTINGS + frames.DataFrame(1, b"x").serialize())],
            "a response begins without its headers",
        ),
        ([c(BEGUN + ask(1)), s(SETTINGS), s(b""), s(SETTINGS)], "after it closed its side"),
        (
            [c(PING), s(PONG), c(BEGUN)],
            "the client switches to HTTP/2 on a connection that it began in HTTP/1",
        ),
    ],
)
def test_what_cannot_be_read_is_given_up_once(steps, reason):
    events = play([*steps, c(b"more"), s(b"more")], lose=True)
    [told] = gave_up(events)
    assert reason in told
    opened = [event.exchange.id for event in events if isinstance(event, Opened)]
    assert sorted(opened) == sorted(exchange.id for exchange in closed(events))


def test_a_fault_cuts_all_open_calls():
    events = play([c(BEGUN + ask(1) + ask(3)), s(SETTINGS), c(b"\0\0\1\0\0\0\0\0\0x")])
    assert [one.end for one in closed(events)] == ["cut", "cut"]
    assert all(
        "could not be read further: HTTP/2 from the client" in one.problems[0] for one in closed(events)
    )
    assert isinstance(events[-1], GaveUp)


class TestInvalidMessages:
    """What a daemon refuses is shown as far as no other program can take it for something else."""

    def opened(self, *fields: tuple[str, str]) -> Opened:
        steps = [c(BEGUN + head(1, *fields)), s(SETTINGS + frames.RstStreamFrame(1, 1).serialize())]
        events = play(steps)
        [exchange] = closed(events)
        assert exchange.problems[-1] == "the daemon ended the call (PROTOCOL_ERROR)"
        return next(event for event in events if isinstance(event, Opened))

    def test_fields_with_line_ends(self):
        told = self.opened(
            (":method", "GET"), (":path", "/info"), ("x", "1\r\ny: 2"), ("Upper", "1"), ("good", "1")
        )
        assert told.refused == f"not a valid request: {INVALID_FIELD}"
        assert told.exchange.request.headers.fields == ((b"good", b"1"),)

    @pytest.mark.parametrize(
        ("fields", "method", "target"),
        [
            ([(":method", "GET")], "GET", "?"),
            ([(":path", "/info")], "?", "/info"),
            ([(":method", "GET / HTTP/1.1"), (":path", "/info")], "?", "/info"),
            ([(":method", "GET"), (":path", "/info HTTP/1.1\r\nX: y")], "GET", "?"),
        ],
    )
    def test_without_a_method_or_a_path(self, fields, method, target):
        told = self.opened(*fields)
        assert told.refused
        assert (told.exchange.request.method, told.exchange.request.target) == (method, target)

    def test_connect_has_no_path(self):
        told = self.opened((":method", "CONNECT"), (":authority", "x:1"))
        assert (told.refused, told.exchange.request.target) == ("", "x:1")

    def test_a_response(self):
        answer = s(SETTINGS + head(1, (":status", "200"), ("x", "1\r\ny: 2")))
        [exchange] = closed(play([c(BEGUN + ask(1)), answer]))
        assert exchange.problems == (f"the response is not valid: {INVALID_FIELD}",)
        assert exchange.response.headers.fields == ()


class TestBounds:
    def test_open_streams(self):
        asked = b"".join(ask(2 * number + 1) for number in range(MAX_STREAMS))
        events = play([c(BEGUN + asked), c(ask(2 * MAX_STREAMS + 1))])
        assert gave_up(events) == [f"more than {MAX_STREAMS} streams are open"]
        assert len(closed(events)) == MAX_STREAMS

    def test_streams_that_are_reset_at_once_are_not_open(self):
        tap = ConnectionTap(1, "client", "daemon", itertools.count(1).__next__)
        tap.from_client(BEGUN, 1.0)
        for number in range(1, 2 * MAX_STREAMS + 10, 2):
            events = tap.from_client(ask(number) + frames.RstStreamFrame(number, 8).serialize(), 2.0)
            assert [type(event).__name__ for event in events] == ["Opened", "StreamEnded", "Closed"]

    def test_header_fields_of_open_streams(self, monkeypatch):
        monkeypatch.setattr(module, "MAX_HEADERS", 5000)
        asked = b"".join(ask(2 * number + 1, ("x", "y" * 1000)) for number in range(6))
        events = play([c(BEGUN + asked)])
        assert gave_up(events) == ["the open calls have more than 5000 bytes of header fields"]
        assert len(closed(events)) == 5

    def test_a_header_bomb(self):
        """A few bytes of references to one large field of the table."""
        bomb = Encoder().encode([(":method", "GET"), ("x", "y" * 4000)], huffman=False) + b"\xbe" * 16_000
        asked = frames.HeadersFrame(1, bomb, flags=["END_HEADERS"]).serialize()
        tracemalloc.start()
        events = play([c(BEGUN + asked)])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        [told] = gave_up(events)
        assert f"has more than {MAX_BLOCK_SIZE} bytes when decoded" in told
        assert peak < 16 * MAX_BLOCK_SIZE

    def test_bodies_that_are_kept(self, monkeypatch):
        monkeypatch.setattr(module, "MAX_KEPT", 5000)
        steps = [c(BEGUN + ask(1) + ask(3)), s(SETTINGS)]
        for number in (1, 3):
            steps.append(s(head(number, (":status", "200"), flags=())))
            steps += [s(frames.DataFrame(number, b"x" * 1000).serialize())] * 4
        steps += [s(frames.DataFrame(number, b"x", flags=["END_STREAM"]).serialize()) for number in (1, 3)]
        first, third = closed(play(steps))
        assert [one.response.body.size for one in (first, third)] == [4001, 4001]
        assert (first.response.body.kept, third.response.body.kept) == (4000, 1000)

    def test_a_body_is_cut_at_the_limit_of_a_body(self):
        answer = (
            head(1, (":status", "200"), flags=())
            + frames.DataFrame(1, b"x" * 50, flags=["END_STREAM"]).serialize()
        )
        [exchange] = closed(play([c(BEGUN + ask(1)), s(SETTINGS + answer)], limit=10))
        assert (exchange.response.body.size, exchange.response.body.kept) == (50, 10)

    def test_a_daemon_that_speaks_before_its_client(self):
        steps = [s(SETTINGS * 1000)] * 8
        assert gave_up(play(steps)) == ["the daemon sent data before any request"]
        assert gave_up(play(steps[:1], lose=True)) == ["the daemon sent data before any request"]

    def test_a_flood_of_frames_without_a_call(self):
        tap = new_tap()
        tap.from_client(BEGUN, 1.0)
        flood = (SETTINGS + frames.PingFrame(opaque_data=b"12345678").serialize()) * 500
        tracemalloc.start()
        assert all(tap.from_client(flood, 2.0) == [] for _ in range(5))
        assert tracemalloc.get_traced_memory()[0] < 100_000
        tracemalloc.stop()


def test_pushed_responses_are_not_read():
    promise = frames.PushPromiseFrame(
        1, 2, Encoder().encode([(":method", "GET"), (":path", "/x")]), flags=["END_HEADERS"]
    )
    pushed = (
        head(2, (":status", "200"), flags=()) + frames.DataFrame(2, b"x", flags=["END_STREAM"]).serialize()
    )
    answer = SETTINGS + promise.serialize() + pushed + head(1, (":status", "204"))
    [exchange] = closed(play([c(BEGUN + ask(1)), s(answer)]))
    assert (exchange.request.target, exchange.response.status) == ("/info", 204)


def test_frames_of_streams_that_are_over_change_nothing():
    late = frames.DataFrame(1, b"x").serialize() + frames.RstStreamFrame(1, 8).serialize()
    answer = s(SETTINGS + head(1, (":status", "204")))
    events = play([c(BEGUN + ask(1)), answer, c(late), s(head(1, ("x", "y")))])
    assert len(closed(events)) == 1
    assert gave_up(events) == []
    assert sum(isinstance(event, ResponseStarted) for event in events) == 1
