"""Cassettes of vcrpy and of Ruby's VCR."""

import base64
import gzip
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
import vcr

from apispy import importers
from apispy.errors import ApispyError
from apispy.importers import Imported, Settings
from apispy.importers.messages import split_url

SAMPLE = Path(__file__).parents[3] / "samples/docker-py.cassette.yaml"

ENTRY: dict[str, Any] = {
    "request": {
        "method": "POST",
        "uri": "http://localhost:2375/v1.41/containers/create?name=web",
        "body": '{"Image":"büsybox"}',
        "headers": {"Content-Type": ["application/json"]},
    },
    "response": {
        "status": {"code": 201, "message": "Created"},
        "headers": {"Content-Type": ["application/json"], "Date": ["Tue, 14 Nov 2023 22:13:20 GMT"]},
        "body": {"string": '{"Id":"42"}'},
    },
}


def read(path: Path, text: str | bytes, limit: int = 1 << 20) -> Imported:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert importers.recognise(path) == "vcr"
    return importers.read(path, "vcr", Settings(limit=limit))


def cassette(*entries: Any) -> str:
    return json.dumps({"version": 1, "interactions": entries}, indent=4)


def answer(body: Any, **fields: Any) -> dict[str, Any]:
    return ENTRY | {"response": ENTRY["response"] | {"body": body} | fields}


class Daemon(BaseHTTPRequestHandler):
    """Answers GET with JSON, compressed if the client takes that, and POST with bytes that are not text."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = gzip.compress(b'{"ApiVersion": "1.41"}')
        self._answer(body, ("Content-Type", "application/json"), ("Content-Encoding", "gzip"))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(b"\x01\0\0\0\0\0\0\x03\xff\xfe\n", ("Content-Type", "application/octet-stream"))

    def _answer(self, body: bytes, *fields: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in (*fields, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"tcp://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_vcrpy_records_of_docker_py(tmp_path: Path, daemon: str, form: str) -> None:
    file = tmp_path / "x"
    with vcr.use_cassette(
        str(file), serializer=form, record_mode="all", decode_compressed_response=form == "json"
    ):
        api = docker.APIClient(base_url=daemon, version="1.41")
        api.version()
        if form == "yaml":  # vcrpy refuses to write other bytes as JSON
            api.start("web")
    first, *others = read(file, file.read_bytes()).exchanges
    assert (first.request.method, first.request.target) == ("GET", "/v1.41/version")
    assert first.upstream == daemon
    assert first.response is not None
    assert (
        first.response.body.data == b'{"ApiVersion": "1.41"}'
    )  # as vcrpy 9 saves it, with the headers as they were
    assert "content-encoding" not in first.response.headers
    assert first.response.headers.text("content-length") == "22"
    assert [call.response and call.response.body.data for call in others] == [
        b"\x01\0\0\0\0\0\0\x03\xff\xfe\n"
    ] * (form == "yaml")
    assert all(call.end == "complete" for call in (first, *others))


def test_a_call(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path / "x", cassette(ENTRY)).exchanges
    assert exchange.request.target == "/v1.41/containers/create?name=web"
    assert exchange.request.headers.fields == ((b"Content-Type", b"application/json"),)
    assert exchange.request.body.data == '{"Image":"büsybox"}'.encode()
    assert (exchange.started, exchange.duration, exchange.end) == (1_700_000_000, 0, "complete")
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.reason) == (201, "Created")
    assert exchange.response.body.data == b'{"Id":"42"}'


BODIES = {
    "nothing": (None, b""),
    "text": ("ä", "ä".encode()),
    "an object": ({"string": "ä"}, "ä".encode()),
    "an object with nothing": ({"string": None}, b""),
    "base64": ({"base64_string": base64.b64encode(b"\xff\0").decode()}, b"\xff\0"),
    "ruby": ({"encoding": "UTF-8", "string": "ä"}, "ä".encode()),
    "ruby in base64": ({"encoding": "ASCII-8BIT", "base64_string": "/wA="}, b"\xff\0"),
}


@pytest.mark.parametrize("form", BODIES)
def test_forms_of_a_body(tmp_path: Path, form: str) -> None:
    value, data = BODIES[form]
    entry = answer(value) | {"request": ENTRY["request"] | {"body": value}}
    (exchange,) = read(tmp_path / "x", cassette(entry)).exchanges
    assert exchange.response is not None
    assert (exchange.request.body.data, exchange.response.body.data) == (data, data)


@pytest.mark.parametrize("tag", ["!!binary", "!binary"])
def test_binary_in_yaml(tmp_path: Path, tag: str) -> None:
    text = (
        "interactions:\n- request: {method: get, uri: 'http://x/info', body: null, headers: {}}\n"
        f"  response:\n    status: {{code: 200, message: OK}}\n    headers: {{A: [b, 7], C: d}}\n"
        f"    body:\n      string: {tag} |\n        /wA=\nversion: 1\n"
    )
    (exchange,) = read(tmp_path / "x", text).exchanges
    assert exchange.response is not None
    assert exchange.response.body.data == b"\xff\0"
    assert exchange.response.headers.fields == ((b"A", b"b"), (b"A", b"7"), (b"C", b"d"))


RUBY = """---
http_interactions:
- request:
    method: post
    uri: unix:///var/run/docker.sock/v1.11/containers/create
    body:
      encoding: UTF-8
      string: '{"Cmd":["true"],"Image":"busybox"}'
    headers:
      Content-Type:
      - application/json
  response:
    status:
      code: 201
      message:
    headers:
      Content-Type:
      - application/json
    body:
      encoding: UTF-8
      string: |
        {"Id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","Warnings":null}
    http_version:
  recorded_at: Fri, 06 Jun 2014 13:36:43 GMT
recorded_with: VCR 2.9.2
"""


def test_a_cassette_of_ruby(tmp_path: Path) -> None:
    (exchange,) = read(tmp_path / "x", RUBY).exchanges
    assert (exchange.request.method, exchange.request.target) == ("POST", "/v1.11/containers/create")
    assert exchange.upstream == "unix:///var/run/docker.sock"
    assert exchange.started == 1_402_061_803
    assert exchange.response is not None
    assert exchange.response.body.data.endswith(b',"Warnings":null}\n')


URLS = {
    "http://127.0.0.1:2375/v1.41/info?a=b": ("tcp://127.0.0.1:2375", "/v1.41/info?a=b"),
    "https://me@docker:2376": ("https://docker:2376", "/"),
    "ws://docker:2375/x": ("tcp://docker:2375", "/x"),
    "wss://docker/x": ("https://docker", "/x"),
    "http+docker://localhost/v1.41/info": ("unix:///var/run/docker.sock", "/v1.41/info"),
    "http+docker://localnpipe/info": ("npipe:////./pipe/docker_engine", "/info"),
    "http+unix://%2Frun%2Fuser%2F1000%2Fdocker.sock/v1.41/info": (
        "unix:///run/user/1000/docker.sock",
        "/v1.41/info",
    ),
    "unix:///var/run/docker.sock/v1.41/containers/json?all=1": (
        "unix:///var/run/docker.sock",
        "/v1.41/containers/json?all=1",
    ),
    "unix:///tmp/d/v1.41/info": ("unix:///tmp/d", "/v1.41/info"),
    "unix:///var/run/docker.sock": ("unix:///var/run/docker.sock", "/"),
}


@pytest.mark.parametrize("url", URLS)
def test_urls(url: str) -> None:
    assert split_url(url) == URLS[url]


WRONG = {
    "no object": 7,
    "no request": {"response": ENTRY["response"]},
    "a uri that is none": ENTRY | {"request": ENTRY["request"] | {"uri": "info"}},
    "a socket without a path": ENTRY | {"request": ENTRY["request"] | {"uri": "unix://"}},
    "a body that is none": answer({"string": {"string": "x"}}),
    "base64 that is none": answer({"base64_string": "x"}),
    "a status that is none": answer(None, status={"code": "fine"}),
    "headers that are none": answer(None, headers=[1]),
    "a header that is none": answer(None, headers={"a": [{}]}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_invalid_interactions_are_skipped_with_a_notice(tmp_path: Path, wrong: str) -> None:
    found = read(tmp_path / "x", cassette(WRONG[wrong], ENTRY))
    assert len(found.exchanges) == 1
    assert "x: interaction 1 cannot be read: " in found.notices[0]


def test_calls_keep_their_order_without_times(tmp_path: Path) -> None:
    later = {"Date": ["Tue, 14 Nov 2023 22:13:30 GMT"]}
    entries = (answer(None, headers={}), answer(None, headers=later), ENTRY)
    found = read(tmp_path / "x", cassette(*entries))
    assert [call.started for call in found.exchanges] == [1_700_000_010] * 3
    assert [call.response and len(call.response.body.data) for call in found.exchanges] == [0, 0, 11]
    assert "has no times" in found.notices[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("interactions: [}", "line 1, column 16: invalid YAML"),
        ("interactions: " + "[" * 100_000, "invalid YAML"),
        ("interactions: 7", "is not a cassette of VCR: expected a list called interactions"),
        ("interactions: \xff\n", "line 1: expected UTF-8, found the byte 0xff"),
        ('{"interactions": [7 8]}', "line 1, column 21: invalid JSON"),
        ('{"interactions": [' + "7" * 5000 + "]}", "has an impossible value"),
        ('{"interactions": ' + "[" * 100_000, "has an impossible value"),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "x").write_text(text, "latin-1")
    with pytest.raises(ApispyError, match=f"x.*{says}"):
        importers.read(tmp_path / "x", "vcr", Settings())


def test_aliases_are_read_and_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = json.dumps(ENTRY)
    assert len(read(tmp_path / "x", f"interactions:\n- &a {entry}\n- *a\n- *a\n").exchanges) == 3
    monkeypatch.setattr("apispy.importers.cassette.MAX_CONTENT", 1000)
    with pytest.raises(ApispyError, match="x, interaction 9: expected at most 0 MiB of headers and bodies"):
        read(tmp_path / "x", f"interactions:\n- &a {entry}\n" + "- *a\n" * 1000)


def test_merge_keys_do_not_double_a_mapping(tmp_path: Path) -> None:
    levels = "".join(f"- &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 40))
    found = read(tmp_path / "x", "interactions:\n- &a0 {a: b}\n" + levels)
    assert found.exchanges == ()


def test_no_tag_makes_an_object(tmp_path: Path) -> None:
    text = f"interactions:\n- {json.dumps(ENTRY)}\nx: !!python/object/apply:os.system ['touch {tmp_path}/made']\n"
    assert len(read(tmp_path / "x", text).exchanges) == 1
    assert not (tmp_path / "made").exists()


def test_without_pyyaml_the_error_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "apispy.importers.yaml_values", raising=False)
    with pytest.raises(ApispyError, match=r"pip install 'apispy\[yaml\]'"):
        importers.read(SAMPLE, "vcr", Settings())
    assert len(read(tmp_path / "x", cassette(ENTRY)).exchanges) == 1


def test_a_compressed_body(tmp_path: Path) -> None:
    data = gzip.compress(b'{"Id":"42"}')
    coded = {"Content-Encoding": ["gzip"], "Content-Length": [str(len(data))]}
    text = cassette(answer({"base64_string": base64.b64encode(data).decode()}, headers=coded))
    (exchange,) = read(tmp_path / "x", text).exchanges
    assert exchange.response is not None
    assert exchange.response.body.data == data
    assert exchange.response.headers.text("content-encoding") == "gzip"


def test_a_compressed_cassette(tmp_path: Path) -> None:
    assert len(read(tmp_path / "x.gz", gzip.compress(cassette(ENTRY).encode())).exchanges) == 1
