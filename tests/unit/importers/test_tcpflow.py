"""Logs and files as tcpflow 1.6.1 writes them."""

from pathlib import Path

import pytest

from apispy import importers
from apispy.importers import Imported, Settings
from tests.tcp_packets import REQUEST, RESPONSE

SAMPLE = Path(__file__).parents[3] / "samples/docker-ps.tcpflow.log"
THERE, BACK = "127.000.000.001.34004-127.000.000.001.02376", "127.000.000.001.02376-127.000.000.001.34004"
FRAMES = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n\1\0\0\0\0\0\0\6hello\n"


def read(path: Path) -> Imported:
    assert importers.recognise(path) == "tcpflow"
    return importers.read(path, "tcpflow", Settings())


def hexadecimal(data: bytes) -> bytes:
    """The form of -D: rows of 32 bytes; the first is not padded if it is short."""
    rows = []
    for start in range(0, len(data), 32):
        row = data[start : start + 32]
        pairs = " ".join(row[at : at + 2].hex() for at in range(0, len(row), 2))
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        padded = f"{pairs:80} " if start or len(row) == 32 else f"{pairs} " + " " * (len(row) % 2 == 0)
        rows.append(f"{start:04x}: {padded}{text}")
    return ("\n" + "\n".join(rows) + "\n").encode()


STYLES = {"c": bytes, "D": hexadecimal}


def log(path: Path, style: str, *pieces: tuple[str, bytes]) -> Path:
    path.write_bytes(b"".join(name.encode() + b": " + STYLES[style](data) + b"\n" for name, data in pieces))
    return path


def test_the_sample() -> None:
    ping, listed = read(SAMPLE).exchanges
    assert (ping.request.method, listed.request.target) == ("HEAD", "/v1.41/containers/json?all=1")
    assert (listed.client, listed.upstream) == ("127.0.0.1:40412", "tcp://127.0.0.1:2375")
    assert listed.response is not None
    assert listed.response.body.data == b"[]\n"
    assert listed.started == 1_795_611_542  # of the first Date header


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("cut", [1, 13, 14, 31, 32, 33])
def test_a_log(tmp_path: Path, style: str, cut: int) -> None:
    pieces = ((THERE, REQUEST[:cut]), (THERE, REQUEST[cut:]), (BACK, FRAMES[:-14]), (BACK, FRAMES[-14:]))
    if cut < 5:
        pieces = ((THERE, REQUEST), *pieces[2:])
    found = read(log(tmp_path / "x", style, *pieces))
    (exchange,) = found.exchanges
    assert exchange.request.target == "/v1.41/containers/json"
    assert (exchange.client, exchange.upstream) == ("127.0.0.1:34004", "tcp://127.0.0.1:2376")
    assert exchange.response is not None
    assert exchange.response.body.data == FRAMES[-14:]
    assert (exchange.end, exchange.problems) == ("complete", ())
    assert "has no times" in found.notices[0]


def test_dots_for_unprintable_bytes_get_a_notice(tmp_path: Path) -> None:
    dots = FRAMES.replace(b"\0", b".").replace(b"\1", b".").replace(b"\6", b".")
    found = read(log(tmp_path / "x", "c", (THERE, REQUEST), (BACK, dots)))
    assert "-B or -D keeps every byte" in found.notices[0]


def test_connections_are_told_apart(tmp_path: Path) -> None:
    other = THERE.replace("34004", "34005"), BACK.replace("34004", "34005")
    asked = (THERE, REQUEST), (other[0], REQUEST.replace(b"containers", b"images"))
    pieces = (*asked, (other[1], RESPONSE), (BACK, RESPONSE))
    first, second = read(log(tmp_path / "x", "c", *pieces)).exchanges
    assert [call.connection for call in (first, second)] == [1, 2]
    assert "images" in second.request.target
    assert all(call.end == "complete" for call in (first, second))


def test_a_log_that_begins_with_a_response(tmp_path: Path) -> None:
    found = read(log(tmp_path / "x", "c", (BACK, RESPONSE), (THERE, REQUEST), (BACK, RESPONSE)))
    (exchange,) = found.exchanges
    assert exchange.upstream == "tcp://127.0.0.1:2376"
    assert "skipped" in found.notices[0]


@pytest.mark.parametrize("named", [THERE, BACK])
def test_two_files(tmp_path: Path, named: str) -> None:
    (tmp_path / THERE).write_bytes(REQUEST + REQUEST.replace(b"containers", b"images"))
    (tmp_path / BACK).write_bytes(RESPONSE + FRAMES)
    first, second = read(tmp_path / named).exchanges
    assert (first.client, first.upstream) == ("127.0.0.1:34004", "tcp://127.0.0.1:2376")
    assert first.response is not None
    assert second.response is not None
    assert (first.response.body.data, second.response.body.data) == (b"[]", FRAMES[-14:])


@pytest.mark.parametrize(
    ("name", "says"),
    [(THERE, f"That of the other is expected in {BACK}"), ("x", "its name is not one of tcpflow's")],
)
def test_one_file(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / name).write_bytes(REQUEST)
    found = read(tmp_path / name)
    assert (found.exchanges[0].response, found.exchanges[0].end) == (None, "open")
    assert says in found.notices[0]
