"""Laws of the capture file: any exchange comes back from it, and any bytes are read or refused with file and line."""

import gzip
import json
from pathlib import Path

import pytest
from capture_strategies import DATA, EXCHANGES, JSON_BODIES, SLOW, places
from hypothesis import example, given
from hypothesis import strategies as st

from apispy import json_codec
from apispy.capture import CaptureError, Header, Notice, play, read, read_lines
from apispy.capture.content import decode_content, encode_content
from apispy.capture.lines import encode_line, read_line
from apispy.capture.validation import JsonObject
from apispy.json_codec import Document
from apispy.model import Body, Chunk, Exchange, Request, Response

HEADER = Header("0.1.0", 1.0)


@given(EXCHANGES)
@SLOW
def test_any_exchange_comes_back(exchange):
    line = encode_line(exchange)
    assert read_line(line, 1) == exchange
    assert line.isascii()
    assert line.count(b"\n") == 1


@given(DATA)
@example(b'{"a":NaN}')
@example(b'{"a":1,"a":2}')
@example(b'{"a":"\\u003c"}')
@example(b"[" * 5000 + b"]" * 5000)
@example(b"[1e16]")
@example(b"[1e+16]")
@example(b"[0.00001]")
@example(b"[1E400]")
def test_any_content_comes_back(data):
    assert (
        decode_content(
            JsonObject(json_codec.read(json.dumps(encode_content(Document(data)), allow_nan=False).encode()))
        )
        == data
    )


@given(EXCHANGES, st.data())
@SLOW
def test_whatever_is_changed_in_a_line_it_is_read_or_refused(exchange, data):
    """One value of a real line is exchanged for another; never anything but CaptureError."""
    value = json_codec.read(encode_line(exchange))
    where, name = data.draw(st.sampled_from(places(value)))
    where[name] = data.draw(
        JSON_BODIES | st.sampled_from([1 << 80, -1, 1e308, {"$bytes": 1}, {"$pairs": [[[], 1]]}])
    )
    attempt(encode_line(HEADER) + json.dumps(value).encode() + b"\n")


FILES = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda tail: encode_line(HEADER) + tail, st.binary(max_size=200)),
    st.builds(lambda data, stop: gzip.compress(data)[:stop], st.binary(max_size=50), st.integers(0, 80)),
    st.builds(lambda tail: b"\x28\xb5\x2f\xfd" + tail, st.binary(max_size=50)),
    st.lists(
        st.sampled_from([encode_line(HEADER), encode_line(Notice(2.0, "x")), b"\n", b"{}\n", b"[]\n"])
    ).map(b"".join),
)


@given(FILES)
@SLOW
@example(encode_line(HEADER) + b'{"exchange": ' + b"[" * 100_000 + b"\n")
@example(encode_line(HEADER) + b'{"exchange": 1, "started": 1e300, "duration": 1}\n')
@example(encode_line(HEADER) + b'{"notice": "x", "at": ' + b"9" * 5000 + b"}\n")
def test_any_file_is_read_or_refused(data):
    attempt(data)


def attempt(data: bytes) -> None:
    path = Path(PLACE[0]) / "a.jsonl"
    path.write_bytes(data)
    said: list[str] = []
    for reading in (
        lambda: list(read(path, said.append)),
        lambda: list(read_lines(path, said.append)),
        lambda: list(play(path, on_error=said.append, warn=said.append)),
    ):
        try:
            reading()
        except CaptureError as error:
            said.append(str(error))
    assert all(str(path) in text for text in said)


PLACE: list[str] = []


@pytest.fixture(autouse=True, scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> None:
    PLACE[:] = [str(tmp_path_factory.mktemp("captures"))]


NESTED = [9_980, 9_990, 9_993, 9_994, 9_995, 9_996, 9_997, 9_998, 20_000]


@pytest.mark.parametrize("depth", NESTED)
def test_an_exchange_comes_back_however_deep_its_body_is_nested(depth):
    data = b"[" * depth + b"]" * depth
    body = Body((Chunk(0.0, data),), len(data))
    made = Exchange(1, 1, 1.0, "c", "u", Request("POST", "/"), Response(200, body=body), end="complete")
    assert read_line(encode_line(made), 1) == made
