"""HTTP/2 and gRPC: what is read of it, what is left out, and where reading ends."""

import json
import logging
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hpack import Encoder
from hyperframe import frame as frames

from apispy.decoders import make
from apispy.decoders.grpc import MAX_LISTED, MAX_METHODS, MAX_STREAMS
from apispy.decoders.h2c import FRAME_LIMIT, PREFACE
from apispy.http2 import MAX_BLOCK_SIZE, MAX_CONTINUATIONS
from apispy.model import Item
from tests.h2_peer import Peers, message

RECORDED = Path(__file__).parent / "buildkit-session"
SETTINGS = frames.SettingsFrame().serialize()
SECRET = "hunter2-planted"
ASK = [(":method", "POST"), (":path", "/a.B/C"), ("content-type", "application/grpc")]


def decode(data: bytes) -> list[Item]:
    decoder = make("h2c")
    return decoder.feed(data) + decoder.close()


def after_settings(*parts: bytes) -> list[Item]:
    """The items after the settings that every side begins with."""
    return decode(SETTINGS + b"".join(parts))[1:]


def headers(
    fields: list[tuple[str, str]], *flags: str, stream: int = 1, encoder: Encoder | None = None
) -> bytes:
    block = (encoder or Encoder()).encode(fields)
    return frames.HeadersFrame(stream, block, flags=["END_HEADERS", *flags]).serialize()


def data(content: bytes, *flags: str, stream: int = 1, padding: int = 0) -> bytes:
    return frames.DataFrame(stream, content, flags=flags, pad_length=padding).serialize()


def values(items: list[Item], label: str) -> list[dict[str, Any]]:
    return [item.value for item in items if item.kind == "h2c" and item.label == label]


# --- a session that dockerd 20.10.24 and its CLI had: a build with one secret


def test_the_recorded_session_is_read() -> None:
    asked, answered = (decode((RECORDED / name).read_bytes()) for name in ("to_client", "to_server"))
    assert [item.kind for item in asked + answered if item.kind not in ("h2c", "grpc")] == []
    assert asked[0].label == "preface"
    assert asked[-1].value == {
        "calls": {"/moby.filesync.v1.FileSync/DiffCopy": 3, "/moby.buildkit.secrets.v1.Secrets/GetSecret": 1},
        "statuses": {},
    }
    assert answered[-1].value == {"calls": {}, "statuses": {0: 4}}
    assert values(answered, "HEADERS")[1] == {
        "stream": 1,
        "headers": [["grpc-status", "0"]],
        "status": 200,
        "grpc_status": 0,
        "total": {"messages": 5, "size": 142},
    }
    assert values(answered, "SETTINGS")[0]["settings"]["MAX_CONCURRENT_STREAMS"] == 250


def test_nothing_that_the_recorded_session_carried_is_in_its_items() -> None:
    raw = b"".join((RECORDED / name).read_bytes() for name in ("to_client", "to_server"))
    items = repr([decode((RECORDED / name).read_bytes()) for name in ("to_client", "to_server")])
    for carried in ("not-a-secret", "hello", "FROM busybox"):
        assert carried.encode() in raw
        assert carried not in items


# --- calls


def test_a_call_and_its_answer() -> None:
    peers = Peers()
    stream = peers.call("/a.B/C", b"one", b"three", more=[("x-token", SECRET), ("dir-name", "context")])
    asked = decode(peers.exchange()[0])
    peers.answer(stream, b"x" * 10, status=5, more=[("grpc-message", SECRET)])
    answered = decode(SETTINGS + peers.exchange()[1])
    [head] = values(asked, "HEADERS")
    assert (head["stream"], head["method"]) == (1, "/a.B/C")
    assert ["x-token", None] in head["headers"]
    assert ["dir-name", "context"] in head["headers"]
    [content] = values(asked, "DATA")
    assert content == {"stream": 1, "size": 18, "messages": [3, 5], "total": {"messages": 2, "size": 18}}
    end = values(answered, "HEADERS")[1]
    assert (end["status"], end["grpc_status"], end["total"]) == (200, 5, {"messages": 1, "size": 15})
    assert end["headers"] == [["grpc-status", "5"], ["grpc-message", None]]
    assert SECRET not in repr(asked + answered)


def test_a_message_in_several_frames_is_one_message() -> None:
    whole = message(b"x" * 10)
    items = after_settings(headers(ASK), data(whole[:3]), data(whole[3:8]), data(whole[8:], "END_STREAM"))
    assert [value["messages"] for value in values(items, "DATA")] == [[], [10], []]
    assert values(items, "DATA")[-1]["total"] == {"messages": 1, "size": 15}


@pytest.mark.parametrize("kind", ["text/plain", "application/grpc"])
def test_what_is_no_grpc_is_only_measured(kind: str) -> None:
    """By its type, or because no message begins like this."""
    items = after_settings(headers([*ASK[:2], ("content-type", kind)]), data(b"plain text", "END_STREAM"))
    assert values(items, "DATA")[0]["total"] == {"messages": None, "size": 10}


def test_padding_and_priority_are_no_content() -> None:
    block = Encoder().encode(ASK)
    head = frames.HeadersFrame(
        1, block, flags=["END_HEADERS", "PADDED", "PRIORITY"], pad_length=7, depends_on=3
    )
    items = after_settings(head.serialize(), data(message(b"hi"), "PADDED", "END_STREAM", padding=9))
    assert values(items, "HEADERS")[0]["method"] == "/a.B/C"
    assert values(items, "DATA")[0]["size"] == 7


def test_a_header_block_in_several_frames_is_one_item() -> None:
    block = Encoder().encode(ASK)
    parts = [
        frames.HeadersFrame(1, block[:2], flags=["END_STREAM"]).serialize(),
        frames.ContinuationFrame(1, block[2:5]).serialize(),
        frames.ContinuationFrame(1, block[5:], flags=["END_HEADERS"]).serialize(),
    ]
    items = after_settings(*parts)
    assert [item.label for item in items] == ["HEADERS", "calls"]
    assert items[0].value["total"] == {"messages": 0, "size": 0}
    assert items[0].span == (9, 9 + len(b"".join(parts)))


def test_a_table_of_another_size_is_followed() -> None:
    encoder = Encoder()
    encoder.header_table_size = 60_000
    fields = [*ASK, *((f"x-{n}", "v" * 100) for n in range(100))]
    items = after_settings(headers(fields, encoder=encoder), headers(fields, stream=3, encoder=encoder))
    assert [value["method"] for value in values(items, "HEADERS")] == ["/a.B/C"] * 2


@pytest.mark.parametrize(
    "path", [f"/{SECRET}", f"/a.B/C?token={SECRET}", f"/a.B/C/{SECRET}", "/a.B/" + "C" * 101]
)
def test_a_path_that_is_no_method_is_not_given(path: str) -> None:
    items = after_settings(headers([(":path", path)]))
    assert items[0].value["method"] == ""
    assert path not in repr(items)
    assert items[-1].value["calls"] == {"": 1}


def test_other_frames() -> None:
    items = after_settings(
        frames.SettingsFrame(settings={4: 10, 77: 1}).serialize(),
        frames.PingFrame(opaque_data=b"hunter2!", flags=["ACK"]).serialize(),
        frames.WindowUpdateFrame(0, 5).serialize(),
        frames.RstStreamFrame(1, 8).serialize(),
        frames.GoAwayFrame(last_stream_id=7, error_code=99, additional_data=SECRET.encode()).serialize(),
        frames.PriorityFrame(1, depends_on=3).serialize(),
        b"\0\0\3\x42\0\0\0\0\1abc",
    )
    assert [(item.label, item.value) for item in items] == [
        ("SETTINGS", {"ack": False, "settings": {"INITIAL_WINDOW_SIZE": 10, "setting 77": 1}}),
        ("PING", {"ack": True}),
        ("WINDOW_UPDATE", {"stream": 0, "increment": 5}),
        ("RST_STREAM", {"stream": 1, "error": "CANCEL"}),
        ("GOAWAY", {"last": 7, "error": "error 99", "debug": len(SECRET)}),
        ("PRIORITY", {"stream": 1, "depends_on": 3}),
        ("type 66", {"stream": 1, "size": 3}),
    ]


def test_values_are_json() -> None:
    for name in ("to_client", "to_server"):
        for item in decode((RECORDED / name).read_bytes()):
            json.dumps(item.value)


# --- where reading ends


BAD_BLOCK = frames.HeadersFrame(1, b"\xff\xff\xff" + SECRET.encode(), flags=["END_HEADERS"]).serialize()
BOMB = (
    Encoder().encode([("x", "v" * 3000)]) + b"\xbe" * 1000
)  # one long field, then the same a thousand times
OPEN_BLOCK = frames.HeadersFrame(1, b"").serialize()
TOO_LONG = (FRAME_LIMIT + 1).to_bytes(3)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "this is not HTTP/2"),
        (PREFACE + b"\0" * 20, "this is not HTTP/2"),
        (SETTINGS + BAD_BLOCK, "a header block is malformed"),
        (SETTINGS + frames.HeadersFrame(1, BOMB, flags=["END_HEADERS"]).serialize(), "bytes when decoded"),
        (SETTINGS + TOO_LONG + b"\1\4\0\0\0\1", f"a frame has {FRAME_LIMIT + 1} bytes"),
        (SETTINGS + OPEN_BLOCK + data(b""), "a header block is not continued"),
        (SETTINGS + OPEN_BLOCK + frames.ContinuationFrame(3, b"").serialize(), "that is not open"),
        (SETTINGS + frames.ContinuationFrame(1, b"").serialize(), "that is not open"),
        (
            SETTINGS + OPEN_BLOCK + frames.ContinuationFrame(1, b"").serialize() * 65,
            f"{MAX_CONTINUATIONS} continuation frames",
        ),
        (SETTINGS + b"\0\0\1\6\0\0\0\0\0x", "a PING frame is malformed"),
        (SETTINGS + b"\0\0\1\0\x08\0\0\0\1\x05", "a DATA frame is malformed"),
        (SETTINGS + b"\0\0\0\0\0\0\0\0\0", "lacks a stream number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_http2_is_a_problem_and_counted(stream: bytes, why: str) -> None:
    items = decode(stream + SECRET.encode() * 10)
    problem, rest = items[-2:]
    assert (problem.kind, rest.kind, rest.value) == ("problem", "raw", b"")
    assert why in problem.value
    assert rest.span[1] == len(stream) + len(SECRET) * 10
    assert SECRET not in repr(items)


def test_a_header_block_may_not_grow_without_an_end() -> None:
    part = frames.ContinuationFrame(1, bytes(16000)).serialize()
    assert [item.kind for item in after_settings(OPEN_BLOCK, part * (MAX_BLOCK_SIZE // 16000 + 1))] == [
        "problem",
        "raw",
    ]


@pytest.mark.parametrize("cut", [10, len(PREFACE) + 4, len(PREFACE) + 11, len(PREFACE) + 20])
def test_a_stream_that_ends_too_early(cut: int) -> None:
    whole = PREFACE + SETTINGS + headers(ASK)
    assert decode(whole[:cut])[-1].label == "cut off"


def test_memory_is_bounded() -> None:
    decoder = make("h2c")
    decoder.feed(SETTINGS)
    encoder = Encoder()
    tracemalloc.start()
    try:
        for number in range(1, 2 * 2 * MAX_STREAMS, 2):
            fields = [
                (":path", f"/a.B/C{number}"),
                ("content-type", "application/grpc"),
                (f"x-{number}", "v"),
            ]
            decoder.feed(headers(fields, stream=number, encoder=encoder) + data(b"\0\0", stream=number))
        assert tracemalloc.get_traced_memory()[0] < 2_000_000
    finally:
        tracemalloc.stop()
    old = decoder.feed(data(message(b"x"), "END_STREAM", stream=1))
    assert old[0].value == {"stream": 1, "size": 6, "messages": []}
    [counts] = decoder.close()
    assert len(counts.value["calls"]) == MAX_METHODS + 1
    assert sum(counts.value["calls"].values()) == 2 * MAX_STREAMS


def test_one_item_is_bounded() -> None:
    fields = [*ASK, *((f"x-{n}", "") for n in range(500)), ("y" * 5000, "")]
    items = after_settings(
        headers(fields),
        data(message(b"") * 3000),
        frames.SettingsFrame(settings=dict.fromkeys(range(200), 1)).serialize(),
    )
    assert max(len(repr(item.value)) for item in items) < 10_000
    assert len(values(items, "DATA")[0]["messages"]) == MAX_LISTED


def test_a_large_frame_of_data_is_not_held() -> None:
    decoder = make("h2c")
    decoder.feed(SETTINGS + headers(ASK) + b"\xff\xff\xff\0\1\0\0\0\1")
    size, items = (1 << 24) - 1, []
    while size:
        piece = b"\0" + b"\xff" * (min(size, 1 << 16) - 1)  # one message, larger than the frame
        size -= len(piece)
        items += decoder.feed(piece)
        assert sum(len(held) for held in vars(decoder).values() if isinstance(held, bytearray)) == 0
    assert items[0].value["size"] == (1 << 24) - 1


def test_the_library_logs_no_header(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    after_settings(headers([*ASK, ("authorization", SECRET)]), BAD_BLOCK)
    assert SECRET not in caplog.text
