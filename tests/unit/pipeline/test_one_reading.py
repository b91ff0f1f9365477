"""A JSON document is parsed once, whatever reads it: redaction, decoders, names, notes, outputs, capture."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from apispy import json_codec
from apispy.capture import read
from apispy.capture.events import tap_events
from apispy.capture.lines import encode_line
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response
from apispy.outputs import Console
from apispy.outputs.base import DecodedCall, Output
from apispy.pipeline import Pipeline

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("*.jsonl"))
READERS = (json_codec.read.__code__, json_codec.LENIENT.raw_decode.__func__.__code__)


class Lines(Output):
    """Encodes the lines of a capture."""

    def write(self, decoded: DecodedCall) -> None:
        for body in decoded.exchange.streams.values():
            body.document.settle()
        encode_line(decoded.exchange)


@contextmanager
def parsed() -> Iterator[Counter[bytes]]:
    """What is parsed inside, and how often."""
    found: Counter[bytes] = Counter()

    def called(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code in READERS:
            data = frame.f_locals.get("data") or frame.f_locals["s"].encode()
            found[bytes(data).strip(b" \t\r\n\x1e")] += 1

    sys.setprofile(called)
    try:
        yield found
    finally:
        sys.setprofile(None)


def show(exchanges: list[Exchange]) -> Counter[bytes]:
    with parsed() as found:
        pipeline = Pipeline([Console(lambda _: None), Lines()])
        for exchange in exchanges:
            for _, event in tap_events(exchange):
                pipeline.feed(event)
        pipeline.close()
    return found


def documents(exchanges: list[Exchange]) -> Counter[bytes]:
    """The bodies that are one JSON object or list. Of a stream of several, each is parsed as it arrives."""
    bodies = [body for exchange in exchanges for body in exchange.streams.values()]
    return Counter(body.data.strip(json_codec.SPACE) for body in bodies if body.document.value is not None)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_document_of_a_session_is_parsed_once(path: Path) -> None:
    exchanges = list(read(path, pytest.fail))
    expected = documents(exchanges)
    found = show(list(read(path, pytest.fail)))
    assert {data: found[data] for data in expected} == expected


def parsed_for_response(target: str, data: bytes, pieces: int) -> Counter[bytes]:
    """What is parsed to show a response in that many pieces."""
    size = -(-len(data) // pieces)
    chunks = tuple(Chunk(0.1, data[at : at + size]) for at in range(0, len(data), size))
    response = Response(
        200,
        headers=Headers(((b"Content-Type", b"application/json"),)),
        body=Body(chunks, len(data), ended_at=0.2),
    )
    made = Exchange(1, 1, 1.0, "c", "u", Request("GET", target), response, end="complete", duration=0.3)
    return show([made])


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("/v1.41/containers/json", b'[{"Id":"' + b"a" * 64 + b'","Names":["/web"]}]\n'),
        ("/v1.41/containers/json", b'[{"Id":"1","Labels":{"x.password":"hunter22"}}]\n'),
        ("/v1.41/containers/a/json", b'{"Id":"1","Config":{"Env":["A=hunter2222"]}}\n'),
        ("/v1.41/containers/a/json", b'{"Id": "1", "Config": {"Env": ["A=hunter2222"]}}\n'),
        ("/v1.41/secrets/a", b'{"ID":"1","Spec":{"Name":"s","Data":"aHVudGVyMg=="}}\n'),
    ],
)
@pytest.mark.parametrize("pieces", [1, 3])
def test_a_document_is_parsed_once_with_secrets_and_without(target: str, data: bytes, pieces: int) -> None:
    parsed_for_response(target, data, 1)  # reads the tables of apispy that are needed
    assert parsed_for_response(target, data, pieces) == {data.strip(): 1}
