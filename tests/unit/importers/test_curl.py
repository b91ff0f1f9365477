"""What curl writes with -v, --trace and --trace-ascii, by the curl of this machine and in older forms."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apispy import importers
from apispy.importers import Imported, Settings

SAMPLES = Path(__file__).parents[3] / "samples"
CREATED = b'{"Id":"42","Warnings":[]}\n'
ASKED = b'{"Image":"busybox","Cmd":["a command line that is longer than the sixty-four bytes of a row"]}'

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="no curl program")


class Daemon(BaseHTTPRequestHandler):
    """Answers GET with two bytes, and POST with JSON in two chunks."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in (CREATED[:9], CREATED[9:], b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def read(path: Path, form: str) -> Imported:
    assert importers.recognise(path) == form
    return importers.read(path, form, Settings())


def curl(log: Path, daemon: str, *words: str) -> None:
    data = "--data-binary", ASKED.decode(), "-H", "Content-Type: application/json"
    url = f"http://{daemon}/v1.41"
    with log.open("wb") as file:
        subprocess.run(
            ["curl", *words, *data, f"{url}/containers/create?name=x", "--next", *words, f"{url}/_ping"],
            stdout=file, stderr=file, check=True, timeout=60,
        )  # fmt: skip


def check(found: Imported, daemon: str, *, exact: bool = True) -> None:
    created, pinged = found.exchanges
    assert (created.request.method, created.request.target) == ("POST", "/v1.41/containers/create?name=x")
    assert created.upstream == f"tcp://{daemon}"
    assert created.request.body.data == (ASKED if exact else b"")
    assert created.request.body.size == len(ASKED)
    assert created.response is not None
    assert pinged.response is not None
    assert (created.response.status, created.response.reason) == (201, "Created")
    assert created.response.body.data.rstrip() == CREATED.rstrip()
    assert (pinged.request.target, pinged.response.body.data) == ("/v1.41/_ping", b"OK")
    assert {call.end for call in found.exchanges} == {"complete"}


@needs_curl
@pytest.mark.parametrize("times", [[], ["--trace-time"]], ids=["", "trace-time"])
@pytest.mark.parametrize("way", ["--trace", "--trace-ascii"])
def test_traces(tmp_path: Path, daemon: str, way: str, times: list[str]) -> None:
    curl(tmp_path / "body", daemon, "-s", way, str(tmp_path / "x"), *times)
    whole = tmp_path / "whole"
    whole.write_bytes((tmp_path / "x").read_bytes())
    if len(importers.read(whole, "curl-trace", Settings()).exchanges) == 1:  # --next begins the file anew
        curl(tmp_path / "x", daemon, "-s", way, "-", "-o", "/dev/null", *times)
    found = read(tmp_path / "x", "curl-trace")
    check(found, daemon)
    assert ("made with --trace-ascii" in " ".join(found.notices)) is (way == "--trace-ascii")
    assert (found.exchanges[0].duration > 0) is bool(times)


@needs_curl
@pytest.mark.parametrize("words", [["-sv"], ["-v"], ["-sv", "--trace-time"]], ids=" ".join)
def test_verbose_logs(tmp_path: Path, daemon: str, words: list[str]) -> None:
    curl(tmp_path / "x", daemon, *words)
    found = read(tmp_path / "x", "curl")
    check(found, daemon, exact=False)
    assert "has no request bodies" in found.notices[0]


def test_the_samples() -> None:
    (created,) = read(SAMPLES / "curl-trace.log", "curl-trace").exchanges
    assert (created.upstream, created.request.body.data) == ("unix:///tmp/docker.sock", b'{"Image":"nosuch"}')
    ping, inspected = read(SAMPLES / "curl-v.log", "curl").exchanges
    assert ping.upstream == "unix:///tmp/docker.sock"
    assert ping.response is not None
    assert inspected.response is not None
    assert (ping.response.body.data, inspected.response.status) == (b"OK", 404)
    assert inspected.response.body.data == b'{"message":"No such container: nosuch"}\n'


def test_a_log_from_a_web_page(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(
        "$ curl -v localhost:2375/info\n* Connected to localhost (::1) port 2375 (#0)\n"
        "> GET /info HTTP/1.1\n> Host: x\n>\n< HTTP/1.1 200 OK\n< Content-Type: application/json\n<\n"
        '{"ID": "x"}* Connection #0 to host localhost left intact\n'
    )
    (exchange,) = read(tmp_path / "x", "curl").exchanges
    assert exchange.upstream == "tcp://[::1]:2375"
    assert exchange.response is not None
    assert exchange.response.body.data == b'{"ID": "x"}'


def test_a_request_without_a_response(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("> GET /events HTTP/1.1\n> Host: x\n>\n* Empty reply from server\n")
    (exchange,) = read(tmp_path / "x", "curl").exchanges
    assert (exchange.response, exchange.end) == (None, "cut")


def trace(*blocks: tuple[str, bytes]) -> str:
    """The form of --trace-ascii."""
    text = ""
    for title, data in blocks:
        text += f"{title}, {len(data)} bytes (0x{len(data):x})\n"
        start = 0
        for line in data.split(b"\r\n")[: -1 if data.endswith(b"\r\n") else None]:
            text += f"{start:04x}: {line.decode()}\n"
            start += len(line) + 2
    return text


REQUEST = b"GET /v1.41/info HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_body_that_curl_shows_without_the_sizes_of_its_chunks(tmp_path: Path) -> None:
    head = [("<= Recv header", line + b"\r\n") for line in CHUNKED.split(b"\r\n")[:-1]]
    call = [("=> Send header", REQUEST), *head, ("<= Recv data", b'{"ID":'), ("<= Recv data", b'"x"}.')]
    (tmp_path / "x").write_text(trace(*call, *call))
    for exchange in read(tmp_path / "x", "curl-trace").exchanges:
        assert exchange.response is not None
        assert (exchange.response.body.data, exchange.end) == (b'{"ID":"x"}\n', "complete")


def test_tls(tmp_path: Path) -> None:
    text = (
        "== Info:   Trying 10.0.0.1:2376...\n== Info: SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n"
    )
    secret = "=> Send SSL data, 5 bytes (0x5)\n0000: 17 03 03 00 3f                                  ....?\n"
    (tmp_path / "x").write_text(text + trace(("=> Send header", REQUEST)) + secret)
    (exchange,) = read(tmp_path / "x", "curl-trace").exchanges
    assert (exchange.upstream, exchange.end) == ("https://10.0.0.1:2376", "open")


def test_a_trace_that_was_cut(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(trace(("=> Send header", REQUEST))[:-6])
    found = read(tmp_path / "x", "curl-trace")
    assert found.exchanges == ()
    assert "x, line 1: 4 bytes fewer than announced" in found.notices[0]
