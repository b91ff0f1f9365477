"""From the tap's events to the outputs: what is told, when, and what never comes out."""

from typing import Any

import pytest
from hyperframe import frame as frames

from apispy import decoders, engine
from apispy.capture.events import tap_events
from apispy.learn import NameRegistry
from apispy.model import (
    Body,
    Chunk,
    Direction,
    Exchange,
    Headers,
    Item,
    Request,
    Response,
    Seen,
    Tunnel,
    is_redacted,
)
from apispy.outputs import DecodedCall, Output
from apispy.pipeline import Pipeline, read
from apispy.pipeline.live_stream import HISTORY_ITEMS, LISTED, MESSAGE_BYTES, LiveStream
from apispy.redaction import Policy, Redactor
from apispy.structs import replace
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, ResponseStarted, StreamEnded
from tests.h2_peer import Peers
from tests.protobuf_writer import pb


class Log(Output):
    """An output that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.readings: list[DecodedCall] = []
        self.noticed: list[float] = []

    def opened(self, reading: DecodedCall) -> None:
        self.told.append(f"opened {reading.call.operation.id}")

    def item(self, reading: DecodedCall, direction: Direction, item: Item) -> None:
        self.told.append(f"{direction} {item.kind} {item.value!r}")

    def chunk(self, reading: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        self.told.append(f"chunk {direction} {offset}+{len(chunk.data)}")

    def write(self, reading: DecodedCall) -> None:
        self.told.append(f"write {reading.exchange.end}")
        self.readings.append(reading)

    def notice(self, text: str, at: float) -> None:
        self.told.append(f"notice {text}")
        self.noticed.append(at)

    def close(self) -> None:
        self.told.append("close")


class Ends(Output):
    """An output that takes calls at their end only."""

    def __init__(self) -> None:
        self.readings: list[DecodedCall] = []

    def write(self, reading: DecodedCall) -> None:
        self.readings.append(reading)


NONE = Headers()
LENGTH = Headers(((b"Content-Length", b"20"),))


def asked(line: str, headers: Headers = NONE) -> Exchange:
    method, target = line.split(" ")
    return Exchange(1, 1, 1000.0, "c", "u", Request(method, target, headers=headers))


def answered(exchange: Exchange, status: int = 200, protocol: str = "") -> Exchange:
    tunnel = Tunnel(protocol) if protocol else None
    return replace(exchange, response=Response(status), tunnel=tunnel)


def closed(
    exchange: Exchange, data: bytes = b"", direction: Direction = "response", **changes: Any
) -> Closed:
    body = Body((Chunk(0.1, data),) if data else (), len(data))
    exchange = replace(exchange, **{"end": "complete", "duration": 0.1, **changes})
    return Closed(exchange.with_stream(direction, body))


def data(direction: Direction, content: bytes, offset: int = 0) -> Data:
    return Data(1, direction, offset, Chunk(0.1, content))


def run(*events: Event, **options: Any) -> Log:
    log = Log()
    pipeline = Pipeline([log], **options)
    for event in events:
        pipeline.feed(event)
    return log


LIST = asked("GET /containers/json")
EVENTS = asked("GET /events")
ATTACH = asked("POST /containers/x/attach")
START = asked("POST /exec/e/start", LENGTH)
AUTH = asked("POST /auth", LENGTH)


def test_a_short_call_is_told_at_its_end_only() -> None:
    reply = answered(LIST)
    log = run(
        Opened(LIST),
        StreamEnded(1, "request", 0),
        ResponseStarted(reply),
        data("response", b"[]\n"),
        closed(reply, b"[]\n"),
    )
    assert log.told == ["chunk response 0+3", "write complete"]
    (item,) = log.readings[0].items["response"]
    assert (item.kind, item.value) == ("json", [])


def test_a_call_that_stays_open_is_told_at_once_and_as_it_flows() -> None:
    reply = answered(EVENTS)
    log = run(Opened(EVENTS), ResponseStarted(reply), data("response", b'{"Type": "x"}\n'))
    assert log.told == ["opened SystemEvents", "chunk response 0+14", "response json {'Type': 'x'}"]


def test_a_call_with_a_json_body_is_told_when_that_is_known() -> None:
    wait = asked("POST /images/x/push", LENGTH)
    log = run(Opened(wait), StreamEnded(1, "request", 0.1))
    assert log.told == ["opened ImagePush"]
    assert run(Opened(wait)).told == []
    assert run(Opened(wait), ResponseStarted(answered(wait))).told == ["opened ImagePush"]


def test_an_exec_is_open_only_when_it_was_hijacked() -> None:
    body = (data("request", b'{"Detach": false}'), StreamEnded(1, "request", 0))
    frame = b"\x01\0\0\0\0\0\0\x03out"
    hijacked = run(
        Opened(START), *body, ResponseStarted(answered(START, 101, "tcp")), data("to_client", frame)
    )
    assert hijacked.told == [
        "chunk request 0+17",
        "opened ExecStart",
        "chunk to_client 0+11",
        "to_client stdout b'out'",
    ]
    detached = run(Opened(START), *body, ResponseStarted(answered(START, 200)))
    assert detached.told == ["chunk request 0+17"]


def test_who_has_a_terminal_is_known_from_the_request() -> None:
    """The same bytes are a frame, or what a terminal shows."""
    body = (data("request", b'{"Tty": true}'), StreamEnded(1, "request", 0))
    frame = b"\x01\0\0\0\0\0\0\x03out"
    hijacked = run(
        Opened(START), *body, ResponseStarted(answered(START, 101, "tcp")), data("to_client", frame)
    )
    assert hijacked.told[-1] == f"to_client raw {frame!r}"


def test_an_unknown_call_that_is_hijacked_is_open() -> None:
    odd = asked("POST /odd")
    assert run(Opened(odd), ResponseStarted(answered(odd, 101, "tcp"))).told == ["opened "]


def test_streams_with_secrets_are_shown_redacted_at_the_end_only() -> None:
    secret = b'{"password": "hunter2"}'
    ended = closed(answered(AUTH), secret, "request")
    events = (
        Opened(AUTH),
        data("request", secret),
        StreamEnded(1, "request", 0),
        ResponseStarted(answered(AUTH)),
        ended,
    )
    log = run(*events)
    assert log.told == ["write complete"]
    assert "hunter2" not in repr(log.readings)
    assert is_redacted(log.readings[0].items["request"][0].value["password"])
    shown = run(*events, redactor=Redactor(Policy(show_secrets=True)))
    assert shown.told[0] == "chunk request 0+23"
    assert "hunter2" in repr(shown.readings)


@pytest.mark.parametrize("output", [Log, Ends])
@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /v1.41/containers/create", b'{"Image": "a", "Env": ["DB_PASSWORD=hunter2u7nt3r"]}'),
        ("POST /v1.41/containers/a/exec", b'{"Cmd": ["a"], "Env": ["DB_PASSWORD=hunter2u7nt3r"]}'),
        ("POST /v1.41/auth", b'{"username": "ann", "password": "hunter2u7nt3r"}'),
        ("POST /v1.41/secrets/create", b'{"Name": "a", "Data": "hunter2u7nt3r"}'),
    ],
)
def test_a_secret_of_a_request_is_hidden_in_other_calls_before_its_response(
    line: str, body: bytes, output: type[Log | Ends]
) -> None:
    """The daemon may take seconds for its response, as for a login, while a container prints what it was given."""
    slow = asked(line, Headers(((b"Content-Length", str(len(body)).encode()),)))
    other = replace(asked("GET /v1.41/containers/b/logs?stdout=1"), id=2, connection=2)
    head, tail = body[:20], body[20:]
    said = b"I was given hunter2u7nt3r\n"
    log = output()
    pipeline = Pipeline([log], redactor=Redactor(), clock=lambda: 1007.0)
    for event in (
        Opened(slow),
        data("request", head),
        data("request", tail, 20),
        StreamEnded(1, "request", 0.1),
        Opened(other),
        ResponseStarted(answered(other)),
        Data(2, "response", 0, Chunk(0.2, said)),
        StreamEnded(2, "response", 0.3),
        closed(answered(other), said),
    ):
        pipeline.feed(event)
    [shown] = log.readings
    assert "hunter2" not in repr(shown) + repr(getattr(log, "told", ""))
    assert "I was given" in repr(shown)


def test_an_error_beyond_what_is_kept_is_found() -> None:
    push = asked("POST /images/x/push")
    reply = answered(push)
    status = b'{"status": "x"}\n'
    many = [data("response", status, offset) for offset in range(0, HISTORY_ITEMS * 2 * 16, 16)]
    last = data("response", b'{"error": "late"}\n', HISTORY_ITEMS * 2 * 16)
    kept = Body((Chunk(0.1, status * 3),), HISTORY_ITEMS * 2 * 16 + 18)
    end = Closed(replace(reply, end="complete").with_stream("response", kept))
    (reading,) = run(Opened(push), ResponseStarted(reply), *many, last, end).readings
    assert reading.errors == ("late",)
    items = reading.items["response"]
    assert [item.span[0] for item in items[:4]][:3] == [0, 16, 32]
    assert items[-1].value == {"error": "late"}
    assert len(items) <= HISTORY_ITEMS + 3


def test_what_is_open_at_the_end_is_told_as_such() -> None:
    log = Log()
    pipeline = Pipeline([log], clock=lambda: 1020.0)
    reply = answered(EVENTS)
    for event in (Opened(EVENTS), ResponseStarted(reply), data("response", b'{"Type": "x"}\n')):
        pipeline.feed(event)
    pipeline.close()
    assert log.told[-2:] == ["write open", "close"]
    (reading,) = log.readings
    assert reading.exchange.duration == 20.0
    assert reading.exchange.response is not None
    assert reading.exchange.response.body.size == 14


def test_giving_up_is_told_in_words() -> None:
    log = run(GaveUp(3, "illegal header line: bytearray(b'X-Registry-Auth hunter2')", 12.5))
    assert log.told == [
        "notice connection 3: illegal header line. apispy stops decoding it; its traffic is not affected."
    ]
    assert log.noticed == [12.5]  # when it was given up, not when it is shown


def test_events_of_unknown_exchanges_are_let_be() -> None:
    assert (
        run(data("response", b"x"), StreamEnded(1, "request", 0), ResponseStarted(answered(LIST))).told == []
    )


def test_a_faulty_output_does_not_disturb_the_others() -> None:
    class Faulty(Log):
        def write(self, reading: DecodedCall) -> None:
            raise ValueError("odd")

    faulty, log = Faulty(), Log()
    pipeline = Pipeline([faulty, log])
    pipeline.feed(Opened(LIST))
    pipeline.feed(closed(answered(LIST)))
    assert log.told == ["write complete"]
    assert faulty.told == [
        "notice call #1 cannot be shown here: an internal error in apispy: ValueError('odd')"
    ]


def test_a_faulty_decoder_becomes_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty:
        def feed(self, data: bytes) -> list[Item]:
            raise ValueError("odd")

        def close(self) -> list[Item]:
            return []

    monkeypatch.setattr(decoders, "make", lambda name, methods=None: Faulty())
    reply = answered(LIST)
    log = run(Opened(LIST), ResponseStarted(reply), data("response", b"[]"), closed(reply, b"[]"))
    assert log.readings[0].errors == ("an internal error in apispy: ValueError('odd')",)


def test_any_fault_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(engine, "lookup", fail)
    assert run(Opened(LIST)).told == [
        "notice an internal error in apispy, a call may be missing: ValueError('odd')"
    ]


def test_a_saved_exchange_reads_like_a_live_one() -> None:
    reply = answered(LIST)
    ended = closed(reply, b'[{"Id": "x"}]\n')
    live = run(Opened(LIST), ResponseStarted(reply), data("response", b'[{"Id": "x"}]\n'), ended).readings[0]
    assert read(ended.exchange, NameRegistry()) == live
    assert run(ended).readings[0] == live


# --- a decoder whose items are redacted one by one


def tunnel_of_secrets(protocol: str = "h2c") -> list[Event]:
    """A session in which the daemon asks for a secret and gets it."""
    peers = Peers()
    stream = peers.call("/moby.buildkit.secrets.v1.Secrets/GetSecret", more=[("x-token", "hunter2")])
    asks, answers = peers.exchange()
    peers.answer(stream, b"hunter2")
    answers += peers.exchange()[1]
    upgrade = Headers(((b"Upgrade", protocol.encode()),))
    session = replace(
        asked("POST /session"), response=Response(101, headers=upgrade), tunnel=Tunnel(protocol)
    )
    ended = session
    for direction, content in (("to_client", asks), ("to_server", answers)):
        ended = ended.with_stream(direction, Body((Chunk(0.1, content),), len(content)))  # type: ignore[arg-type]
    return [
        *(Opened(asked("POST /session")), ResponseStarted(session)),
        *(data("to_client", asks), data("to_server", answers)),
        Closed(replace(ended, end="complete")),
    ]


def test_frames_are_read_where_their_bytes_are_withheld() -> None:
    log = run(*tunnel_of_secrets())
    assert not [line for line in log.told if line.startswith("chunk") or "hunter2" in line]
    assert any("/moby.buildkit.secrets.v1.Secrets/GetSecret" in line for line in log.told)
    [reading] = log.readings
    assert [body.shown for body in reading.exchange.streams.values()] == [True, True, False, False]
    assert "hunter2" not in repr(reading)
    assert reading.items["to_client"][-1].kind == "grpc"


def test_with_secrets_shown_the_bytes_are_there_as_well() -> None:
    log = run(*tunnel_of_secrets(), redactor=Redactor(Policy(show_secrets=True)))
    assert [line.split("+")[0] for line in log.told if line.startswith("chunk")] == [
        "chunk to_client 0",
        "chunk to_server 0",
    ]
    assert "hunter2" in repr(log.readings)


def test_where_bytes_are_withheld_no_other_decoder_reads() -> None:
    log = run(*tunnel_of_secrets("tcp"))
    assert [line for line in log.told if line.startswith(("chunk", "to_"))] == []
    assert "hunter2" not in repr(log.readings)


def test_many_frames_are_forgotten_but_not_the_count_of_calls() -> None:
    opened, answered_, first, *_, last = tunnel_of_secrets()
    pings = frames.PingFrame(opaque_data=b"12345678").serialize() * 5 * LISTED["h2c"]
    assert isinstance(first, Data)
    log = run(opened, answered_, first, data("to_client", pings, len(first.chunk.data)), last)
    items = log.readings[-1].items["to_client"]
    assert len(items) <= LISTED["h2c"]
    assert items[-1].value["calls"] == {"/moby.buildkit.secrets.v1.Secrets/GetSecret": 1}


def test_a_saved_tunnel_is_decoded_with_the_requests_first() -> None:
    """On /session the daemon asks, so the responses are in the first of the streams."""
    peers = Peers()
    method = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
    stream = peers.call(method, pb({1: "npmrc"}))
    asks, answers = peers.exchange()
    peers.answer(stream, pb({1: "hunter2-planted"}))
    answers += peers.exchange()[1]
    ended = tunnel_of_secrets()[-1]
    assert isinstance(ended, Closed)
    exchange = ended.exchange
    for direction, content in (("to_client", asks), ("to_server", answers)):
        exchange = exchange.with_stream(direction, Body((Chunk(0.1, content),), len(content)))  # type: ignore[arg-type]
    shown = read(exchange, NameRegistry(), redactor=Redactor(Policy(show_secrets=True)))
    found = [
        child.value["message"] for items in shown.items.values() for item in items for child in item.children
    ]
    assert sorted(map(str, found)) == ["{'ID': 'npmrc'}", "{'data': 'hunter2-planted'}"]


def test_messages_of_a_capture_with_secrets_are_redacted_when_they_are_read() -> None:
    """Of a tunnel that was longer than --body-limit, a capture made with --show-secrets has decoded messages."""
    method = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
    answer = {"stream": 1, "method": method, "part": "response", "message": {"data": "hunter2-planted"}}
    item = Item("h2c", "DATA", {"stream": 1, "size": 9}, (0, 9), (Item("message", "", answer, (0, 9)),))
    ended = tunnel_of_secrets()[-1]
    assert isinstance(ended, Closed)
    body = Body((), 9, seen=(Seen(0.1, item),))
    exchange = ended.exchange.with_stream("to_server", body).with_stream("to_client", Body())
    played = run(*(event for _, event in tap_events(exchange)))
    for text in map(repr, (read(exchange, NameRegistry()), Redactor().redact(exchange), played.readings)):
        assert "hunter2-planted" not in text
        assert "GetSecret response" in text
    assert "hunter2-planted" not in repr(played.told)


def test_many_messages_are_forgotten_within_a_limit_of_bytes() -> None:
    opened, answered_, *_, last = tunnel_of_secrets()
    peers = Peers()
    peers.call("/moby.buildkit.v1.Control/Status", pb({1: "ref"}))
    log = run(opened, answered_, data("to_client", peers.exchange()[0]), last)
    assert log.readings[-1].items["to_client"][-1].value["calls"] == {"/moby.buildkit.v1.Control/Status": 1}
    message = Item("message", "", {}, (0, 1 << 19))
    kept = LiveStream(None)
    for number in range(10):
        kept.add_seen(Seen(0.0, Item("h2c", "DATA", {"stream": number}, (0, 1 << 19), (message,))))
    assert len(kept.past) == MESSAGE_BYTES >> 19
    assert kept.has_forgotten


def test_what_is_withheld_has_no_digest() -> None:
    call = asked("POST /v1.41/auth", Headers(((b"Content-Length", b"99"),)))
    for target, digest in (("/v1.41/auth", ""), ("/v1.41/images/load", "ab" * 32)):
        body = Body((Chunk(0.1, b"{"),), 99, digest="ab" * 32)
        request = replace(call.request, target=target, body=body)
        [reading] = run(Closed(replace(call, request=request, end="complete"))).readings
        assert reading.exchange.request.body.digest == digest


def test_what_was_read_in_bytes_that_are_not_kept_goes_with_the_exchange() -> None:
    """And is read from there: by the events of a capture, and of a finished exchange."""
    log = run(*tunnel_of_secrets())
    live = log.readings[-1]
    tunnel = live.exchange.tunnel
    assert tunnel is not None
    assert [seen.item for seen in tunnel.to_client.seen] == list(live.items["to_client"])
    again = read(live.exchange, NameRegistry())
    assert again.items["to_client"] == live.items["to_client"]
