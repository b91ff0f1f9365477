"""mitmproxy's flow files are imported, with hijacked connections."""

from pathlib import Path

import pytest
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from apispy import importers
from apispy.errors import ApispyError
from apispy.importers import Imported, Settings
from apispy.proxy import flow_files


def read(path: Path) -> Imported:
    assert importers.recognise(path) == "flows"
    return flow_files.read(path, Settings())


def save(path: Path, *flows: object) -> Path:
    with path.open("wb") as file:
        for flow in flows:
            FlowWriter(file).add(flow)  # type: ignore[arg-type]
    return path


def test_a_call(tmp_path: Path) -> None:
    flow = tflow.tflow(resp=True)
    flow.request.path = "/v1.41/info"
    (exchange,) = read(save(tmp_path / "x", flow)).exchanges
    assert exchange.request.target == "/v1.41/info"
    assert exchange.request.body.data == b"content"
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body.data) == (200, b"message")
    assert (exchange.client, exchange.upstream) == ("127.0.0.1:22", "tcp://address:22")
    assert exchange.end == "complete"
    assert exchange.started == flow.request.timestamp_start


def test_a_hijack_is_one_call(tmp_path: Path) -> None:
    call, tunnel = tflow.tflow(resp=True), tflow.ttcpflow()
    call.response.status_code = 101
    call.response.headers["Upgrade"] = "tcp"
    call.metadata["docker_tcp_flow"] = tunnel.id
    (exchange,) = read(save(tmp_path / "x", call, tunnel)).exchanges
    assert exchange.tunnel is not None
    assert exchange.tunnel.protocol == "tcp"
    assert exchange.tunnel.to_server.data == b"hello"
    assert exchange.tunnel.to_client.data == b"it's me"


def test_a_call_that_failed(tmp_path: Path) -> None:
    (exchange,) = read(save(tmp_path / "x", tflow.tflow(err=True))).exchanges
    assert (exchange.end, exchange.problems) == ("cut", ("error",))


def test_a_file_that_breaks_off(tmp_path: Path) -> None:
    path = save(tmp_path / "x", tflow.tflow(resp=True), tflow.tflow(resp=True))
    path.write_bytes(path.read_bytes()[:-10])
    found = read(path)
    assert len(found.exchanges) == 1
    assert "cannot be read after flow 1" in found.notices[0]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ApispyError, match=r"after flow 0.*mitmdump -w"):
        read(path)
