"""Descriptions of BuildKit's tunnels."""

from typing import Any

import pytest

from apispy.model import Direction, Item
from apispy.outputs import DecodedCall, grpc
from apispy.outputs.stream_lines import StreamLines

from .decoded_calls import decoded_call

ASKED = Item("h2c", "HEADERS", {"stream": 1, "headers": [["x-token", None]], "method": "/a.B/C"}, (0, 1))


def item(label: str, **value: Any) -> Item:
    return Item("h2c", label, value, (0, 1))


def with_counts(*counts: dict[str, Any]) -> DecodedCall:
    plain = decoded_call("POST /session", 101)
    ways: tuple[Direction, ...] = ("to_client", "to_server")
    items = {way: (Item("grpc", "calls", value, (0, 0)),) for way, value in zip(ways, counts, strict=False)}
    return DecodedCall(plain.exchange, plain.call, items)


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (ASKED, "stream 1 /a.B/C"),
        (
            item("HEADERS", stream=1, headers=[], method="/moby.filesync.v1.Auth/Credentials"),
            "stream 1 /moby.filesync.v1.Auth/Credentials (request registry credentials)",
        ),
        (
            item("HEADERS", stream=1, headers=[], method=""),
            "stream 1 (not a gRPC method path)",
        ),
        (
            item("HEADERS", stream=3, status=200, grpc_status=5, total={"messages": 1, "size": 512}),
            "stream 3 200, grpc-status 5 (NOT_FOUND), 1 message, 512 B",
        ),
        (item("HEADERS", stream=3, grpc_status=17), "stream 3 grpc-status 17 (status 17)"),
        (item("HEADERS", stream=3), "stream 3 HEADERS"),
        (item("DATA", stream=3, size=9, messages=[]), "stream 3 DATA 9 B"),
        (
            item("DATA", stream=3, size=9, messages=[1, 2], total={"messages": None, "size": 9}),
            "stream 3 DATA 9 B, messages of 1 B, 2 B; in total 9 B",
        ),
        (item("RST_STREAM", stream=3, error="CANCEL"), "stream 3 RST_STREAM CANCEL"),
        (item("GOAWAY", error="NO_ERROR", last=7, debug=3), "GOAWAY NO_ERROR, last stream 7"),
        (item("SETTINGS", ack=False, settings={"A": 1, "B": 2}), "SETTINGS A=1 B=2"),
        (item("SETTINGS", ack=True, settings={}), "SETTINGS acknowledged"),
        (item("PING", ack=False), "PING"),
        (item("PING", ack=True), "PING reply"),
        (item("WINDOW_UPDATE", stream=0, increment=5), "WINDOW_UPDATE +5"),
        (item("type 66", stream=5), "stream 5 type 66"),
        (item("preface"), "starts HTTP/2: this side calls, the other responds"),
    ],
)
def test_a_frame_in_words(frame: Item, text: str) -> None:
    assert grpc.frame_line("to_client", frame) == f"< {text}"


def test_header_fields_are_for_the_whole_view() -> None:
    assert grpc.frame_line("to_server", ASKED, whole=True) == "> stream 1 /a.B/C [x-token]"
    answered = item("HEADERS", stream=1, headers=[["te", "trailers"], ["x", None]], status=200)
    assert grpc.frame_line("to_server", answered, whole=True) == "> stream 1 200 [te: trailers; x]"


def test_what_is_told_without_being_asked_for() -> None:
    faults = [item("RST_STREAM", stream=1, error="CANCEL"), item("HEADERS", stream=1, status=404)]
    quiet = [item("RST_STREAM", stream=1, error="NO_ERROR"), item("WINDOW_UPDATE", stream=1, increment=1)]
    assert [grpc.is_notable(one) for one in (ASKED, *faults, *quiet)] == [True] * 3 + [False] * 2
    operation = decoded_call("POST /session", 101).call.operation
    assert [StreamLines(operation).shows(one) for one in (*faults, *quiet)] == [True] * 2 + [False] * 2
    assert [StreamLines(operation, 2).shows(one) for one in quiet] == [True] * 2


def test_header_names_are_escaped() -> None:
    odd = item("HEADERS", stream=1, headers=[["\x1b[31m", None]], method="/a.B/C")
    flow = StreamLines(decoded_call("POST /session", 101).call.operation, 2)
    assert list(flow.item("to_client", odd)) == [("h2c", "< stream 1 /a.B/C [\\e[31m]")]


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((), ""),
        (({"calls": {"/a.B/C": 2, "/a.B/D": 1}, "statuses": {}},), "3 gRPC calls: C 2, D 1"),
        (
            ({"calls": {"/a.B/C": 1}, "statuses": {}}, {"calls": {}, "statuses": {0: 4, 5: 1}}),
            "1 gRPC call: C 1; 1 NOT_FOUND",
        ),
        (({"calls": {"": 1}, "statuses": {}},), "1 gRPC call: others 1"),
        (
            ({"calls": {f"/a.B/{name}": 1 for name in "ABCDEFGH"}, "statuses": {}},),
            "8 gRPC calls: A 1, B 1, C 1, D 1, E 1, F 1, 2 more methods",
        ),
    ],
)
def test_the_end_line(counts: tuple[dict[str, Any], ...], text: str) -> None:
    assert grpc.call_summary(with_counts(*counts)) == text
