"""Exported HAR, pcapng and flow files can be imported again, with the same calls."""

from pathlib import Path

import pytest
from test_diffs import SESSIONS, readings

import apispy.proxy.export_flow
import apispy.proxy.flow_files  # noqa: F401  # they register themselves
from apispy import importers
from apispy.app import input_files
from apispy.importers import Settings
from apispy.learn.diff import compare_captures, diff_json
from apispy.outputs import DecodedCall
from apispy.outputs.exports import EXPORTERS

FORMATS = {"har": "har", "pcapng": "pcap", "flow": "flows"}

WHOLE = ("run", "ps", "pull", "logs", "exec", "build")
"""Sessions that exports keep completely: others have a withheld body, data that is not HTTP, or an unfinished call."""


def again(before: list[DecodedCall], name: str, where: Path) -> list[DecodedCall]:
    pieces = EXPORTERS[name].export(before)
    (where / "x").write_bytes(b"".join(p.encode() if isinstance(p, str) else p for p in pieces))
    assert importers.recognise(where / "x") == FORMATS[name]
    found = importers.read(where / "x", FORMATS[name], Settings())
    assert found.notices == ()
    return sorted(input_files.readings_of(found), key=lambda reading: reading.exchange.id)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("session", WHOLE)
def test_nothing_differs(session: str, name: str, tmp_path: Path) -> None:
    before = readings(SESSIONS[session])
    after = again(before, name, tmp_path)
    found = compare_captures(before, after, values=True)
    assert not found, diff_json(found)


@pytest.mark.parametrize("session", SESSIONS)
def test_har_of_our_own_loses_nothing(session: str, tmp_path: Path) -> None:
    before = readings(SESSIONS[session])
    after = again(before, "har", tmp_path)
    for one, other in zip(before, after, strict=True):
        for way, body in one.exchange.streams.items():
            found = other.exchange.streams[way]
            assert (found.data, found.size, found.shown) == (body.data, body.size, body.shown)
            assert [len(chunk.data) for chunk in found.chunks] == [len(chunk.data) for chunk in body.chunks]
        assert (other.exchange.end, other.exchange.problems) == (one.exchange.end, one.exchange.problems)
        assert other.exchange.client == one.exchange.client
        assert other.exchange.upstream == one.exchange.upstream
