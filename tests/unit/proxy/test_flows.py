"""Flows pass through mitmproxy's hooks in mitmproxy's order, with a comment that says what the call was."""

from typing import Any

import pytest
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.test import tflow

from apispy.model import Direction
from apispy.pipeline import Pipeline
from apispy.proxy.flows import SIZES, STREAMS, FlowOutput
from apispy.tap import ConnectionTap
from tests.unit.tap.conversations import ATTACH, HIJACKED, LIST, LISTED

CREATE = b'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 15\r\n\r\n{"Image":"b:1"}'
EVENTS = b"GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n"
EVENTS_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Session:
    """A connection whose flows are collected. ``hooks`` has a name and a flow for each hook that was fired."""

    def __init__(self, limit: int = 1000) -> None:
        self.hooks: list[tuple[str, Any]] = []
        self.updated: list[Any] = []
        client = tflow.tclient_conn()
        context = Context(client, Options())
        output = FlowOutput(
            lambda _: context,
            lambda _, hook: self.hooks.append((hook.name, hook.flow)),
            limit,
            self.updated.append,
        )
        self.pipeline = Pipeline([output])
        self.tap = ConnectionTap(1, "a", "tcp://d:2375", iter(range(1, 99)).__next__, limit)

    def client(self, data: bytes) -> None:
        for event in self.tap.from_client(data, 1.0):
            self.pipeline.feed(event)

    def server(self, data: bytes) -> None:
        for event in self.tap.from_server(data, 2.0):
            self.pipeline.feed(event)

    def lose(self) -> None:
        for event in self.tap.lost(3.0, "gone"):
            self.pipeline.feed(event)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.hooks]


def test_a_call_is_listed_from_its_request_on():
    session = Session()
    session.client(LIST)
    assert session.names == ["requestheaders", "request"]
    assert session.hooks[0][1].comment == "ContainerList GET /v1.41/containers/json"
    session.server(LISTED)
    assert session.names == ["requestheaders", "request", "responseheaders", "response"]
    assert session.hooks[-1][1].comment.startswith("ContainerList GET /v1.41/containers/json -> 200 ")


def test_a_request_is_complete_with_its_body():
    session = Session()
    session.client(CREATE[:-5])
    assert session.names == ["requestheaders"]
    session.client(CREATE[-5:])
    session.server(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    assert session.names == ["requestheaders", "request", "responseheaders", "response"]
    assert session.hooks[-1][1].request.content == b'{"Image":"b:1"}'


def test_a_response_before_the_end_of_the_request():
    session = Session()
    session.client(CREATE[:-5])
    session.server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
    session.lose()
    assert session.names[0] == "requestheaders"
    assert session.names[-1] in ("error", "response")
    assert len(session.names) == len(set(session.names))


def test_an_open_stream_shows_its_response_head():
    session = Session()
    session.client(EVENTS)
    session.server(EVENTS_HEAD)
    assert session.names == ["requestheaders", "request", "responseheaders"]
    assert session.hooks[-1][1].response.status_code == 200
    session.lose()
    assert session.names[-1] == "error"


def test_a_hijacked_connection():
    session = Session()
    session.client(ATTACH)
    session.server(HIJACKED + b"\x01\0\0\0\0\0\0\x03hi\n")
    assert session.names[:4] == ["requestheaders", "request", "responseheaders", "response"]
    assert session.names[4:] == ["tcp_start", "tcp_message"]
    http, tcp = session.hooks[0][1], session.hooks[-1][1]
    assert tcp.metadata[STREAMS]["to_client"] == "stdio"
    assert tcp.metadata["docker_http_flow"] == http.id
    session.lose()
    assert session.names[-1] == "tcp_end"
    assert tcp.comment == http.comment
    assert "-> 101" in http.comment


@pytest.mark.parametrize("direction", ["response"])
def test_a_flow_says_what_it_does_not_hold(direction: Direction):
    session = Session(limit=10)
    session.client(LIST)
    session.server(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + b"[" + b" " * 18 + b"]")
    assert session.hooks[-1][1].metadata[SIZES] == {direction: 20}


def test_a_secret_is_in_no_flow():
    session = Session()
    session.client(CREATE.replace(b'{"Image":"b:1"}', b'{"Env":["P=s"]}'))
    session.server(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    assert all(b'"P=s"' not in (flow.request.content or b"") for _, flow in session.hooks)
