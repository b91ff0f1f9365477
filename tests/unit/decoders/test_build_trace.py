"""The progress of POST /build?version=2: messages in base64 in lines of JSON."""

import base64
import json
from typing import Any

import pytest

from apispy.decoders import make
from apispy.decoders.build_trace import TRACE, decode_trace, encode_trace
from apispy.decoders.grpc_messages import MAX_TEXT_SIZE, decode_message, encode_message, is_complete
from apispy.decoders.grpc_schema import MESSAGES
from apispy.decoders.grpc_stream import MAX_MESSAGE_SIZE
from apispy.model import Body, Chunk, Exchange, Item, Request, Response
from apispy.outputs.details import item_lines
from apispy.outputs.stream_lines import StreamLines
from apispy.redaction import Redactor
from tests.protobuf_writer import pb, timestamp
from tests.unit.outputs.decoded_calls import decoded_call

STEP = {1: "v", 3: "[1/2] RUN make", 5: timestamp(10), 6: timestamp(11, 500_000_000)}
BEGUN = {1: "v", 3: "[1/2] RUN make", 5: timestamp(10)}
STATUS = {1: [STEP], 2: [{1: "id", 2: "v", 4: -1}], 3: [{1: "v", 2: timestamp(11), 3: 1, 4: "out\n"}]}
WARNING = {4: [{1: "v", 3: "old", 6: {1: "Dockerfile", 2: "ENV A=hunter2"}, 7: [{1: {1: 3}}]}]}


def coded(message: dict[int, Any]) -> str:
    return base64.b64encode(pb(message)).decode()


def line(aux: Any) -> bytes:
    return json.dumps({"id": TRACE, "aux": aux}).encode() + b"\n"


def decode(*lines: bytes) -> list[Item]:
    return make("progress").feed(b"".join(lines))


def test_a_line_has_the_message_as_its_child() -> None:
    [item] = decode(line(coded(STATUS)))
    [child] = item.children
    assert (item.label, child.label) == ("trace", "Control/Status response")
    assert child.value["message"]["vertexes"][0]["name"] == "[1/2] RUN make"


@pytest.mark.parametrize(
    "aux", ["?", "é", 7, None, {"ID": "x"}, base64.b64encode(b"\xff").decode(), "A" * (MAX_MESSAGE_SIZE * 2)]
)
def test_what_cannot_be_decoded_is_no_build(aux: Any) -> None:
    [item] = decode(line(aux))
    assert (item.label in ("aux", "json"), item.children) == (True, ())


def test_the_lines_are_those_of_a_build() -> None:
    items = decode(line(coded({1: [BEGUN]})), line(coded(STATUS)), line(coded(WARNING)))
    for verbosity in (0, 1):
        view = StreamLines(decoded_call("POST /build").call.operation, verbosity)
        shown = [pair for item in items for pair in view.item("response", item)]
        assert ("stdout", "out") in shown
        assert ("step", "[1/2] RUN make -> 1.50 s") in shown
        assert ("warning", "old (Dockerfile:3)") in shown
        assert next(view.close()) == ("build", "1 step; the longest:")


def test_base64_is_not_printed() -> None:
    [item] = decode(line(coded(STATUS)))
    view = StreamLines(decoded_call("POST /build").call.operation, 2)
    text = "\n".join(text for _, text in view.item("response", item)) + "\n".join(item_lines([item]))
    assert coded(STATUS)[:20] not in text
    assert '"Control/Status response": {' in text


def test_a_message_that_is_encoded_again_is_the_same() -> None:
    message = decode_message("StatusResponse", pb(STATUS))
    assert decode_message("StatusResponse", encode_message("StatusResponse", message)) == message
    assert decode_trace(encode_trace(message)) == message
    types = {field.split()[2].rstrip("*") for row in MESSAGES.values() for field in row.split(",") if field}
    assert {"options", "secret", "nanoseconds"} <= types  # which this message has not
    odd = {"name": "\ud800x", "started": -1.5}
    again = decode_message("Vertex", encode_message("Vertex", odd))
    assert again == {"name": "\\ud800x", "started": -1.5}


def test_a_message_is_complete_if_nothing_is_only_counted() -> None:
    def complete(message: dict[int, Any]) -> bool:
        return is_complete("StatusResponse", decode_message("StatusResponse", pb(message)))

    assert complete(STATUS)
    assert not complete(WARNING)  # it has the Dockerfile
    assert not complete({1: [{1: "v", 99: "x"}]})
    assert not complete({1: [{3: "x" * (MAX_TEXT_SIZE + 1)}]})


def redacted(*lines: bytes, target: str = "/build?version=2") -> tuple[Exchange, list[str]]:
    data = b"".join(lines)
    body = Body((Chunk(0.1, data),), len(data))
    exchange = Exchange(
        1, 1, 0.0, "c", "u", Request("POST", target), Response(200, body=body), end="complete"
    )
    clean = Redactor().redact(exchange)
    assert clean.response
    return clean, [json.loads(one).get("aux") for one in clean.response.body.data.split(b"\n") if one.strip()]


def test_without_secrets_a_body_stays_as_it_is() -> None:
    clean, _ = redacted(line(coded(STATUS)), b'{"stream": "x"}\n')
    assert clean.response is not None
    assert clean.response.body.data == line(coded(STATUS)) + b'{"stream": "x"}\n'
    assert clean.redactions == ()


def test_a_build_argument_in_a_step_is_hidden_and_the_message_can_still_be_decoded() -> None:
    step = {1: [{1: "v", 3: "[2/2] RUN echo hunter2"}]}
    clean, [aux] = redacted(line(coded(step)), target='/build?version=2&buildargs={"A":"hunter2"}')
    shown = decode_trace(aux)
    assert shown is not None
    assert shown["vertexes"][0]["name"].startswith("[2/2] RUN echo <redacted:")
    assert [one.place for one in clean.redactions if "body" in one.place]


def test_what_is_only_counted_or_cannot_be_decoded_is_withheld_and_reported() -> None:
    clean, [warning, odd] = redacted(line(coded(WARNING)), line("hunter2!"))
    assert decode_trace(warning) == {
        "warnings": [
            {
                "vertex": "v",
                "short": "old",
                "info": {"filename": "Dockerfile"},
                "ranges": [{"start": {"line": 3}}],
            }
        ]
    }
    assert odd == "<redacted>"
    assert [one.kind for one in clean.redactions] == ["build messages"] * 2
    again = Redactor().redact(clean)
    assert again.response == clean.response


def test_a_body_that_is_cut_is_withheld() -> None:
    data = line(coded(STATUS))
    body = Body((Chunk(0.1, data),), len(data) + 1)
    exchange = Exchange(1, 1, 0.0, "c", "u", Request("POST", "/build"), Response(200, body=body))
    clean = Redactor().redact(exchange)
    assert clean.response is not None
    assert not clean.response.body.shown


def test_chunks_of_it_are_not_shown() -> None:
    exchange = Exchange(1, 1, 0.0, "c", "u", Request("POST", "/build"), Response(200))
    live = Redactor().for_exchange(exchange)
    chunk = Chunk(0.1, line(coded(STATUS)))
    live.inspect("response", chunk.data)
    assert live.chunk("response", chunk) is None
