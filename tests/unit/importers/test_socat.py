"""Logs as socat 1.7 and 1.8 write them with -v, -x, and both."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from apispy import importers
from apispy.errors import ApispyError
from apispy.importers import Imported, Settings

REQUEST = b"GET /v1.41/containers/web/logs?x=\\ HTTP/1.1\r\nHost: docker\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\1\0\0\0\0\0\0\2hi"

Block = tuple[str, int, bytes]
"""Direction, offset, data."""


def header(direction: str, start: int, data: bytes, second: int, fraction: str = "000250000") -> bytes:
    last = start + len(data) - 1
    return f"{direction} 2026/11/25 12:38:{second:02}.{fraction}  length={len(data)} from={start} to={last}\n".encode()


def text(data: bytes) -> bytes:
    """The form of -v: an escaped carriage return, and dots for unprintable bytes."""
    plain = bytes(byte if byte in b"\r\n\t" or 32 <= byte < 127 else ord(".") for byte in data)
    return plain.replace(b"\\", b"\\\\").replace(b"\r", b"\\r")


def digits(data: bytes) -> bytes:
    """The form of -x: all bytes on one line."""
    return b"".join(b" %02x" % byte for byte in data) + b"\n"


def both(data: bytes) -> bytes:
    """The form of -x -v: lines of 16 bytes that end early at a line feed."""

    def lines() -> Iterator[bytes]:
        for line in data.splitlines(keepends=True):
            for start in range(0, len(line), 16):
                row = line[start : start + 16]
                dots = bytes(byte if 32 <= byte < 127 else ord(".") for byte in row)
                yield digits(row)[:-1].ljust(49) + b" " + dots + b"\n"

    return b"".join(lines()) + b"--\n"


STYLES = {"v": text, "x": digits, "xv": both}


def log(style: str, *blocks: Block) -> bytes:
    return b"".join(
        header(direction, start, data, second) + STYLES[style](data)
        for second, (direction, start, data) in enumerate(blocks)
    )


def read(path: Path, content: bytes) -> Imported:
    path.write_bytes(content)
    assert importers.recognise(path) == "socat"
    return importers.read(path, "socat", Settings())


@pytest.mark.parametrize("style", STYLES)
def test_a_call(tmp_path: Path, style: str) -> None:
    found = read(tmp_path / "x", log(style, (">", 0, REQUEST), ("<", 0, ANSWER)))
    (exchange,) = found.exchanges
    assert exchange.request.target == "/v1.41/containers/web/logs?x=\\"
    assert exchange.response is not None
    assert exchange.response.body.data == (b"........hi" if style == "v" else ANSWER[-10:])
    assert ("-v only" in " ".join(found.notices)) is (style == "v")
    assert exchange.started == datetime(2026, 11, 25, 12, 38, 0, 250_000).timestamp()
    assert exchange.response.at == 1.0


def test_times_with_real_nanoseconds(tmp_path: Path) -> None:
    block = (
        header(">", 0, REQUEST, 0, "250000001")
        + text(REQUEST)
        + header("<", 0, ANSWER, 0, "500000")
        + text(ANSWER)
    )
    (exchange,) = read(tmp_path / "x", block).exchanges
    assert exchange.response is not None
    assert exchange.response.at == pytest.approx(0.25, abs=1e-5)


def test_messages_of_socat_before_and_between(tmp_path: Path) -> None:
    content = b"2026/11/25 12:38:00 socat[7] N listening\n" + log("v", (">", 0, REQUEST))
    content += b"2026/11/25 12:38:00 socat[7] W a warning\n" + log("v", ("<", 0, ANSWER))
    assert len(read(tmp_path / "x", content).exchanges) == 1


def test_two_calls_on_one_connection_and_one_on_another(tmp_path: Path) -> None:
    size = len(REQUEST), len(ANSWER)
    blocks = [
        (">", 0, REQUEST),
        ("<", 0, ANSWER),
        (">", size[0], REQUEST),
        ("<", size[1], ANSWER),
        (">", 0, REQUEST),
        ("<", 0, ANSWER),
    ]
    found = read(tmp_path / "x", log("xv", *blocks))
    assert [(call.id, call.connection, call.end) for call in found.exchanges] == [
        (1, 1, "complete"), (2, 1, "complete"), (3, 2, "complete"),
    ]  # fmt: skip
    assert found.notices == ()


def test_simultaneous_connections_are_distinguished_by_offset(tmp_path: Path) -> None:
    blocks = [
        (">", 0, REQUEST),
        ("<", 0, ANSWER[:20]),
        (">", 0, REQUEST + b""),
        ("<", 20, ANSWER[20:]),
        ("<", 0, ANSWER),
    ]
    found = read(tmp_path / "x", log("x", *blocks))
    assert [call.end for call in found.exchanges] == ["complete", "complete"]
    assert found.notices == ()


def test_indistinguishable_connections_get_a_notice(tmp_path: Path) -> None:
    blocks = [(">", 0, REQUEST), (">", 0, REQUEST), ("<", 0, ANSWER), ("<", 0, ANSWER)]
    found = read(tmp_path / "x", log("x", *blocks))
    assert "two connections at once" in found.notices[0]


def test_a_block_interrupted_by_another_process(tmp_path: Path) -> None:
    cut = header(">", 0, REQUEST, 0) + both(REQUEST)[:100]
    content = log("xv", (">", 0, REQUEST), ("<", 0, ANSWER)) + cut + log("xv", ("<", len(ANSWER), b"x"))
    found = read(tmp_path / "x", content)
    assert [call.end for call in found.exchanges] == ["complete"]
    assert "line 16: length=61 announced" in found.notices[0]


def test_a_time_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(
        ApispyError, match="x, line 1: a header line has a time that does not exist: '> 2026/13/25"
    ):
        read(tmp_path / "x", log("v", (">", 0, REQUEST)).replace(b"2026/11", b"2026/13"))


def test_text_without_any_block(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(ApispyError, match=r"Expected > 2015/01/01 12:00:00.123456  length=123"):
        importers.read(tmp_path / "x", "socat", Settings())


def test_twenty_thousand_connections_take_seconds(tmp_path: Path) -> None:
    began = time.process_time()
    found = read(tmp_path / "x", log("v", (">", 0, b"x")) * 20_000)
    assert time.process_time() - began < 15
    assert found.exchanges == ()
    assert len(found.notices) <= 51


def test_a_log_from_a_web_page(tmp_path: Path) -> None:
    """Its two spaces are one; the page's author shortened the second block."""
    text = (
        "> 2016/08/15 12:51:29.727277 length=95 from=0 to=94\n"
        "GET /v1.23/containers/json?all=1 HTTP/1.1\\r\nHost: \\r\n"
        "User-Agent: Docker-Client/1.11.2 (linux)\\r\n\\r\n"
        "< 2016/08/15 12:51:29.734110 length=151 from=0 to=150 \r\n"
        "HTTP/1.1 200 OK\\r\nContent-Length: 3\\r\n\\r\n[]\n"
    )
    found = read(tmp_path / "x", text.encode())
    (exchange,) = found.exchanges
    assert exchange.request.target == "/v1.23/containers/json?all=1"
    assert exchange.response is not None
    assert (exchange.response.body.data, exchange.end) == (b"[]\n", "complete")
    assert "x, line 6: length=151 announced, " in found.notices[0]
