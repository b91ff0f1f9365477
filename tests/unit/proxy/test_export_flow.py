"""mitmproxy reads the exported flow file: messages, both directions of a hijack, and cut calls."""

import io
from typing import Any

from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader
from mitmproxy.tcp import TCPFlow

from apispy.outputs import Reading
from apispy.proxy.export_flow import export
from tests.unit.outputs.readings import reading, tunnel


def flows(*readings: Reading) -> list[Any]:
    return list(FlowReader(io.BytesIO(b"".join(export(readings)))).stream())


def test_a_call():
    [flow] = flows(reading("POST /v1.41/containers/create", 201, {"Id": "x"}, ask={"Image": "busybox"}))
    assert isinstance(flow, HTTPFlow)
    assert flow.request.url == "http://localhost/v1.41/containers/create"
    assert flow.request.json() == {"Image": "busybox"}
    assert (flow.response.status_code, flow.response.json()) == (201, {"Id": "x"})


def test_a_hijack_is_a_flow_of_its_own():
    http, tcp = flows(
        reading("POST /v1.41/containers/web/attach?stream=1", 101, tunnel=tunnel(b"in", b"out"))
    )
    assert isinstance(tcp, TCPFlow)
    assert [(message.from_client, message.content) for message in tcp.messages] == [
        (True, b"in"),
        (False, b"out"),
    ]
    assert http.metadata["docker_tcp_flow"] == tcp.id


def test_an_answer_that_was_cut_keeps_what_came():
    [flow] = flows(reading("GET /v1.41/events", 200, {"a": 1}, end="cut", problems=("the daemon went away",)))
    assert flow.response.json() == {"a": 1}
    assert flow.error.msg == "the daemon went away"


def test_no_answer():
    [flow] = flows(reading("GET /v1.41/info", None, end="cut", upstream="tcp://orion:2376"))
    assert flow.response is None
    assert flow.request.host == "orion"
