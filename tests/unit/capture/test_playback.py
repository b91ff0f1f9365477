"""What is open at one time is played as it happened; a file that grows is followed."""

import itertools
from pathlib import Path

import pytest

from apispy.capture import CaptureError, Header, Notice, Writer, follow, play, playback
from apispy.capture.events import micros, tap_events
from apispy.capture.playback import Timeline
from apispy.model import Body, Chunk, Exchange, Headers, Item, Request, Response, Seen, Tunnel
from apispy.structs import replace
from apispy.tap import ConnectionTap
from apispy.tap.events import Closed, Data, Event, Opened, Read, ResponseStarted, Skipped, StreamEnded
from tests.unit.tap.conversations import ATTACH, CHUNKED, EVENTS, HIJACKED, LIST, LISTED, Step, c, closed, s
from tests.unit.tap.conversations import play as conversation

from .test_reader import exchange

HEADER = Header("0.1.0", 1.0)


def stream(number: int, started: float, *times: float) -> Exchange:
    """A call whose answer comes in pieces."""
    chunks = tuple(Chunk(at, b"x") for at in times)
    response = Response(200, "OK", body=Body(chunks, len(chunks), ended_at=times[-1]))
    return replace(exchange(number, started), response=response, duration=times[-1])


def order(path: Path) -> list[str]:
    found = []
    for happening in play(path, on_error=pytest.fail, warn=pytest.fail):
        match happening:
            case Header():
                found.append("header")
            case Notice(_, text):
                found.append(text)
            case Opened(call) | Closed(call):
                found.append(f"{type(happening).__name__} {call.id}")
            case Exchange(number):
                found.append(f"all of {number}")
            case Data(number, "response", offset):
                found.append(f"{number}:{offset}")
    return found


def test_calls_are_sorted_into_each_other(tmp_path: Path) -> None:
    with Writer(tmp_path / "a") as writer:
        writer.header(HEADER)
        writer.exchange(stream(2, 11, 1, 3))
        writer.notice(Notice(14.0, "notice"))
        writer.exchange(stream(1, 10, 1.5, 3.5, 6))
        writer.exchange(stream(3, 16, 1))
        writer.header(HEADER)
        writer.exchange(stream(1, 5, 1))
    first = ["Opened 1", "Opened 2", "1:0", "2:0", "1:1", "2:1", "Closed 2", "notice", "1:2", "Closed 1"]
    assert order(tmp_path / "a") == ["header", *first, "Opened 3", "3:0", "Closed 3", "header", "all of 1"]


@pytest.mark.parametrize(
    ("second", "alone"),
    [(11.5, True), (11.000001, False), (10.5, False), (10.0, False)],
)
def test_an_exchange_during_which_nothing_happens_is_played_whole(
    tmp_path: Path, second: float, alone: bool
) -> None:
    """Its last event may be later than its duration: that ends with the connection."""
    with Writer(tmp_path / "a") as writer:
        writer.header(HEADER)
        writer.exchange(replace(stream(1, 10, 0.5, 1), duration=0.1))
        writer.exchange(stream(2, second, 1))
    assert ("all of 1" in order(tmp_path / "a")) is alone
    assert "all of 2" in order(tmp_path / "a") or not alone


def test_an_exchange_and_a_notice_of_its_time_are_sorted_into_each_other(tmp_path: Path) -> None:
    with Writer(tmp_path / "a") as writer:
        writer.header(HEADER)
        writer.exchange(stream(1, 10, 0.5, 1))
        writer.notice(Notice(10.7, "notice"))
    assert order(tmp_path / "a") == ["header", "Opened 1", "1:0", "notice", "1:1", "Closed 1"]


def test_progress_is_told(tmp_path: Path) -> None:
    with Writer(tmp_path / "a") as writer:
        writer.header(HEADER)
        for number in range(1, 5):
            writer.exchange(exchange(number, number))
    parts: list[float] = []
    for _ in play(tmp_path / "a", on_error=pytest.fail, warn=pytest.fail, progress=parts.append):
        pass
    assert parts == sorted(parts)
    assert parts[0] < 0.5
    assert parts[-1] == 1


def test_what_was_not_kept_is_skipped_and_what_was_read_there_is_told() -> None:
    seen = Seen(0.5, Item("member", "a", {}, (4, 8)))
    body = Body((Chunk(0.1, b"head"),), 100, ended_at=0.6, seen=(seen,))
    call = replace(exchange(), request=Request("PUT", "/x", body=body), duration=1.0)
    events = [event for _, event in tap_events(call)]
    assert [type(event) for event in events[:2]] == [Opened, Data]
    assert Skipped(1, "request", 96) in events
    assert events.index(Read(1, "request", seen)) < events.index(StreamEnded(1, "request", 0.6))
    assert events[-1] == Closed(call)


def test_an_exchange_happens_again_as_the_tap_told_it() -> None:
    """A hijack with stdin that came early and a half-close before the answer."""
    tap = ConnectionTap(1, "me", "unix:///d", itertools.count(1).__next__)
    ask = b"POST /containers/x/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    answer = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly"
    live = tap.from_client(ask + b"in", 1.0) + tap.from_client(b"more", 2.0) + tap.client_eof(3.0)
    live += tap.from_server(answer, 4.0) + tap.from_server(b"late", 5.0) + tap.server_eof(6.0)
    assert [type(event) for event in live].count(Data) == 4
    again = [event for _, event in tap_events(live[-1].exchange)]
    assert again == live
    assert [type(event) for event in again if isinstance(event, ResponseStarted)]


PIPELINED = {
    "the next call begins when the one before it is over": [
        c(EVENTS), s(CHUNKED), c(ATTACH + b"in"), s(b"2\r\n{}\r\n0\r\n\r\n"), s(HIJACKED + b"out"), c(b""), s(b"")
    ],
    "three requests at once": [
        c(LIST + EVENTS + LIST), s(LISTED), s(CHUNKED + b"2\r\n{}\r\n"), s(b"0\r\n\r\n" + LISTED), c(b""), s(b"")
    ],
    "responses in one read": [c(LIST), c(LIST + LIST), s(LISTED + LISTED), s(LISTED), s(b""), c(b"")],
    "no response to the second": [c(EVENTS + LIST), s(CHUNKED), s(b"2\r\n{}\r\n0\r\n\r\n"), s(b"")],
    "no response at all": [c(EVENTS + LIST), c(EVENTS), s(b"")],
}  # fmt: skip


@pytest.mark.parametrize("steps", PIPELINED.values(), ids=PIPELINED)
def test_pipelined_calls_happen_again_as_the_tap_told_them(steps: list[Step]) -> None:
    """The second request is there before the first response, but the tap tells of it after that."""
    live, timeline = conversation(steps, lose=True), Timeline()
    calls = sorted(closed(live), key=lambda call: call.started)
    again: list[Notice | Event] = []
    for call in calls:
        again += timeline.until(micros(call.started))
        assert timeline.add(call)
    again += timeline.until(None)
    assert len(calls) > 1
    assert again == live


def test_exchanges_of_one_connection_that_overlap_are_left_so() -> None:
    """As other programs write them: not of one connection in truth, but of one name."""
    timeline = Timeline()
    for call in (stream(1, 10, 1, 6), stream(2, 11, 1, 3)):
        assert timeline.add(call)
    ended = [event.exchange.id for event in timeline.until(None) if isinstance(event, Closed)]
    assert ended == [2, 1]


def test_times_of_one_stream_never_go_back() -> None:
    body = Body((Chunk(5.0, b"a"), Chunk(1.0, b"b")), 2, ended_at=0.5)
    call = replace(
        exchange(), tunnel=Tunnel("tcp", body, body), request=Request("GET", "/", headers=Headers())
    )
    events = tap_events(call)
    assert [at for at, _ in events] == sorted(at for at, _ in events)
    for direction in ("to_server", "to_client"):
        offsets = [
            event.offset for _, event in events if isinstance(event, Data) and event.direction == direction
        ]
        assert offsets == [0, 1]


def test_a_file_that_grows_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.gz"
    writer = Writer(path)
    writer.header(HEADER)
    steps = iter(
        [
            lambda: writer.exchange(exchange(1)),
            lambda: writer.exchange(exchange(2)),
            lambda: path.write_bytes(b""),
        ]
    )
    monkeypatch.setattr(playback.time, "sleep", lambda _: next(steps)())  # what happens while it waits
    found = follow(path, on_error=pytest.fail, warn=pytest.fail)
    assert next(found) == HEADER
    closed = (item.id for item in found if isinstance(item, Exchange))
    assert [next(closed), next(closed)] == [1, 2]
    with pytest.raises(CaptureError, match="was truncated; apispy does not follow it"):
        next(closed)
    writer.abandon()
