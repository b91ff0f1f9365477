"""What a capture that is cut, spoilt, hostile or from the future is told to be, with file and line."""

import gzip
import json
import os
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from apispy.capture import CaptureError, Header, Notice, compression, play, raw_lines, read, read_lines
from apispy.capture.lines import encode_line
from apispy.model import Body, Chunk, Exchange, Request, Response
from apispy.tap.events import Closed

SAVED = Path(__file__).parent / "saved"

HEADER = encode_line(Header("0.1.0", 1.0))


def exchange(number: int = 1, started: float = 5.0) -> Exchange:
    body = Body((Chunk(0.1, b"[1,2]\n"),), 6, ended_at=0.1)
    response = Response(200, "OK", body=body, at=0.1)
    return Exchange(number, 1, started, "me", "unix:///d", Request("GET", "/info"), response, end="complete")


def changed(**fields: object) -> bytes:
    return json.dumps(json.loads(encode_line(exchange())) | fields).encode() + b"\n"


def with_body(**fields: object) -> bytes:
    response = json.loads(encode_line(exchange()))["response"]
    return changed(response=response | {"body": response["body"] | fields})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"nonsense\n", "expected JSON, found something else"),
        (b'{"exchange": 1, \xff}\n', "expected UTF-8, found the byte 0xff at 16"),
        (b"[1]\n", "the line: expected an object, found [1]"),
        (b'{"what": 1}\n', "the line: expected an exchange, a notice, a daemon or a header, found ['what']"),
        (changed(exchange=0), "exchange: expected a whole number from 1, found 0"),
        (changed(started="now"), "started: expected seconds, from 0, found 'now'"),
        (changed(started=float("nan")), "NaN is not JSON"),
        (changed(started=1e300), "started: expected seconds, from 0, found 1e+300"),
        (changed(duration=-1), "duration: expected seconds, from 0, found -1"),
        (changed(end="soon"), "end: expected one of open, complete, left, cut, found 'soon'"),
        (changed(request=None), "request: expected an object, found None"),
        (changed(problems=[1]), "problems[0]: expected a string, found 1"),
        (changed(client=["x" * 1000]), "client: expected a string, found ['xxxx"),
        (with_body(size=1 << 80), "response.body.size: expected a whole number from 0"),
        (with_body(chunks=[[0.1, 5]]), "response.body.chunks: expected lengths that add up to 6, found 5"),
        (with_body(chunks=[[0.1]]), "response.body.chunks[0]: expected a pair, found [0.1]"),
        (with_body(encoding="zip"), "response.body.encoding: expected one of json, text, base64"),
        (with_body(encoding="base64", content="%%"), "response.body.content: expected base64"),
        (with_body(encoding="text", content="\ud800"), "response.body.content: expected text"),
        (with_body(tail="x"), "response.body.tail: expected whitespace, found 'x'"),
        (with_body(trailers=[["a", "\u0100"]]), "trailers[0]: expected characters that stand for one byte"),
        (b'{"notice": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", "recursion"),
    ],
)  # fmt: skip
def test_a_spoilt_line_is_named(line: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(HEADER + encode_line(exchange()) + line + encode_line(exchange(2)))
    with pytest.raises(CaptureError) as found:
        list(read(path))
    assert str(found.value).startswith(f"{path}, line 3: ")
    assert says in str(found.value)
    assert len(str(found.value)) < 500
    assert played(path) == ([1, 2], [str(found.value)])


def played(path: Path) -> tuple[list[int], list[str]]:
    """The numbers of the exchanges that are shown, and what is said."""
    said: list[str] = []
    closed = []
    for happening in play(path, on_error=said.append, warn=said.append):
        if isinstance(happening, Closed | Exchange):
            closed.append(happening.id if isinstance(happening, Exchange) else happening.exchange.id)
    return closed, said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ": expected a capture, which begins with a header line; found an empty file"),
        (b'{"capt', ": expected a capture, which begins with a header line; found only a part of one"),
        (b"hello\n", ", line 1: expected JSON, found something else: "),
        (b"{}\n", ", line 1: expected the header of a capture, "),
        (encode_line(exchange()), ", line 1: expected the header of a capture, "),
        (HEADER.replace(b'"format": 1', b'"format": 2'), "captures up to format 1, found 2; please upgrade"),
        (
            HEADER.replace(b'"format": 1', b'"format": "x"'),
            "format: expected a number from 1 to 1, found 'x'",
        ),
        (HEADER.replace(b'"apispy", "format', b'"else", "format'), "capture: expected one of apispy"),
        (b"\x1f\x8bgarbage", ": the gzip data is damaged: "),
        (b"\x28\xb5\x2f\xfdgarbage", ": the zstd data is damaged: "),
    ],
)
def test_what_is_no_capture_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    for reading in (lambda: list(read(path, str)), lambda: played(path)):
        with pytest.raises(CaptureError) as found:
            reading()
        assert str(path) in str(found.value)
        assert says in str(found.value)


def test_a_last_line_that_was_cut_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(HEADER + encode_line(exchange()) + encode_line(exchange(2))[:-10])
    said: list[str] = []
    assert [one.id for one in read(path, said.append)] == [1]
    assert said[0].startswith(f"{path}, line 3: the last line is truncated after ")
    assert played(path) == ([1], said)


def test_a_last_line_may_lack_nothing_but_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(HEADER + encode_line(exchange())[:-1])
    assert [one.id for one in read(path, pytest.fail)] == [1]
    assert played(path) == ([1], [])


def test_numbers_are_there_once_in_a_session(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(
        HEADER + encode_line(exchange()) + HEADER + encode_line(exchange()) + encode_line(exchange())
    )
    with pytest.raises(CaptureError, match=r"line 5: a second exchange has the number 1"):
        list(read(path))
    closed, said = played(path)
    assert closed == [1, 1]
    assert said == [f"{path}, line 5: an exchange with the same number is open at the same time"]


def test_a_line_without_end_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("raw_lines", "index", "playback", "reader"):
        monkeypatch.setattr(f"apispy.capture.{module}.LINE_LIMIT", 10_000)
    path = tmp_path / "a"
    path.write_bytes(HEADER + b"x" * (raw_lines.READ_SIZE * 3))
    for reading in (lambda: list(read(path)), lambda: played(path)):
        with pytest.raises(CaptureError, match="line 2: expected a line of at most 10000 bytes"):
            reading()


@pytest.mark.parametrize("pack", [gzip.compress, compression.zstd.compress], ids=["gzip", "zstd"])
def test_a_bomb_is_not_unpacked(
    pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "BOMB_SIZE", 1 << 20)
    path = tmp_path / "a"
    path.write_bytes(pack(HEADER + b" " * (8 << 20)))
    with pytest.raises(CaptureError, match="this is not a capture"):
        list(read(path))


def test_a_directory_or_nothing_is_no_capture(tmp_path: Path) -> None:
    for path, says in (
        (tmp_path, "is a directory"),
        (tmp_path / "nosuch", "No such file"),
        (Path("a\0"), "null"),
    ):
        with pytest.raises(CaptureError, match=says):
            list(read(path))
        with pytest.raises(CaptureError, match=says):
            played(path)


def test_what_has_no_end_is_left_at_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_lines, "LINE_LIMIT", 1 << 20)
    for path, says in (
        (Path("/dev/zero"), "line 1: expected a line of at most"),
        (Path("/dev/urandom"), "line 1: "),
    ):
        for reading in (lambda path=path: list(read(path)), lambda path=path: played(path)):
            with pytest.raises(CaptureError, match=says):
                reading()


def test_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for reading in (lambda: [one.id for one in read(path)], lambda: played(path)[0]):
        feeding = threading.Thread(target=path.write_bytes, args=(HEADER + encode_line(exchange()),))
        feeding.start()
        assert reading() == [1]
        feeding.join()


def test_packed_files_one_behind_the_other_are_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for pack in (gzip.compress, compression.zstd.compress):
        path.write_bytes(pack(HEADER) + pack(encode_line(exchange())) + pack(encode_line(exchange(2))))
        assert [one.id for one in read(path)] == [1, 2]
        assert played(path) == ([1, 2], [])


def test_what_stands_before_damage_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a"
    packer = zlib.compressobj(wbits=31)
    good = packer.compress(HEADER + encode_line(exchange())) + packer.flush(zlib.Z_SYNC_FLUSH)
    more = packer.compress(encode_line(Notice(6.0, os.urandom(5000).hex())))
    path.write_bytes(good + more + packer.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 100)
    closed, said = played(path)
    assert closed == [1]
    assert said[0].startswith(f"{path}: the gzip data is damaged")


@pytest.mark.parametrize("path", sorted(SAVED.iterdir()), ids=lambda path: path.name)
def test_every_old_format_is_read(path: Path) -> None:
    found = list(read(path, pytest.fail))
    assert sorted(one.id for one in found) == list(range(1, 26))
    assert [item.item.label for item in found[-2].request.body.seen]
    assert found[-2].request.body.digest


def as_json_writes(line: bytes) -> str:
    """The line with the same fields in the same order, whatever the white space in the content of bodies."""
    return json.dumps(json.loads(line))


def test_the_present_format_is_written_as_it_was() -> None:
    """Who changes what is written has a new format: a number, a migration, and a saved file."""
    path = SAVED / "format-1.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    written = [encode_line(line) for _, line in read_lines(path)]
    assert [as_json_writes(line) for line in written] == [as_json_writes(line) for line in lines]
