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


WHOLE: dict[str, Callable[[Path], bytes]] = {
    "pcap": pcap,
    "flows": flows,
    "socat": socat,
    "har": har,
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
