"""Server-sent events, as Docker Model Runner sends them."""

import time

from apispy.decoders import choose, make
from apispy.decoders.event_stream import EVENT_LIMIT
from apispy.engine import lookup
from apispy.model import Headers, Item

ANSWER = (
    b": keep-alive\n\n"
    b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n'
    b'event: error\r\ndata: {"message":\r\ndata: "busy"}\r\n\r\n'
    b"data: [DONE]\n\n"
)


def decode(data: bytes) -> list[Item]:
    decoder = make("event-stream")
    return [*decoder.feed(data), *decoder.close()]


def test_each_event_is_one_item() -> None:
    assert [(item.kind, item.label, item.value) for item in decode(ANSWER)] == [
        ("text", "comment", ": keep-alive\n\n"),
        ("json", "message", {"choices": [{"delta": {"content": "Hi"}}]}),
        ("json", "error", {"message": "busy"}),
        ("text", "message", "[DONE]"),
    ]


def test_an_event_is_given_as_soon_as_its_empty_line_is_there() -> None:
    decoder = make("event-stream")
    assert decoder.feed(b'data: {"a":1}\n') == []
    assert [item.value for item in decoder.feed(b"\n")] == [{"a": 1}]


def test_an_event_that_never_ends_is_a_problem() -> None:
    items = decode(b"data: " + b"x" * (EVENT_LIMIT + 1))
    assert [item.kind for item in items] == ["problem", "raw"]


def test_many_events_and_lines_take_little_time() -> None:
    begun = time.process_time()
    decode(b"data: x\n\n" * 20_000)
    decode(b"data: x\n" * 100_000)
    assert time.process_time() - begun < 5


def test_the_type_of_the_response_chooses_it() -> None:
    headers = Headers(((b"Content-Type", b"text/event-stream; charset=utf-8"),))
    for target in ("/engines/v1/chat/completions", "/no/such"):
        assert choose(lookup("POST", target), "response", headers, 200) == "event-stream"
