"""The content view shows in mitmproxy what apispy's decoders read, of live flows and of those of a file."""

import pytest
from mitmproxy import contentviews, http, tcp
from mitmproxy.contentviews import Metadata
from mitmproxy.test import tflow

from apispy.proxy.content_view import ABOVE_OTHERS, BELOW_JSON, UNSUITABLE, DockerContentview
from apispy.proxy.flows import SIZES, STREAMS
from tests.unit.decoders.test_tar import archive

FRAME = b"\x01\0\0\0\0\0\0\x03hi\n"


def call(target: str, body: bytes, content_type: str = "") -> http.HTTPFlow:
    """A flow of a GET with the response *body*."""
    flow = tflow.tflow(resp=True)
    flow.request.method, flow.request.path, flow.request.content = "GET", target, b""
    flow.response.headers.clear()
    if content_type:
        flow.response.headers["Content-Type"] = content_type
    flow.response.content = body
    return flow


def hijacked(*messages: tuple[bool, bytes]) -> tcp.TCPFlow:
    flow = tflow.ttcpflow()
    flow.messages = [tcp.TCPMessage(from_client, data) for from_client, data in messages]
    flow.metadata[STREAMS] = {"to_server": "raw", "to_client": "stdio"}
    return flow


def shown(flow: http.HTTPFlow) -> tuple[float, str]:
    """The view's priority and text for the response of *flow*."""
    view = DockerContentview()
    metadata = Metadata(flow=flow, http_message=flow.response)
    return view.render_priority(flow.response.content, metadata), view.prettify(b"", metadata)


def test_output_of_a_container_apart():
    flow = call("/v1.41/containers/web/logs?stdout=1&stderr=1", FRAME + b"\x02\0\0\0\0\0\0\x04err\n")
    assert shown(flow) == (ABOVE_OTHERS, "stdout| hi\nstderr| err")


def test_an_archive_is_listed():
    priority, text = shown(call("/v1.41/containers/web/archive?path=/etc", archive(10)))
    assert priority == ABOVE_OTHERS
    assert text == "-rw-r--r--     10 B f0"


def test_progress():
    body = b'{"stream":"Step 1/1"}\r\n{"stream":"\\n"}\r\n'
    flow = call("/v1.41/build", body, "application/json")
    assert shown(flow)[0] == UNSUITABLE  # no operation: a build is a POST
    flow.request.method = "POST"
    assert shown(flow) == (ABOVE_OTHERS, "Step 1/1")


def test_mitmproxy_shows_a_single_json_value_itself():
    priority, text = shown(call("/v1.41/info", b'{"ID":"x"}', "application/json"))
    assert priority == BELOW_JSON
    assert text == '{"ID": "x"}'


def test_other_traffic_is_left_to_other_views():
    assert shown(call("/index.html", b"<p>"))[0] == UNSUITABLE


def test_a_body_that_is_not_whole_is_not_called_damaged():
    whole = archive(10)
    flow = call("/v1.41/containers/web/archive?path=/etc", whole[:600])
    flow.metadata[SIZES] = {"response": len(whole)}
    assert "cut off" not in shown(flow)[1]
    assert "600 B of" in shown(flow)[1]


def test_frames_across_messages():
    flow = hijacked((False, FRAME[:5]), (True, b"in\n"), (False, FRAME[5:]))
    view = DockerContentview()
    texts = [view.prettify(m.content, Metadata(flow=flow, tcp_message=m)) for m in flow.messages]
    assert texts == ["", "in", "stdout| hi"]
    flow.messages.append(tcp.TCPMessage(False, FRAME))
    assert view.prettify(b"", Metadata(flow=flow, tcp_message=flow.messages[-1])) == "stdout| hi"
    assert view.prettify(b"", Metadata(flow=flow, tcp_message=flow.messages[2])) == "stdout| hi"


def test_a_secret_is_hidden_in_a_file_that_another_program_wrote():
    flow = call("/v1.41/containers/web/json", b'{"Config":{"Env":["PW=geheim"]}}', "application/json")
    assert "geheim" not in shown(flow)[1]


def test_it_is_registered_with_mitmproxy_as_docker():
    view = DockerContentview()
    contentviews.add(view)
    try:
        assert contentviews.registry["docker"] is view
    finally:
        del contentviews.registry._by_name["docker"]


def test_what_it_cannot_show():
    with pytest.raises(ValueError, match="neither"):
        DockerContentview().prettify(b"x", Metadata(flow=tflow.tudpflow()))
