"""What tshark prints of a capture is read like the capture."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apispy import importers
from apispy.importers import Imported, Settings
from tests.tcp_packets import REQUEST, RESPONSE

SAMPLES = Path(__file__).parents[3] / "samples"


def read(path: Path, text: str) -> Imported:
    path.write_text(text)
    assert importers.recognise(path) == "tshark"
    return importers.read(path, "tshark", Settings())


def packet(seq: int, ack: int, data: bytes, *, by_client: bool, **tcp: Any) -> dict[str, Any]:
    ports = ("51234", "2375") if by_client else ("2375", "51234")
    fields = {
        "tcp.srcport": ports[0],
        "tcp.dstport": ports[1],
        "tcp.flags": "0x0018",
        "tcp.len": str(len(data)),
    }
    fields |= {"tcp.seq": str(seq), "tcp.ack": str(ack), "tcp.payload": data.hex(":")} | tcp
    layers = {
        "frame": {"frame.time_epoch": f"{1_700_000_000 + seq / 1000:.9f}"},
        "ipv6": {"ipv6.src": "::1", "ipv6.dst": "::1"},
        "tcp": fields,
    }
    return {"_index": "packets-2023-11-14", "_type": "doc", "_score": None, "_source": {"layers": layers}}


SESSION = (
    packet(1, 1, REQUEST, by_client=True),
    packet(1, 1 + len(REQUEST), RESPONSE, by_client=False),
)


@pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark program")
@pytest.mark.parametrize(
    "words", [["-T", "json"], ["-T", "ek"], ["-T", "json", "--no-duplicate-keys"]], ids=" ".join
)
def test_the_calls_are_those_of_the_capture(tmp_path: Path, words: list[str]) -> None:
    capture = SAMPLES / "docker-28.2.pcap"
    done = subprocess.run(
        ["tshark", "-r", capture, *words], capture_output=True, text=True, timeout=100, check=True
    )
    found = read(tmp_path / "x", done.stdout)
    assert found == importers.read(capture, "pcap", Settings())
    assert len(found.exchanges) == 9


def test_relative_numbers_ipv6_and_repeated_keys(tmp_path: Path) -> None:
    first = json.loads(json.dumps(SESSION[0]))
    first["_source"]["layers"]["tcp"] = [first["_source"]["layers"]["tcp"], {}]
    (exchange,) = read(tmp_path / "x", json.dumps([first, SESSION[1]])).exchanges
    assert (exchange.client, exchange.upstream) == ("[::1]:51234", "tcp://[::1]:2375")
    assert exchange.response is not None
    assert exchange.response.body.data == b"[]"


def test_dates_of_newer_versions(tmp_path: Path) -> None:
    lines = []
    for one in SESSION:
        layers = {
            layer: {f"{layer}_{name.replace('.', '_')}": value for name, value in fields.items()}
            for layer, fields in one["_source"]["layers"].items()
        }
        layers["frame"] = {"frame_frame_time_epoch": "2023-11-14T22:13:20.500000000Z"}
        lines += [
            {"index": {"_index": "packets-2023-11-14"}},
            {"timestamp": "1700000000500", "layers": layers},
        ]
    (exchange,) = read(tmp_path / "x", "\n".join(json.dumps(line) for line in lines)).exchanges
    assert exchange.started == 1_700_000_000.5


def test_a_file_that_was_cut_is_read_to_there(tmp_path: Path) -> None:
    text = json.dumps(SESSION, indent=2)
    found = read(tmp_path / "x", text[: text.rindex("tcp.payload")])
    assert len(found.exchanges) == 1
    assert "x, line " in found.notices[0]
    assert "What follows was not read" in found.notices[0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            packet(1, 1, b"", by_client=True, **{"tcp.srcport": "x"}),
            "packet 1 cannot be read: invalid literal",
        ),
        (packet(1, 1, b"", by_client=True, **{"tcp.flags": 7}), "found int in tcp.flags, expected text"),
        ({"_index": "x", "_source": 7}, "packet 1 cannot be read"),
        ({"_index": "x", "_source": {"layers": {"http.request.uri": ["/info"]}}}, "Leave out -e, -j and -J"),
    ],
)
def test_packets_that_cannot_be_read(tmp_path: Path, wrong: Any, says: str) -> None:
    found = read(tmp_path / "x", json.dumps([wrong]))
    assert found.exchanges == ()
    assert says in " ".join(found.notices)


def test_packets_without_their_data(tmp_path: Path) -> None:
    cut = packet(1, 1 + len(REQUEST), b"", by_client=False, **{"tcp.len": "90"})
    found = read(tmp_path / "x", json.dumps([SESSION[0], cut]))
    assert found.exchanges[0].end == "cut"
    assert "lacks the data (tcp.payload) of 1 packets" in found.notices[0]
