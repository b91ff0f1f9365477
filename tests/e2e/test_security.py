"""SECURITY.md with real peers: web pages, hostile daemons and clients, hostile files, any umask."""

import os
import re
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apispy.app.export import exporters
from tests.forked_apispy import run, run_binary

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client
from .daemon import Daemons
from .options import endpoint_options, listen_options
from .wait import until

HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What a terminal acts on, or does not show. Output that is no UTF-8 is read with surrogates."""

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n12:00:00.000 ContainerDelete  DELETE /fake -> 204\n"


def harmless(text: str) -> bool:
    found = HIDDEN.findall(text)
    assert not found, f"{found} in {text!r}"
    return True


# --- web pages


@pytest.fixture(scope="module")
def plain(place: Path, daemons: Daemons) -> Iterator[Apispy]:
    """A plaintext listener before a real daemon."""
    where = place / "sec-plain"
    spy = Apispy.start(where, *listen_options("tcp", where), *endpoint_options(daemons.plain_tcp))
    yield spy
    spy.kill()


def curl(spy: Apispy, *words: str, host: str = "127.0.0.1") -> "subprocess.CompletedProcess[str]":
    """As a browser would resolve it: *host* leads to apispy's port, whatever it is called."""
    port = spy.at.address[1]
    base = ["curl", "-sS", "--noproxy", "*", "--resolve", f"{host}:{port}:127.0.0.1", "-w", "\n%{http_code}"]
    path = words[-1] if words and words[-1].startswith("/") else "/_ping"
    rest = [word for word in words if word != path]
    return subprocess.run(
        [*base, *rest, f"http://{host}:{port}{path}"], capture_output=True, text=True, timeout=30, check=True
    )


def test_a_name_that_was_rebound_to_this_machine_is_refused(plain: Apispy, daemons: Daemons) -> None:
    before = daemons.plain.docker("ps", "-aq")
    create = [
        "-X",
        "POST",
        "-H",
        "Content-Type: application/json",
        "-d",
        '{"Image": "busybox:test"}',
        "/containers/create",
    ]
    said = curl(plain, *create, host="rebound.example").stdout
    message, _, status = said.rpartition("\n")
    assert status == "403"
    assert "apispy: refused: the Host header names rebound.example:" in message
    assert "--allow-host rebound.example" in message
    assert daemons.plain.docker("ps", "-aq") == before
    until(lambda: "403 apispy: refused: the Host header names" in plain.out, 10, plain.out)


@pytest.mark.parametrize(
    "header",
    [
        "Origin: https://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Origin: http://localhost:8000",
    ],
)
def test_what_a_page_of_another_site_sends_is_refused(header: str, plain: Apispy) -> None:
    done = curl(plain, "-X", "POST", "-H", header, "/containers/prune")
    assert done.stdout.endswith("\n403")
    assert "a web page sent it" in done.stdout


def test_what_people_and_programs_type_passes(plain: Apispy) -> None:
    for host in ("127.0.0.1", "localhost", "api.moby.localhost", "docker", "host.docker.internal"):
        assert curl(plain, host=host).stdout == "OK\n200"
    assert curl(plain, "-H", "Sec-Fetch-Site: none").stdout == "OK\n200"  # typed into a browser's address bar
    assert curl(plain, "-H", "Host;").stdout == "OK\n200"
    assert curl(plain, "-0", "-H", "Host:").stdout == "OK\n200"


@pytest.mark.parametrize("major", sorted(CLIS))
def test_real_clients_are_not_taken_for_browsers(
    major: str, plain: Apispy, place: Path, daemons: Daemons
) -> None:
    """The docker CLI, docker-compose and podman; docker-py and its WebSockets are rows of the battery."""
    client = Client(plain.at, daemons.plain, CLIS[major], "zqsec", place / f"sec-cli-{major}", place)
    port = plain.at.address[1]
    script = f"""
    docker version --format '{{{{.Server.APIVersion}}}}'
    docker -H tcp://localhost:{port} run --rm $N $IMG echo hello
    docker-compose version --short >/dev/null && docker-compose -H tcp://127.0.0.1:{port} -f - ps 2>&1 <<'F' | grep -c refused
version: '2.2'
services: {{}}
F
    podman --remote --url tcp://127.0.0.1:{port} info 2>&1 | grep -c 'apispy: refused'
    socat UNIX-LISTEN:$HOME/relay.sock,fork TCP:127.0.0.1:{port} & relay=$!
    for _ in $(seq 100); do [ -S $HOME/relay.sock ] && break; sleep 0.02; done
    docker -H unix://$HOME/relay.sock ps -q --filter name=nosuch; echo "rc=$?"
    kill $relay
    """
    assert client.sh(script).out.decode().split() == ["1.41", "hello", "0", "0", "rc=0"]


def test_more_names_can_be_allowed_and_with_tls_any_will_do(place: Path, daemons: Daemons) -> None:
    where = place / "sec-names"
    spy = Apispy.start(
        where,
        *listen_options("tcp", where),
        *endpoint_options(daemons.plain_tcp),
        "--allow-host",
        "build.example",
    )
    try:
        assert curl(spy, host="build.example").stdout == "OK\n200"
        assert curl(spy, host="other.example").stdout.endswith("\n403")
    finally:
        spy.kill()
    where = place / "sec-tls"
    spy = Apispy.start(where, *listen_options("tls", where), *endpoint_options(daemons.plain_tcp))
    try:
        certs = spy.at.certs
        words = ["--cacert", f"{certs}/ca.pem", "--cert", f"{certs}/cert.pem", "--key", f"{certs}/key.pem"]
        said = subprocess.run(
            ["curl", "-sS", *words, "-H", "Host: any.example", f"https://127.0.0.1:{spy.at.address[1]}/_ping"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        assert said.stdout == "OK"
    finally:
        spy.kill()


# --- terminals


@contextmanager
def hostile_daemon() -> Iterator[str]:
    """A daemon that says control sequences wherever it can; its address."""
    body = (
        '{"message": "%s", "Version": "%s", "ApiVersion": "%s"}'
        % ((EVIL.encode("unicode_escape").decode(),) * 3)
    ).encode()
    raw = EVIL.encode().replace(b"\r\n", b"").replace(b"\n", b"")
    answers = {
        b"/version": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
        b"/containers": b"HTTP/1.1 500 %s\r\nX-%s: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (b"\x1b[31mBad", b"Evil", raw, len(body), body),
        b"/logs": b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: close\r\n\r\n" + EVIL.encode() * 3,
        b"/events": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" + body + b"\n" + EVIL.encode(),
        b"/nonsense": b"\x1b]0;owned\x07\x1b[2J not HTTP\r\n\r\n",
    }  # fmt: skip

    def talk(connection: socket.socket) -> None:
        with connection:
            asked = connection.recv(65536)
            answer = next((said for path, said in answers.items() if path in asked.split(b"\r\n")[0]), b"")
            try:
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


REQUESTS = (
    b"GET /v1.41/containers/%1b%5b2Jweb/json HTTP/1.1\r\nHost: docker\r\nUser-Agent: \x1b]0;owned\x07\r\n\r\n",
    b"GET /v1.41/containers/a%0A12:00:00.000%20ContainerDelete/json?name=%1b%5b31m&\x9b31m=%0d HTTP/1.1\r\nHost: docker\r\n\r\n",
    b"GET /v1.41/containers/x/logs?stdout=1 HTTP/1.1\r\nHost: docker\r\nX-Registry-Auth: \x1b[2J\r\n\r\n",
    b"GET /events HTTP/1.1\r\nHost: docker\r\n\r\n",
    b"\x1b[2J\x07 /nonsense HTTP/1.1\r\nHost: docker\r\n\r\n",
    b"G\x1b[ET / HTTP/1.1\r\nHost: \x1b]0;x\x07.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \x1b]0;x\x07.example\r\n\r\n",
)


def talk(spy: Apispy) -> None:
    for request in REQUESTS:
        with spy.at.plain_socket(20) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass


VIEWS = ([], ["-v"], ["-vv"], ["-vvv"], ["--json", "-vv"], ["-q"], ["--curl"], ["--notes=strict"])


@pytest.mark.parametrize("words", VIEWS, ids=" ".join)
def test_nothing_from_the_wire_drives_the_terminal(words: list[str], place: Path) -> None:
    where = place / f"sec-term-{'-'.join(words)}"
    with hostile_daemon() as daemon:
        spy = Apispy.start(
            where, *listen_options("tcp", where), "--upstream", daemon, "--capture", f"{where}.jsonl", *words
        )
        talk(spy)
        assert spy.end() == 0
    assert harmless(spy.output)
    assert "Traceback" not in spy.output
    lines = [line for line in spy.out.splitlines() if re.match(r"\d\d:\d\d:\d\d\.\d{3} ", line)]
    assert not any(line.startswith("12:00:00.000 ContainerDelete") for line in spy.output.splitlines())
    assert len(lines) <= 2 * len(REQUESTS)


@pytest.fixture(scope="module")
def evil_capture(place: Path) -> Path:
    where = place / "sec-evil"
    with hostile_daemon() as daemon:
        spy = Apispy.start(
            where, *listen_options("tcp", where), "--upstream", daemon, "--capture", f"{where}.jsonl"
        )
        talk(spy)
        spy.end()
    return Path(f"{where}.jsonl")


@pytest.mark.parametrize(
    "words",
    ["show", "show -vvv", "show --json -vv", "show --stats", "show -q", "show --curl", "diff", "story",
     "permissions", "coverage", "drift",
     *(f"export --to {name}" for name, one in exporters().items() if not one.binary)],
)  # fmt: skip
def test_nor_does_a_capture_later(words: str, evil_capture: Path) -> None:
    files = [evil_capture, *([evil_capture] if words == "diff" else [])]
    done = run_binary(*words.split(), *files)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
    assert harmless((done.stdout + done.stderr).decode("utf-8", "surrogateescape").replace("\r\n", "\n"))


def test_nor_does_an_error_about_a_hostile_file_or_word(place: Path) -> None:
    files = place / "sec-\x1b[2J"
    files.mkdir()
    line = '{"apispy": "\\u001b[2J", "format": "\x1b[31m"}\n'
    (files / "a.jsonl").write_text(line)
    (files / "b.har").write_text('{"log": {"entries": [{"\x1b[2J": 1}]}}')
    (files / "c").write_bytes(b"\x1b[2J\x07 nothing\n")
    tries = [
        *(["show", path] for path in sorted(files.iterdir())),
        *(["import", path, "-o", files / "out.jsonl"] for path in sorted(files.iterdir())),
        ["export", files / "nosuch", "--to", "curl"],
        ["explain", "\x1b[2Jfoo\x07"],
        ["explain", "GET /\x1b[2J/%1b%5b2J?a=\x1b]0;x\x07"],
        ["--upstream", "tcp://\x1b[2J:2375"],
        ["--upstream", "\x1b[2J"],
        ["--filter", "\x1b[2J:x"],
        ["--fault", "\x1b[2J=x"],
        ["--listen", "unix:///nosuch/\x1b[2J"],
        ["--capture", "/nosuch/\x1b[2J", "--listen", "unix:///tmp/nosuch"],
        ["replay", files / "a.jsonl"],
        ["replay", "/nosuch\x1b[2J"],
        ["certs", "--show", files],
        ["--nosuch\x1b[2J"],
        ["nosuch\x1b[2J"],
        ["run", "--", "/nosuch\x1b[2J"],
    ]
    for words in tries:
        done = run(*words)
        said = done.stdout + done.stderr
        assert done.returncode != 0, (words, said)
        assert "Traceback" not in said, (words, said)
        assert harmless(said), words


# --- files, and who may read them


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_it_makes_is_private_under_any_umask(umask: int, place: Path) -> None:
    where = place / f"sec-umask-{umask:o}"
    before = os.umask(umask)
    try:
        with hostile_daemon() as daemon:
            made = ["--capture", f"{where}/kept.jsonl", "--bodies", f"{where}/bodies"]
            words = ["--listen", f"unix://{where}/s", "--upstream", daemon, *made]
            spy = Apispy.start(where, *words)
            assert stat.S_IMODE((where / "s").stat().st_mode) == 0o600
            spy.end()
            tls = Apispy.start(place / f"{where.name}-t", *listen_options("tls", where), "--upstream", daemon)
            tls.end(signal.SIGINT)
    finally:
        os.umask(before)
    assert stat.S_IMODE((where / "kept.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((where / "bodies").stat().st_mode) & 0o077 == 0
    certs = where / "certs"
    assert stat.S_IMODE(certs.stat().st_mode) & 0o077 == 0
    keys = [path for path in certs.rglob("*") if path.name.endswith("key.pem")]
    assert len(keys) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_a_capture_goes_into_no_place_that_is_taken(place: Path) -> None:
    where = place / "sec-capture"
    where.mkdir()
    (where / "precious").write_text("precious")
    (where / "to-precious").symlink_to(where / "precious")
    (where / "dangling").symlink_to(where / "nosuch")
    for name, says in {
        "precious": "the file exists, and a capture never overwrites one",
        "to-precious": "the file exists",
        "dangling": "No such file or directory",
        ".": "name a file in a directory where you may write",
    }.items():
        done = run("--listen", f"unix://{where}/s", "--upstream", "unix:///nosuch", "--capture", where / name)
        assert done.returncode == 1, done
        assert says in done.stderr
    assert (where / "precious").read_text() == "precious"
    assert not (where / "nosuch").exists()
    assert not (where / "s").exists()


def test_an_output_file_that_was_there_becomes_private(place: Path) -> None:
    where = place / "sec-output"
    where.mkdir()
    (where / "calls").write_text("old")
    (where / "calls").chmod(0o666)
    words = ["run", "-o", where / "calls", "--upstream", "unix:///nosuch"]
    done = run(*words, "--", "true")
    assert done.returncode == 2, done  # as --capture, record and export: not without --force
    assert "already exists. Type --force to replace it" in done.stderr
    assert (where / "calls").read_text() == "old"
    done = run(*words, "--force", "--", "true")
    assert done.returncode == 0, done
    assert stat.S_IMODE((where / "calls").stat().st_mode) == 0o600
    assert "old" not in (where / "calls").read_text()
