"""HTTP/2 from the first byte with other programs' peers: curl and nghttp2's client, nghttpd as the daemon, and what no
honest peer sends.
"""

import itertools
import json
import shutil
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hpack import Encoder
from hyperframe import frame as frames

from apispy.capture import read
from apispy.http2 import PREFACE
from apispy.learn.notes.http2 import REFUSED

from .apispy_process import STANDIN, Apispy
from .conftest import unavailable
from .daemon import Authority, Daemons, free_port
from .endpoints import Endpoint
from .options import endpoint_options, listen_options
from .wait import until

pytestmark = pytest.mark.skipif(bool(STANDIN), reason="socat shows no calls")

SETTINGS = frames.SettingsFrame().serialize()
BEGUN = PREFACE + SETTINGS
MEMORY = 64 << 20
"""Bytes by which a hostile connection may make apispy grow."""


@dataclass
class Nghttpd:
    """Two daemons that speak HTTP/2 only, without TLS and with it, and the files that they serve."""

    plain: Endpoint
    tls: Endpoint

    def upstream(self, kind: str) -> Endpoint:
        return self.tls if kind == "tls" else self.plain


@pytest.fixture(scope="module")
def nghttpd(place: Path) -> Iterator[Nghttpd]:
    for program in ("nghttpd", "h2load", "curl"):
        if not shutil.which(program):
            unavailable(f"needs {program}; on Debian: apt-get install nghttp2-server nghttp2-client curl")
    files = place / "h2" / "files" / "v1.53"
    files.mkdir(parents=True)
    (files / "info").write_text('{"ID": "x"}\n')
    (files / "big").write_bytes(bytes(range(256)) * 12_000)
    authority = Authority.make("h2")
    server = authority.issue(place / "h2-server", server=True)
    client = authority.issue(place / "h2-client", server=False)
    plain = Endpoint(f"tcp://127.0.0.1:{free_port()}")
    tls = Endpoint(f"tcp://127.0.0.1:{free_port()}", client)
    common = ["nghttpd", "-a", "127.0.0.1", "-d", str(files.parent)]
    running = [
        subprocess.Popen([*common, "--no-tls", str(plain.address[1])]),
        subprocess.Popen([*common, "-V", str(tls.address[1]), f"{server}/key.pem", f"{server}/cert.pem"]),
    ]
    for endpoint in (plain, tls):
        until(lambda one=endpoint: _accepts(one), 10, "nghttpd to listen")  # type: ignore[misc]
    yield Nghttpd(plain, tls)
    for process in running:
        process.terminate()
        process.wait(10)


def _accepts(endpoint: Endpoint) -> bool:
    try:
        endpoint.plain_socket(2).close()
    except OSError:
        return False
    return True


@pytest.fixture
def between(place: Path) -> Iterator[Callable[[str, Endpoint], Apispy]]:
    """Starts an apispy with a listener of a kind before a daemon; all end with the test."""
    started: list[Apispy] = []

    def start(kind: str, upstream: Endpoint) -> Apispy:
        where = place / f"h2-{next(_NUMBERS)}"
        words = [
            *listen_options(kind, where),
            *endpoint_options(upstream),
            "--capture",
            f"{where}/calls.jsonl",
        ]
        started.append(Apispy.start(where, *words))
        return started[-1]

    yield start
    for spy in started:
        assert spy.end() == 0, spy.err


_NUMBERS = itertools.count()


def curl(at: Endpoint, path: str, *words: str) -> tuple[int, bytes]:
    """Return curl's exit code and output: the body, the HTTP version and the status."""
    command = [*at.curl(), *words, "-w", " %{http_version} %{http_code}", f"{at.base}{path}"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("kind", ["unix", "tcp", "tls"])
def test_curl_gets_the_same_as_directly(
    kind: str, nghttpd: Nghttpd, between: Callable[[str, Endpoint], Apispy]
) -> None:
    """Under TLS it is curl that asks for HTTP/2, and apispy that has to find out that the daemon selects it."""
    daemon = nghttpd.upstream(kind)
    wanted = "--http2" if kind == "tls" else "--http2-prior-knowledge"
    spy = between(kind, daemon)
    for path, words in (
        ("/v1.53/info", ()),
        ("/v1.53/big", ()),
        ("/v1.53/info", ("--head",)),
        ("/v1.53/nosuch", ("-o", "/dev/null")),
        ("/v1.53/containers/create", ("-d", "x" * 100_000, "-o", "/dev/null")),
    ):
        code, said = curl(spy.at, path, wanted, *words)
        direct_code, direct = curl(daemon, path, wanted, *words)
        assert (code, _without_date(said)) == (direct_code, _without_date(direct))
        assert said.split()[-2:-1] == [b"2"]
    spy.end()
    calls = list(read(spy.where / "calls.jsonl"))
    assert {(one.request.version, one.end, one.problems) for one in calls} == {("2", "complete", ())}
    assert [one.response.status for one in calls if one.response] == [200, 200, 200, 404, 404]
    assert calls[1].response is not None
    assert calls[1].response.body.size == 256 * 12_000
    assert calls[4].request.body.size == 100_000


def test_what_was_recorded_is_played_to_curl(
    nghttpd: Nghttpd, between: Callable[[str, Endpoint], Apispy], place: Path
) -> None:
    spy = between("unix", nghttpd.plain)
    asked = (
        ("/v1.53/info", ()),
        ("/v1.53/nosuch", ("-H", "x: y")),
        ("/v1.53/containers/create", ("-d", "{}")),
    )
    for path, words in asked:
        curl(spy.at, path, "--http2-prior-knowledge", *words)
    spy.end()
    played = Apispy.start(
        place / "h2-replay", "replay", f"{spy.where}/calls.jsonl", "--listen", f"unix://{place}/h2-replay/s"
    )
    for path, words in asked:
        code, said = curl(played.at, path, "--http2-prior-knowledge", *words)
        assert (code, said.split()[-2:]) == (0, [b"2", b"200" if "info" in path else b"404"])
    assert played.end() == 0, played.err


def _without_date(said: bytes) -> list[bytes]:
    return [line for line in said.splitlines() if not line.startswith(b"date: ")]


@pytest.mark.parametrize("kind", ["unix", "tls"])
def test_go_gets_the_same_as_directly(
    kind: str, go_peer: Path, nghttpd: Nghttpd, between: Callable[[str, Endpoint], Apispy]
) -> None:
    """Without TLS the client begins with HTTP/2; under TLS it selects it by ALPN. The calls are made all at a time."""
    daemon = nghttpd.upstream(kind)
    spy = between(kind, daemon)
    paths = ["/v1.53/info", "/v1.53/big", "/v1.53/nosuch", "/v1.53/big"]
    said = go_http(go_peer, spy.at, *paths)
    assert said == go_http(go_peer, daemon, *paths)
    assert [(one[0], one[1]) for one in said] == [("HTTP/2.0", status) for status in (200, 200, 404, 200)]
    assert said[1][2] == 256 * 12_000
    spy.end()
    calls = list(read(spy.where / "calls.jsonl"))
    assert {(one.request.version, one.end, one.problems) for one in calls} == {("2", "complete", ())}
    assert sorted(one.request.target for one in calls) == sorted(paths)
    assert spy.out.count("GET  /v1.53/big -> 200") == 2


def go_http(program: Path, at: Endpoint, *paths: str) -> list[list[object]]:
    """The protocol, the status, the size and the digest of each response."""
    command = [str(program), "http", at.host, str(at.certs or ""), *paths]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_many_calls_at_a_time(nghttpd: Nghttpd, between: Callable[[str, Endpoint], Apispy]) -> None:
    spy = between("tcp", nghttpd.plain)
    command = ["h2load", "-n", "400", "-c", "4", "-m", "25", f"{spy.at.base}/v1.53/info"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "400 succeeded, 0 failed, 0 errored" in done.stdout
    spy.end()
    calls = list(read(spy.where / "calls.jsonl"))
    assert Counter(one.end for one in calls) == {"complete": 400}
    assert all(json.loads(one.response.body.data) == {"ID": "x"} for one in calls if one.response)
    assert Counter(one.connection for one in calls).most_common() == [
        (number, 100) for number in sorted({one.connection for one in calls})
    ]


def test_an_old_daemon_refuses_as_quickly_as_directly(
    daemons: Daemons, nghttpd: Nghttpd, between: Callable[[str, Endpoint], Apispy]
) -> None:
    spy = between("unix", daemons.plain.unix)
    for endpoint in (daemons.plain.unix, spy.at):
        code, said = curl(endpoint, "/_ping", "--http2-prior-knowledge")
        assert (code in (52, 55), said) == (
            True,
            b" 0 000",
        )  # which of them depends on what curl still had to send
    with daemons.plain.unix.wire(10) as one, spy.at.wire(10) as other:
        answers = []
        for wire in (one, other):
            wire.send(BEGUN)
            answers.append([line for line in wire.read_all().splitlines() if not line.startswith(b"Date: ")])
    assert answers[0] == answers[1]
    until(lambda: spy.out.count(" PRI ") == 2, 10, "both refusals to be shown")
    assert REFUSED in spy.out
    spy.end()
    refused = [one for one in read(spy.where / "calls.jsonl") if one.request.method == "PRI"]
    assert len(refused) == 2
    assert all(one.response is not None and one.response.status >= 300 for one in refused)


def ask(stream: int, *more: tuple[str, str], ends: bool = True) -> bytes:
    fields = [(":method", "GET"), (":scheme", "http"), (":path", "/info"), (":authority", "x"), *more]
    flags = ["END_HEADERS", *(["END_STREAM"] if ends else [])]
    return frames.HeadersFrame(stream, Encoder().encode(fields, huffman=False), flags=flags).serialize()


def rapid_reset() -> bytes:
    reset = (ask(number) + frames.RstStreamFrame(number, 8).serialize() for number in range(1, 4001, 2))
    return BEGUN + b"".join(reset)


def header_bomb() -> bytes:
    block = Encoder().encode([(":method", "GET"), ("x", "y" * 4000)], huffman=False) + b"\xbe" * 16_000
    return BEGUN + frames.HeadersFrame(1, block, flags=["END_HEADERS"]).serialize() + ask(3) * 50


def interleaved() -> bytes:
    numbers = range(1, 601, 2)
    pieces = [ask(number, (":method", "POST"), ends=False) for number in numbers]
    for _ in range(40):
        pieces += [frames.DataFrame(number, b"x" * 500).serialize() for number in numbers]
    return BEGUN + b"".join(pieces)


HOSTILE = {
    "rapid reset": rapid_reset(),
    "header bomb": header_bomb(),
    "settings flood": BEGUN + SETTINGS * 40_000,
    "ping flood": BEGUN + frames.PingFrame(opaque_data=b"12345678").serialize() * 40_000,
    "endless continuation": BEGUN
    + frames.HeadersFrame(1, b"\x82").serialize()
    + frames.ContinuationFrame(1, b"").serialize() * 40_000,
    "an oversized frame": BEGUN + b"\xff\xff\xff\x01\x04\0\0\0\1" + b"x" * (8 << 20),
    "an oversized frame of data": BEGUN + ask(1, ends=False) + b"\xff\xff\xff\0\0\0\0\0\1" + b"x" * (8 << 20),
    "bodies of many streams": interleaved(),
    "open streams": BEGUN + b"".join(ask(number) for number in range(1, 4001, 2)),
    "large headers of open streams": BEGUN
    + b"".join(ask(number, ("x", "y" * 10_000)) for number in range(1, 2001, 2)),
    "preface, then HTTP/1": PREFACE + b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n" * 1000,
    "HTTP/1, then the preface": b"GET /info HTTP/1.1\r\nHost: docker\r\n\r\n" + BEGUN + ask(1),
    "a part of the preface": PREFACE[:-1],
    "another preface": PREFACE[:-3] + b"X\r\n" + SETTINGS,
    "the preface twice": PREFACE * 2,
    "garbage": BEGUN + bytes(range(256)) * 4000,
}
"""What no honest client sends. Its daemon only receives."""


def test_no_hostile_client_grows_apispy_or_changes_a_byte(
    between: Callable[[str, Endpoint], Apispy], nghttpd: Nghttpd
) -> None:
    daemon = Endpoint(f"tcp://127.0.0.1:{free_port()}")
    received: list[bytes] = []

    def receive(listener: socket.socket) -> None:
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            with connection:
                connection.settimeout(30)
                whole = b""
                while data := connection.recv(1 << 20):
                    whole += data
                received.append(whole)

    with socket.create_server(daemon.address, backlog=50) as listener:
        threading.Thread(target=receive, args=(listener,), daemon=True).start()
        spy = between("tcp", daemon)
        spy.reset_peak()
        before = spy.memory()
        for name, data in HOSTILE.items():
            with spy.at.wire(60) as wire:
                wire.send(data)
                wire.half_close()
                wire.read_all()
            until(lambda data=data: received[-1:] == [data], 30, f"the bytes of {name}")  # type: ignore[misc]
        assert spy.memory("VmHWM") - before < MEMORY
    assert "internal error" not in spy.output


@pytest.mark.parametrize("cut", range(1, len(PREFACE)))
def test_a_preface_split_in_every_place(cut: int, nghttpd: Nghttpd, split_spy: Apispy) -> None:
    with split_spy.at.wire(10) as wire:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.send(PREFACE[:cut])
        wire.send(PREFACE[cut:] + SETTINGS + ask(1).replace(b"/info", b"/c%03d" % cut))
        until(lambda: f"/c{cut:03}" in split_spy.out, 10, "the call to be shown")


@pytest.fixture(scope="module")
def split_spy(place: Path, nghttpd: Nghttpd) -> Iterator[Apispy]:
    where = place / "h2-split"
    spy = Apispy.start(where, *listen_options("tcp", where), *endpoint_options(nghttpd.plain))
    yield spy
    assert spy.end() == 0, spy.err
