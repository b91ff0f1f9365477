"""Every operation as a whole call, byte for byte through the tap and the pipeline: named, and its bodies decoded."""

import io
import itertools
import re
import struct
import tarfile

import pytest

from apispy.engine import OPERATIONS, Operation
from apispy.engine.framing import response_framing
from apispy.model import Chunk, Direction, Item
from apispy.outputs import DecodedCall, Output
from apispy.pipeline import Pipeline
from apispy.tap import ConnectionTap


class Last(Output):
    """An output that keeps the readings of calls that are over."""

    def __init__(self) -> None:
        self.readings: list[DecodedCall] = []
        self.notices: list[str] = []

    def opened(self, reading: DecodedCall) -> None: ...
    def item(self, reading: DecodedCall, direction: Direction, item: Item) -> None: ...
    def chunk(self, reading: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None: ...
    def close(self) -> None: ...

    def write(self, reading: DecodedCall) -> None:
        self.readings.append(reading)

    def notice(self, text: str, at: float) -> None:
        self.notices.append(text)


def archive() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/hosts"))
    return data.getvalue()


def chunked(*pieces: bytes) -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def sized(data: bytes, kind: str = "application/json") -> bytes:
    return f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def switched(protocol: str, data: bytes) -> bytes:
    return f"Connection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n".encode() + data


FRAMES = struct.pack(">BxxxL", 1, 3) + b"hi\n" + struct.pack(">BxxxL", 2, 5) + b"oops\n"

ANSWERS = {
    "empty": ("204 No Content", b"\r\n", []),
    "json": ("200 OK", sized(b"{}\n"), ["json"]),
    "late-json": ("200 OK", chunked(b'{"StatusCode":0}\n'), ["json"]),
    "records": ("200 OK", chunked(b"{}\n{", b"}\n"), ["json", "json"]),
    "samples": ("200 OK", chunked(b"{}\n{", b"}\n"), ["json", "json"]),
    "progress": ("200 OK", chunked(b'{"status":"a"}\r\n', b"{}\r\n"), ["json", "json"]),
    "logs": ("200 OK", chunked(FRAMES), ["stdout", "stderr"]),
    "hijack": ("101 UPGRADED", switched("tcp", FRAMES), ["stdout", "stderr"]),
    "websocket": ("101 Switching Protocols", switched("websocket", b"\x81\x02hi"), ["raw"]),
    "h2c": ("101 Switching Protocols", switched("h2c", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ["h2c"]),
    "tar": ("200 OK", b"Content-Type: application/x-tar\r\n" + chunked(archive()), ["member", "padding"]),
    "text": ("200 OK", sized(b"OK", "text/plain; charset=utf-8"), ["text"]),
    "raw": ("200 OK", sized(b"\x1f\x8b\x00", "application/octet-stream"), ["raw"]),
}
"""By framing: a status, the rest of an answer, and the kinds of what is read in it."""

QUESTIONS = {
    "": (b"Content-Length: 0\r\n\r\n", []),
    "json": (sized(b"{}"), ["json"]),
    "tar": (b"Content-Type: application/x-tar\r\n" + chunked(archive()), ["member", "padding"]),
}


def call(operation: Operation) -> DecodedCall:
    """What is read of one call of *operation* that goes well."""
    framing = response_framing(operation)
    path = re.sub(r"\{\w+\}", "n1", operation.path)
    question, _ = QUESTIONS[operation.request]
    status, answer, _ = ANSWERS[framing.name]
    upgrade = b"Connection: Upgrade\r\nUpgrade: tcp\r\n" if framing.head == "takes-over" else b""
    last = Last()
    pipeline = Pipeline([last])
    tap = ConnectionTap(1, "client", "daemon", itertools.count(1).__next__)
    head = f"{operation.method} /v1.41{path} HTTP/1.1\r\nHost: docker\r\n".encode()
    for event in (
        *tap.from_client(head + upgrade + question, 1.0),
        *tap.from_server(f"HTTP/1.1 {status}\r\n".encode() + answer, 2.0),
        *tap.server_eof(3.0),
        *tap.client_eof(3.0),
    ):
        pipeline.feed(event)
    assert last.notices == []
    (reading,) = last.readings
    return reading


def kinds(reading: DecodedCall, *directions: Direction) -> list[str]:
    return [item.kind for direction in directions for item in reading.items.get(direction, ())]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)
def test_a_call_is_named_and_decoded(operation: Operation) -> None:
    reading = call(operation)
    assert reading.call.operation is operation
    assert (reading.exchange.end, reading.errors) == ("complete", ())
    assert kinds(reading, "request") == QUESTIONS[operation.request][1]
    assert kinds(reading, "response", "to_client") == ANSWERS[response_framing(operation).name][2]
