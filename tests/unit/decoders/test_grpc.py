"""The messages of BuildKit's calls: which fields are read, and what is only counted."""

import base64
import gzip
import json
from typing import Any

import pytest

from apispy.decoders import GrpcContext, make
from apispy.decoders.grpc_messages import (
    MAX_LISTED,
    MAX_TEXT_SIZE,
    MAX_UNKNOWN,
    decode_message,
    encode_message,
)
from apispy.decoders.grpc_schema import MAPS, MESSAGES, METHODS, fields_of, message_of
from apispy.decoders.grpc_stream import MAX_HELD, MAX_MESSAGE_SIZE, Budget, MessageReader
from apispy.decoders.protobuf import ProtobufError
from apispy.model import Item
from apispy.replay.grpc_encoding import encode_message as encode_for_replay
from tests.h2_peer import Peers, message
from tests.protobuf_writer import mapped, pb, timestamp

STATUS = "/moby.buildkit.v1.Control/Status"
SOLVE = "/moby.buildkit.v1.Control/Solve"
DIFF_COPY = "/moby.filesync.v1.FileSync/DiffCopy"
SIMPLE = {
    "text",
    "step",
    "output",
    "number",
    "flag",
    "time",
    "nanoseconds",
    "id",
    "size",
    "secret",
    "variable",
    *MAPS,
}


def test_the_tables_name_only_types_that_exist() -> None:
    for name in MESSAGES:
        fields = fields_of(name).values()
        assert {field.type for field in fields} <= SIMPLE | set(MESSAGES)
        assert len({field.name for field in fields}) == len(fields)
    for messages in METHODS.values():
        assert set(messages) <= set(MESSAGES)
    assert message_of("/moby.filesync.v1.FileSend/DiffCopy", request=True) == ""


def test_a_request_to_build() -> None:
    data = pb(
        {
            1: "ref",
            2: b"x" * 30,
            5: "session",
            6: "dockerfile.v0",
            7: mapped({"build-arg:A": "b", "target": "final"}),
            8: {4: [{1: "registry", 2: mapped({"ref": "r/c"})}], 5: [{1: "local"}]},
            9: ["network.host"],
            13: [{1: "image", 2: mapped({"name": "app", "push": "true"})}],
            14: True,
            99: b"abc",
        }
    )
    assert decode_message("SolveRequest", data) == {
        "Ref": "ref",
        "Definition": 30,
        "Session": "session",
        "Frontend": "dockerfile.v0",
        "FrontendAttrs": {"build-arg:A": "b", "target": "final"},
        "Cache": {
            "Exports": [{"Type": "registry", "Attrs": {"ref": "r/c"}}],
            "Imports": [{"Type": "local"}],
        },
        "Entitlements": ["network.host"],
        "Exporters": [{"Type": "image", "Attrs": {"name": "app", "push": "true"}}],
        "EnableSessionExporter": True,
        "unknown": {"99": 3},
    }


def test_a_status() -> None:
    data = pb(
        {
            1: [{1: "sha256:a", 3: "[1/2] RUN a", 4: True, 5: timestamp(10, 500_000_000), 7: "failed"}],
            2: [{1: "id", 2: "sha256:a", 4: -1, 5: 7}],
            3: [{1: "sha256:a", 2: timestamp(11), 3: 2, 4: b"out\xff\n"}],
            4: [{1: "sha256:a", 3: b"short", 6: {1: "Dockerfile", 2: b"FROM x"}, 7: [{1: {1: 3}}]}],
        }
    )
    assert decode_message("StatusResponse", data) == {
        "vertexes": [
            {"digest": "sha256:a", "name": "[1/2] RUN a", "cached": True, "started": 10.5, "error": "failed"}
        ],
        "statuses": [{"ID": "id", "vertex": "sha256:a", "current": -1, "total": 7}],
        "logs": [{"vertex": "sha256:a", "timestamp": 11.0, "stream": 2, "msg": "out\\xff\n"}],
        "warnings": [
            {
                "vertex": "sha256:a",
                "short": "short",
                "info": {"filename": "Dockerfile", "data": 6},
                "ranges": [{"start": {"line": 3}}],
            }
        ],
    }


def test_spans() -> None:
    data = pb(
        {
            1: {
                1: b"resource",
                2: {
                    2: {
                        1: b"\x12" * 16,
                        2: b"\xab" * 8,
                        4: b"\x01" * 8,
                        5: "docker build",
                        6: 3,
                        7: 1e18,
                        8: 1.5e18,
                        9: [b"a", b"bc"],
                        15: {2: "no", 3: 2},
                    }
                },
            }
        }
    )
    [span] = decode_message("ExportTraceServiceRequest", data)["resource_spans"][0]["scope_spans"][0]["spans"]
    assert span == {
        "trace_id": "12" * 16,
        "span_id": "ab" * 8,
        "parent_span_id": "01" * 8,
        "name": "docker build",
        "kind": 3,
        "start": 1e9,
        "end": 1.5e9,
        "status": {"code": 2, "unknown": {"2": 2}},
        "unknown": {"9": 3},
    }


@pytest.mark.parametrize(
    ("data", "wanted"), [(b"\x01" * 8, "01" * 8), (b"\x02" * 16, "02" * 16), (b"", ""), (b"hunter2", "")]
)
def test_an_id_has_the_size_of_one(data: bytes, wanted: str) -> None:
    message = decode_message("Span", pb({2: data}))
    assert message == {"span_id": wanted}
    for encode in (encode_message, encode_for_replay):
        assert decode_message("Span", encode("Span", message)) == message


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("StatusRequest", b"\xff"),
        ("StatusRequest", pb({1: 5})),  # a number where the table has text
        ("PruneRequest", pb({2: "x"})),  # and the other way
        ("StatusResponse", pb({1: [{5: b"\xff"}]})),  # inside
    ],
)
def test_what_does_not_fit_the_table_is_not_read_at_all(name: str, data: bytes) -> None:
    with pytest.raises(ProtobufError):
        decode_message(name, data)


def test_a_decoded_message_is_bounded() -> None:
    many = pb({1: ["x"] * (MAX_LISTED + 5)})
    value = decode_message("ListWorkersRequest", many)
    assert (len(value["filter"]), value["more"]) == (MAX_LISTED, {"filter": 5})
    unknown = decode_message("InfoRequest", pb(dict.fromkeys(range(1, 200), 1)))["unknown"]
    assert len(unknown) == MAX_UNKNOWN
    assert decode_message("StatusRequest", pb({1: "x" * 99_999}))["Ref"] == "x" * MAX_TEXT_SIZE + "..."
    options = decode_message("SolveRequest", pb({7: mapped({str(n): "" for n in range(MAX_LISTED + 2)})}))
    assert (len(options["FrontendAttrs"]), options["more"]) == (MAX_LISTED, {"FrontendAttrs": 2})


# --- messages in a stream


def reader(name: str, coding: bytes = b"", budget: Budget | None = None) -> MessageReader:
    return MessageReader(budget or Budget(), name, grpc=True, coding=coding)


def test_a_compressed_message() -> None:
    read = reader("StatusRequest", b"gzip")
    read.feed(message(gzip.compress(pb({1: "ref"}), mtime=0), 1))
    assert read.found == [{"Ref": "ref"}]


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        (b"snappy", gzip.compress(pb({1: "ref"}), mtime=0)),
        (b"gzip", b"not gzip"),
        (b"gzip", gzip.compress(pb({1: "ref"}), mtime=0)[:-9]),
        (b"gzip", gzip.compress(bytes(MAX_MESSAGE_SIZE + 1), mtime=0)),
    ],
)
def test_a_message_that_cannot_be_decompressed_is_counted(coding: bytes, content: bytes) -> None:
    read = reader("StatusRequest", coding)
    read.feed(message(content, 1) + message(pb({1: "next"})))
    assert (read.found, read.count) == ([{"Ref": "next"}], 2)
    assert read.total()["undecoded"] == 1


def test_messages_hold_a_bounded_part_of_memory() -> None:
    budget = Budget()
    readers = [reader("StatusRequest", budget=budget) for _ in range(6)]
    for read in readers:
        read.feed(b"\0" + MAX_MESSAGE_SIZE.to_bytes(4))
    assert budget.left == MAX_HELD - 4 * MAX_MESSAGE_SIZE
    assert [read.undecoded for read in readers] == [0, 0, 0, 0, 1, 1]
    for read in readers:
        read.total()
    assert budget.left == MAX_HELD
    large = reader("StatusRequest", budget=budget)
    large.feed(b"\0" + (MAX_MESSAGE_SIZE + 1).to_bytes(4))
    assert large.undecoded == 1


def test_the_pieces_of_files_become_one_message_each() -> None:
    read = reader("Packet")
    packets: list[dict[int, Any]] = [
        {1: 0, 2: {1: "a", 2: 0o644, 5: 5}},
        {1: 0},  # the end of the list
        {1: 2, 3: 4, 4: b"SECRET"},
        {1: 2, 4: b"xy"},
        {1: 2, 3: 4, 4: b"SECRET"},
        {1: 2, 3: 4},
        {1: 2},
        {1: 3},
    ]
    for packet in packets:
        read.feed(message(pb(packet)))
    assert read.found == [
        {"type": 0, "stat": {"path": "a", "mode": 0o644, "size": 5}},
        {"type": 2, "ID": 4, "data": 12},
        {"type": 2, "ID": 0, "data": 2},
        {"type": 3},
    ]
    assert read.count == len(packets)


# --- both directions of a connection


def messages(items: list[Item]) -> list[dict[str, Any]]:
    return [child.value for item in items for child in item.children]


def test_responses_are_decoded_by_the_method_of_their_request() -> None:
    peers = Peers()
    methods: dict[int, str] = {}
    caller, other = (make("h2c", GrpcContext(methods=methods)) for _ in range(2))
    stream = peers.call(STATUS, pb({1: "ref"}))
    asked, settings = peers.exchange()
    items = caller.feed(asked)
    assert messages(items) == [{"stream": 1, "method": STATUS, "part": "request", "message": {"Ref": "ref"}}]
    [child] = [child for item in items for child in item.children]
    assert (child.kind, child.label) == ("message", "Control/Status request")
    assert (child.span[0], child.span[1]) in [item.span for item in items]
    peers.answer(stream, pb({3: [{1: "v", 4: "line\n"}]}))
    answered = other.feed(settings + peers.exchange()[1])
    assert messages(answered) == [
        {
            "stream": 1,
            "method": STATUS,
            "part": "response",
            "message": {"logs": [{"vertex": "v", "msg": "line\n"}]},
        }
    ]


def test_without_the_request_a_response_is_only_counted() -> None:
    peers = Peers()
    stream = peers.call(STATUS, pb({1: "ref"}))
    settings = peers.exchange()[1]
    peers.answer(stream, pb({3: [{1: "v", 4: "line\n"}]}))
    items = make("h2c").feed(settings + peers.exchange()[1])
    assert messages(items) == []
    assert items[-1].value["total"]["messages"] == 1


def test_a_message_that_is_not_protobuf_is_counted() -> None:
    peers = Peers()
    peers.call(STATUS, b"hunter2")
    items = make("h2c").feed(peers.exchange()[0])
    totals = [item.value["total"] for item in items if "total" in item.value]
    assert totals == [{"messages": 1, "size": 12, "undecoded": 1}]
    assert "hunter2" not in repr(items)


def test_an_error_and_the_line_that_it_is_about() -> None:
    source = {"info": {"filename": "Dockerfile", "data": "RlJPTQ=="}, "ranges": [{"start": {"line": 3}}]}
    details = [
        {1: "github.com/moby/buildkit/stack.Stack+json", 2: "{}"},
        {1: "github.com/moby/buildkit/errdefs.Source+json", 2: json.dumps(source)},
    ]
    coded = base64.b64encode(pb({1: 2, 2: "failed", 3: details})).decode().rstrip("=")
    value = failed(SOLVE, ("grpc-message", "exit code%3A 3"), ("grpc-status-details-bin", coded))
    assert value["error_message"] == "exit code: 3"
    assert value["source"] == {"file": "Dockerfile", "line": 3}
    assert "error_message" not in failed("/moby.filesync.v1.Auth/Credentials", ("grpc-message", "x"))


def failed(method: str, *more: tuple[str, str]) -> dict[str, Any]:
    """The last item's value of a call that failed."""
    peers, methods = Peers(), dict[int, str]()
    stream = peers.call(method)
    asked, settings = peers.exchange()
    make("h2c", GrpcContext(methods=methods)).feed(asked)
    peers.answer(stream, status=2, more=more)
    found: dict[str, Any] = (
        make("h2c", GrpcContext(methods=methods)).feed(settings + peers.exchange()[1])[-1].value
    )
    return found


@pytest.mark.parametrize(
    "details",
    ["!", "", "AAAA", base64.b64encode(pb({3: {1: "x/errdefs.Source+json", 2: "[1]"}})).decode(),
     base64.b64encode(pb({3: {1: "x/errdefs.Source+json", 2: "{"}})).decode()],
)  # fmt: skip
def test_details_that_say_nothing(details: str) -> None:
    value = failed(SOLVE, ("grpc-message", "x"), ("grpc-status-details-bin", details))
    assert (value["error_message"], "source" in value) == ("x", False)
