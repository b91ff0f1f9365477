"""A client and a daemon see through apispy what they see on a direct connection: bytes, pieces, half-closes, resets, and
their order. Both are the test's own sockets, and each script of ``wire_script_rows.py`` runs directly first.
"""

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from .apispy_process import STANDIN, Apispy
from .http_calls import head
from .options import listen_options
from .wait import until
from .wire_script_rows import CHUNKS, HELD, HOST, LARGE, OK, PING, PLAIN, REFUSED, UNREADABLE, post, status
from .wire_scripts import Script, run_compared, run_direct, run_to_the_end

pytestmark = pytest.mark.skipif(bool(STANDIN), reason="the options are apispy's")

SCRIPTS = PLAIN | LARGE
MANY = 500_000_000

DEAD_RECEIVER = "http://127.0.0.1:9"
RULES = {
    "read-only": ["--read-only", "--allow", "op:ContainerAttach"],
    "fault": ["--fault", "container:nosuch status=500"],
}
"""Rules that match nothing here. With them requests are read before they pass, one at a time."""

OPTIONS = {
    "plain": [],
    "quiet": ["-q"],
    "capture": ["--capture", "calls.jsonl"],
    "otlp": ["--otlp", DEAD_RECEIVER],
    **RULES,
}


@dataclass
class Between:
    """A daemon's listening socket, and an apispy before it."""

    daemon: socket.socket
    spy: Apispy
    rules: bool

    def direct(self) -> tuple[socket.socket, socket.socket]:
        client = socket.socket(self.daemon.family)
        client.connect(self.daemon.getsockname())
        return client, self.daemon.accept()[0]

    def through(self) -> tuple[socket.socket, socket.socket]:
        return self.spy.at.plain_socket(), self.daemon.accept()[0]


def refuse(daemon: socket.socket, times: int) -> None:
    """Refuse apispy's own requests for the daemon's version: one, and one for a capture."""
    for _ in range(times):
        with daemon.accept()[0] as own:
            own.recv(65536)
            own.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")


def start(kind: str, option: str, where: Path) -> Between:
    if kind == "unix":
        daemon = socket.socket(socket.AF_UNIX)
        daemon.bind(f"{where}.up")
        daemon.listen(400)
        url = f"unix://{where}.up"
    else:
        daemon = socket.create_server(("127.0.0.1", 0), backlog=400)
        url = f"tcp://127.0.0.1:{daemon.getsockname()[1]}"
    daemon.settimeout(30)

    refusing = threading.Thread(target=refuse, args=[daemon, 1 + (option == "capture")])
    refusing.start()
    spy = Apispy.start(where, *listen_options(kind, where), "--upstream", url, *OPTIONS[option])
    refusing.join()
    return Between(daemon, spy, option in RULES)


@pytest.fixture(
    scope="module",
    params=[*(("tcp", option) for option in OPTIONS), ("unix", "plain"), ("unix", "read-only")],
    ids="-".join,
)
def between(request: pytest.FixtureRequest) -> Iterator[Between]:
    kind, option = request.param
    with tempfile.TemporaryDirectory(prefix="as-", dir="/tmp") as place:
        made = start(kind, option, Path(place) / "spy")
        yield made
        made.daemon.close()
        assert made.spy.end() == 0, made.spy.err
        assert "Traceback" not in made.spy.output
        assert "internal error" not in made.spy.output
        assert "a layer failed" not in made.spy.output


def test_the_same_is_seen_as_directly(between: Between) -> None:
    different = {}
    for name, script in SCRIPTS.items():
        if between.rules and (name in HELD or name in REFUSED):
            continue
        if difference := compared(between, script):
            different[name] = difference
    assert not different


def test_what_rules_hold_or_refuse(between: Between) -> None:
    """What they hold arrives in the end. Of the others, nothing arrives but what would directly."""
    if not between.rules:
        return
    different = {}
    for name, script in SCRIPTS.items():
        if name in HELD or name in REFUSED:
            expected = run_direct(between.direct, script)[-1]
            seen = run_to_the_end(between.through, script, lambda state, expected=expected: state == expected)
            arrived = expected[1][0].startswith(seen[1][0])
            if not arrived or (name in HELD and seen != expected):
                different[name] = (seen, expected)
    assert not different


def test_what_is_not_http_passes_without_rules_and_is_refused_with_them(between: Between) -> None:
    different = {}
    for name, script in UNREADABLE.items():
        if not between.rules:
            if difference := compared(between, script):
                different[name] = difference
            continue
        client, daemon = run_to_the_end(between.through, script, lambda state: bool(state[0][1]))
        if not client[0].startswith(b"HTTP/1.1 400 ") or daemon[0] not in (b"", post(CHUNKS)):
            different[name] = (client, daemon)
    assert not different


@pytest.mark.parametrize("from_client", [True, False], ids=["request", "response"])
def test_a_slow_reader_holds_the_sender_and_not_apispy(between: Between, from_client: bool) -> None:
    """500 MB would be sent, and nobody reads: what apispy holds is bounded, and all of it arrives then."""
    client, daemon = between.through()
    with client, daemon:
        ask = PING if not from_client else post(b"Content-Length: %d" % MANY)
        client.sendall(ask)
        assert daemon.recv(len(ask), socket.MSG_WAITALL) == ask
        if not from_client:
            daemon.sendall(status(b"200 OK", b"Content-Length: %d" % MANY))
        sender, reader = (client, daemon) if from_client else (daemon, client)
        between.spy.reset_peak()
        before = between.spy.memory()
        piece, sent = b"x" * (1 << 20), 0
        sender.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while sent < MANY:
                sent += sender.send(piece)
        assert sent < MANY // 2
        sender.shutdown(socket.SHUT_WR)
        reader.settimeout(20)
        arrived = -len(status(b"200 OK", b"Content-Length: %d" % MANY)) if not from_client else 0
        while data := reader.recv(1 << 20):
            arrived += len(data)
        assert arrived == sent
        assert between.spy.memory("VmHWM") - before < 30_000_000


def test_300_connections_at_once(between: Between) -> None:
    with ExitStack() as opened:
        pairs = []
        for number in range(300):
            client, daemon = between.through()
            opened.enter_context(client)
            opened.enter_context(daemon)
            request = head(b"GET /_ping?n=%d HTTP/1.1" % number, HOST)
            client.sendall(request)
            pairs.append((client, daemon, request))
        for client, daemon, request in pairs:
            daemon.settimeout(20)
            client.settimeout(20)
            assert daemon.recv(len(request), socket.MSG_WAITALL) == request
            daemon.sendall(OK)
        for client, _, _ in pairs:
            assert client.recv(len(OK), socket.MSG_WAITALL) == OK
    until(lambda: len(os.listdir(f"/proc/{between.spy.pid}/fd")) < 30, 20, "all to be closed")


def test_an_address_is_used_again_at_once(tmp_path: Path) -> None:
    """After connections that apispy closed first, and that are in TIME_WAIT."""
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        upstream, listen = f"tcp://127.0.0.1:{daemon.getsockname()[1]}", "127.0.0.1:0"
        for number in range(2):
            refusing = threading.Thread(target=refuse, args=[daemon, 1])
            refusing.start()
            words = ["--listen", listen, "--listen-plaintext", "--upstream", upstream]
            spy = Apispy.start(tmp_path / str(number), *words)
            refusing.join()
            try:
                client = spy.at.plain_socket()
                with client, daemon.accept()[0] as accepted:
                    accepted.shutdown(socket.SHUT_WR)  # so that apispy closes first
                    assert client.recv(1) == b""
                    listen = "{}:{}".format(*spy.at.address)
                    assert spy.end() == 0
            finally:
                spy.kill()


def compared(between: Between, script: Script) -> tuple[object, ...]:
    """Return the first step that has other effects than directly, with both, or ()."""
    expected = run_direct(between.direct, script)
    seen = run_compared(between.through, script, expected)
    last = len(seen) - 1
    return () if seen == expected else (last, script[last], seen[last], expected[last])
