"""HAR files of browsers and mitmproxy. The tests of exports cover apispy's own."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from apispy import importers
from apispy.app.input_files import readings_of
from apispy.errors import ApispyError
from apispy.importers import Imported, Settings

ENTRY: dict[str, Any] = {
    "startedDateTime": "2023-11-14T22:13:20.500Z",
    "time": 250.0,
    "request": {
        "method": "POST",
        "url": "http://localhost:2375/v1.41/containers/create?name=web",
        "httpVersion": "HTTP/1.1",
        "headers": [
            {"name": "Content-Type", "value": "application/json"},
            {"name": ":authority", "value": "x"},
        ],
        "postData": {"mimeType": "application/json", "text": '{"Image":"büsybox"}'},
    },
    "response": {
        "status": 201,
        "statusText": "Created",
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": "Content-Type", "value": "application/json"}],
        "content": {"size": 11, "mimeType": "application/json", "text": '{"Id":"42"}'},
    },
    "timings": {"send": 1, "wait": 199, "receive": 50},
    "connection": "7",
}


def read(path: Path, entries: Any, limit: int = 1 << 20) -> Imported:
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}))
    assert importers.recognise(path) == "har"
    return importers.read(path, "har", Settings(limit=limit))


def test_a_call(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path / "x", [ENTRY]).exchanges
    assert exchange.request.target == "/v1.41/containers/create?name=web"
    assert exchange.request.headers.fields == ((b"Content-Type", b"application/json"),)
    assert exchange.request.body.data == '{"Image":"büsybox"}'.encode()
    assert (exchange.started, exchange.duration) == (1_700_000_000.5, 0.25)
    assert exchange.upstream == "tcp://localhost:2375"
    response = exchange.response
    assert response is not None
    assert (response.status, response.reason, response.version) == (201, "Created", "1.1")
    assert (response.body.data, response.body.ended_at) == (b'{"Id":"42"}', 0.25)
    assert response.at == pytest.approx(0.2)
    assert exchange.end == "complete"


def test_base64_and_the_limit(tmp_path: Path) -> None:
    content = {"size": 100, "encoding": "base64", "text": base64.b64encode(bytes(range(100))).decode()}
    entry = ENTRY | {"response": ENTRY["response"] | {"content": content}}
    (exchange,) = read(tmp_path / "x", [entry], limit=40).exchanges
    assert exchange.response is not None
    assert exchange.response.body.data == bytes(range(40))
    assert exchange.response.body.cut


def test_a_call_without_a_response(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path / "x", [ENTRY | {"response": {"status": 0}}]).exchanges
    assert exchange.response is None
    assert exchange.end == "cut"


WRONG = {
    "no object": 7,
    "no request": {"startedDateTime": "2023-11-14T22:13:20Z"},
    "a time that is none": ENTRY | {"startedDateTime": "yesterday"},
    "a url that is no text": ENTRY | {"request": ENTRY["request"] | {"url": 7}},
    "a url that is none": ENTRY | {"request": ENTRY["request"] | {"url": "http://[x"}},
    "a status that is none": ENTRY | {"response": {"status": "fine"}},
    "base64 that is none": ENTRY
    | {"response": {"status": 200, "content": {"encoding": "base64", "text": "x"}}},
    "an extension that is none": ENTRY | {"_docker": {"end": "never"}},
    "half an extension": ENTRY | {"_docker": {}},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_invalid_entries_are_skipped_with_a_notice(tmp_path: Path, wrong: str) -> None:
    found = read(tmp_path / "x", [WRONG[wrong], ENTRY])
    assert len(found.exchanges) == 1
    assert "entry 1 cannot be read" in found.notices[0]


@pytest.mark.parametrize(
    ("url", "upstream"),
    [
        ("https://docker:2376/info", "https://docker:2376"),
        ("http+unix://%2Fvar%2Frun%2Fdocker.sock/info", "unix:///var/run/docker.sock"),
    ],
)
def test_the_scheme_is_kept(tmp_path: Path, url: str, upstream: str) -> None:
    (exchange,) = read(tmp_path / "x", [ENTRY | {"request": ENTRY["request"] | {"url": url}}]).exchanges
    assert (exchange.upstream, exchange.request.target) == (upstream, "/info")


def test_a_body_that_the_browser_unpacked(tmp_path: Path) -> None:
    headers = [{"name": "Content-Encoding", "value": "gzip"}, {"name": "Content-Length", "value": "31"}]
    entry = ENTRY | {"response": ENTRY["response"] | {"headers": headers}}
    (exchange,) = read(tmp_path / "x", [entry]).exchanges
    assert exchange.response is not None
    assert exchange.response.headers.fields == ((b"Content-Length", b"11"),)


MESSAGES = [
    {"type": "receive", "time": 1700000000.75, "opcode": 1, "data": "# "},
    {"type": "send", "time": 1700000001.5, "opcode": 1, "data": "ls\r"},
    {"type": "receive", "time": 1700000002.5, "opcode": 2, "data": base64.b64encode(bytes(70_000)).decode()},
    {"type": "receive", "time": 1700000002.5, "opcode": 1, "data": "x" * 200},
]


def socket(*messages: Any) -> dict[str, Any]:
    request = ENTRY["request"] | {
        "method": "GET",
        "url": "ws://localhost:2375/v1.41/containers/web/attach/ws?stream=1",
    }
    return ENTRY | {"request": request, "response": {"status": 101}, "_webSocketMessages": list(messages)}


def test_the_messages_of_a_websocket(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path / "x", [socket(*MESSAGES)]).exchanges
    assert exchange.upstream == "tcp://localhost:2375"
    assert exchange.tunnel is not None
    assert exchange.tunnel.protocol == "websocket"
    assert exchange.duration == 2.0
    (sent,) = exchange.tunnel.to_server.chunks
    assert (sent.at, sent.data) == (1.0, b"\x81\x83\0\0\0\0ls\r")
    first, second, third = exchange.tunnel.to_client.chunks
    assert (first.at, first.data) == (0.25, b"\x81\x02# ")
    assert second.data == b"\x82\x7f" + (70_000).to_bytes(8, "big") + bytes(70_000)
    assert third.data == b"\x81\x7e\0\xc8" + b"x" * 200
    readings = readings_of(Imported((exchange,)))
    assert [item.value for item in readings[0].items["to_client"]] == [b"# ", bytes(70_000), b"x" * 200]
    assert [item.value for item in readings[0].items["to_server"]] == [b"ls\r"]


def test_the_limit_of_a_websocket(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path / "x", [socket(*MESSAGES)], limit=3).exchanges
    assert exchange.tunnel is not None
    assert (exchange.tunnel.to_client.data, exchange.tunnel.to_client.size) == (b"\x81\x02#", 70_218)


@pytest.mark.parametrize(
    "wrong", [7, {}, {"type": "other"}, MESSAGES[0] | {"opcode": 16}, MESSAGES[2] | {"data": "x"}]
)
def test_messages_that_are_none(tmp_path: Path, wrong: Any) -> None:
    found = read(tmp_path / "x", [socket(wrong), ENTRY])
    assert len(found.exchanges) == 1
    assert "entry 1 cannot be read" in found.notices[0]


def test_invalid_json_is_reported_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"log": {\n"entries": [}')
    with pytest.raises(ApispyError, match="line 2, column 13"):
        importers.read(tmp_path / "x", "har", Settings())


@pytest.mark.parametrize("text", ['{"log": {}}', "[]", '{"log": {"entries": 7}}', "[" * 100_000])
def test_json_that_is_not_har(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(ApispyError, match=r"not a HAR file|expected a list|invalid JSON"):
        importers.read(tmp_path / "x", "har", Settings())
