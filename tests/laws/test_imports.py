"""Laws of imports: any file gives calls or an ApispyError, and does so quickly."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stream_strategies import JSON, corrupt

from apispy import importers
from apispy.app.input_files import show_calls
from apispy.capture import Header, Writer
from apispy.errors import ApispyError
from apispy.importers import FORMATS, Settings
from apispy.importers.tcp import conversations
from apispy.outputs import Console, JsonLines, Summary
from apispy.proxy import flow_files  # noqa: F401  # it registers itself
from tests.tcp_packets import REQUEST, RESPONSE, TcpConnection, write

SAMPLES = Path(__file__).parents[2] / "samples"


def pcap(where: Path) -> bytes:
    return write(
        where / "whole", TcpConnection().open().send(REQUEST).reply(RESPONSE).close().segments
    ).read_bytes()


def flows(where: Path) -> bytes:
    from mitmproxy.io import FlowWriter
    from mitmproxy.test import tflow

    with (where / "whole").open("wb") as file:
        FlowWriter(file).add(tflow.tflow(resp=True))
    return (where / "whole").read_bytes()


def socat(where: Path) -> bytes:
    head = "2026/11/25 12:38:00.000250000  length={0} from=0 to={0}\n"
    return b"".join(
        f"{way} {head.format(len(data))}".encode() + data.replace(b"\r", b"\\r")
        for way, data in ((">", REQUEST), ("<", RESPONSE))
    )


def har(where: Path) -> bytes:
    request = {"method": "GET", "url": "http://x/info", "headers": [{"name": "a", "value": "b"}]}
    answer = {"status": 200, "content": {"text": "[]", "encoding": "base64"}}
    entry = {"startedDateTime": "2023-11-14T22:13:20Z", "time": 1, "request": request, "response": answer}
    return json.dumps({"log": {"entries": [entry]}}).encode()


def capture(where: Path) -> bytes:
    found = importers.read(
        write(where / "whole", TcpConnection().open().send(REQUEST).reply(RESPONSE).segments),
        "pcap",
        Settings(),
    )
    (where / "capture").unlink(missing_ok=True)
    with Writer(where / "capture") as writer:
        writer.header(Header("0", 1.0))
        writer.exchange(found.exchanges[0])
    return (where / "capture").read_bytes()


def vcr(where: Path) -> bytes:
    return (SAMPLES / "docker-py.cassette.yaml").read_bytes()


def tshark(where: Path) -> bytes:
    packet = {
        "frame": {"frame.time_epoch": "1700000000.5"},
        "ip": {"ip.src": "127.0.0.1", "ip.dst": "127.0.0.2"},
        "tcp": {
            "tcp.srcport": "51234",
            "tcp.dstport": "2375",
            "tcp.seq_raw": "7",
            "tcp.ack_raw": "9",
            "tcp.flags": "0x0018",
        }
        | {"tcp.len": str(len(REQUEST)), "tcp.payload": REQUEST.hex(":")},
    }
    answer = {
        "frame": {"frame.time_epoch": "1700000000.6"},
        "ip": {"ip.src": "127.0.0.2", "ip.dst": "127.0.0.1"},
        "tcp": {
            "tcp.srcport": "2375",
            "tcp.dstport": "51234",
            "tcp.seq": "9",
            "tcp.ack": "80",
            "tcp.flags": "0x0018",
        }
        | {"tcp.len": str(len(RESPONSE)), "tcp.payload": RESPONSE.hex(":")},
    }
    return json.dumps(
        [{"_index": "x", "_source": {"layers": layers}} for layers in (packet, answer)]
    ).encode()


def tcpflow(where: Path) -> bytes:
    there, back = b"127.000.000.001.51234", b"127.000.000.001.02375"
    return b"%s-%s: %s\n%s-%s: %s\n" % (there, back, REQUEST, back, there, RESPONSE)


def curl_trace(where: Path) -> bytes:
    def block(way: str, data: bytes) -> str:
        rows = (data[start : start + 16] for start in range(0, len(data), 16))
        dump = "".join(f"{16 * at:04x}: {row.hex(' ')} {'.' * len(row)}\n" for at, row in enumerate(rows))
        return f"12:00:00.000001 {way}, {len(data)} bytes (0x{len(data):x})\n{dump}"

    log = (
        block("=> Send header", REQUEST)
        + block("<= Recv header", RESPONSE[:-2])
        + block("<= Recv data", b"[]")
    )
    return f"== Info:   Trying 127.0.0.1:2375...\n{log}".encode()


def curl(where: Path) -> bytes:
    asked = b"".join(b"> %s\r\n" % line for line in REQUEST.split(b"\r\n")[:-1])
    answered = b"".join(b"< %s\r\n" % line for line in RESPONSE.split(b"\r\n")[:-1])
    return (
        b"*   Trying 127.0.0.1:2375...\n" + asked + answered + b"{ [2 bytes data]\n[]* Closing connection 0\n"
    )


WHOLE: dict[str, Callable[[Path], bytes]] = {
    "pcap": pcap,
    "flows": flows,
    "socat": socat,
    "har": har,
    "vcr": vcr,
    "tshark": tshark,
    "tcpflow": tcpflow,
    "curl-trace": curl_trace,
    "curl": curl,
    "capture": capture,
}


def ignored(text: str) -> None:
    pass


def readable(path: Path, form: str) -> None:
    """Check that a file gives calls that can be shown, or an ApispyError."""
    try:
        found = importers.read(path, form, Settings())
    except ApispyError:
        return
    faults: list[str] = []
    outputs = [Console(faults.append), JsonLines(ignored, verbosity=2), Summary(ignored)]
    show_calls(found, outputs)
    assert not [text for text in faults if "an internal error in apispy" in text]


def test_every_format_is_tried() -> None:
    assert WHOLE.keys() == FORMATS.keys()


@pytest.mark.parametrize("form", WHOLE)
@given(
    at=st.integers(0, 1 << 16),
    piece=st.binary(max_size=12),
    end=st.integers(0, 1 << 16),
    noise=st.binary(max_size=80),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_total(tmp_path: Path, form: str, at: int, piece: bytes, end: int, noise: bytes) -> None:
    whole = WHOLE[form](tmp_path)
    for content in (corrupt(whole, at, piece), whole[: end % len(whole)], noise, whole[:24] + noise):
        (tmp_path / "x").write_bytes(content)
        readable(tmp_path / "x", form)


@given(JSON, st.sampled_from(["log", "entries", "request", "response", "_docker", "startedDateTime", "time"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_har_with_any_json_in_it(tmp_path: Path, value: object, name: str) -> None:
    whole = json.loads(har(tmp_path))
    place = {"log": whole, "entries": whole["log"]}.get(name, whole["log"]["entries"][0])
    place[name] = value
    (tmp_path / "x").write_text(json.dumps(whole))
    readable(tmp_path / "x", "har")


@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1), st.sets(st.integers(0, 11), max_size=3))
@settings(deadline=None)
def test_any_order_gives_the_same_bytes_and_gaps(random: object, first: int, lost: set[int]) -> None:
    """Whatever happens to the packets, each byte occurs once, in order, or counts as missing."""
    pieces = [REQUEST[:9], REQUEST[9:20], REQUEST[20:], REQUEST[:30], REQUEST[30:]]
    segments = TcpConnection(first=first).open().send(*pieces).close().segments
    kept = [segment for number, segment in enumerate(segments) if number - 3 not in lost or segment.fin]
    middle = kept[1:]
    random.shuffle(middle)  # type: ignore[attr-defined]
    (conversation,) = conversations(kept[:1] + middle + middle[:4])
    client = conversation.peers[0]
    position, whole = 0, REQUEST + REQUEST
    for peer, part in conversation.parts():
        if peer == client and not part.end:
            assert part.start == position
            assert part.missing or whole[position:].startswith(part.data)
            position += part.missing or len(part.data)
    assert position == len(whole)
