"""Around a real daemon: it dies, a client leaves it, a gigabyte each way, a password."""

import base64
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .apispy_process import Apispy
from .archives import Archive, Prepared
from .battery_runner import CLIS
from .clients import Client, Result, end_group, finish
from .daemon import IMAGE, Daemon, Daemons, busybox_root, free_port, tls_flags
from .endpoints import Endpoint, Wire
from .normalize import normalize
from .options import endpoint_options, listen_options, upstream_options
from .wait import until

Start = Callable[..., Apispy]


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    """start("name", words...): an apispy that ends with the test, and in good order."""
    spies: list[Apispy] = []

    def run(name: str, *words: str) -> Apispy:
        spies.append(Apispy.start(place / name, *words))
        return spies[-1]

    try:
        yield run
        assert [spy.end(timeout=2) for spy in spies] == [0] * len(spies)
    finally:
        for spy in spies:
            spy.kill()


# --- the daemon dies


@pytest.fixture
def mortal(place: Path, daemons: Daemons) -> Iterator[tuple[Daemon, Endpoint]]:
    """A daemon that may be killed, and where it listens with TLS."""
    tls = Endpoint(f"tcp://127.0.0.1:{free_port()}", daemons.tls_tcp.certs)
    daemon = Daemon(place / "m", ["-H", tls.host, *tls_flags(place / "server-certs")])
    try:
        daemon.docker("import", "-", IMAGE, input=busybox_root())
        yield daemon, tls
    finally:
        daemon.stop()


# Each says a line when it is connected, and would go on for long.
STREAMS = {
    "logs": "docker logs -f $P-c",
    "events": "docker events --since 0 --filter container=$P-c --filter event=create --format '{{.Action}}'",
    "exec": "docker exec -i $P-c sh -c 'echo exec; exec cat'",
    "run": "docker run -i $N $IMG sh -c 'echo run; exec cat'",
    "attach": "docker attach --no-stdin $P-c",
}


@pytest.mark.parametrize("kind", ["unix", "tls"])
def test_a_daemon_that_is_killed_in_mid_stream_and_comes_back(
    kind: str, place: Path, data: Path, mortal: tuple[Daemon, Endpoint], start: Start
) -> None:
    """Both see the same end of the same streams; afterwards apispy is there for the new daemon."""
    daemon, tls = mortal
    there = daemon.unix if kind == "unix" else tls
    where = place / f"mortal-{kind}"
    spy = start(where.name, *listen_options(kind, where), *endpoint_options(there))
    prefix = "zqmortal"
    daemon.docker(
        "run", "-d", "--name", f"{prefix}-c", "--network", "none", IMAGE,
        "sh", "-c", "while :; do echo tick; usleep 50000; done",
    )  # fmt: skip
    told: dict[str, list[tuple[str, str, int]]] = {}
    processes: list[tuple[str, Client, subprocess.Popen[bytes], bytes]] = []
    for way, endpoint in (("direct", there), ("spied", spy.at)):
        for name, script in STREAMS.items():
            client = Client(endpoint, daemon, CLIS[max(CLIS)], prefix, where / f"{way}-{name}", data)
            process = client.popen(f"exec {script}", stdin=subprocess.PIPE)
            assert process.stdout
            processes.append((name, client, process, process.stdout.readline()))
    daemon.kill()
    for name, client, process, first in processes:
        result = finish(process, timeout=20)
        out = normalize(client, first + result.out).replace("tick\n", "")
        told.setdefault(name, []).append((out, ending(normalize(client, result.err)), result.code))
    different = {name: both for name, both in told.items() if not same_end(*both)}
    assert not different, f"(directly, through apispy): {different}"
    daemon.start()
    client = Client(spy.at, daemon, CLIS[max(CLIS)], prefix, where / "again", data)
    assert client.sh("docker version --format '{{.Server.APIVersion}}'").code == 0


def ending(text: str) -> str:
    """The kernel of a dead daemon resets a connection that had unread bytes, such as the client's close_notify; apispy
    ends its own writing without one, so that the daemon's last bytes can't be lost to such a reset."""
    return re.sub(r"read tcp \S+: read: connection reset by peer", "unexpected EOF", text)


def same_end(direct: tuple[str, str, int], spied: tuple[str, str, int]) -> bool:
    """The same, or for a client that asked once more after the death a clear 502."""
    return direct == spied or (direct[0] == spied[0] and "apispy: Daemon at" in spied[1] and spied[2] != 0)


# --- the client goes away


def test_a_client_that_is_killed_leaves_nothing_behind_at_the_daemon(
    place: Path, data: Path, daemons: Daemons, start: Start
) -> None:
    """Over mutual TLS, where an end has the longest way."""
    where = place / "leaving"
    spy = start(where.name, *listen_options("tls", where), *upstream_options("tls", daemons))
    daemon = daemons.tls
    client = Client(spy.at, daemon, CLIS[max(CLIS)], "zqleaving", where / "c", data)

    def listeners() -> int:
        return int(daemon.docker("info", "-f", "{{.NEventsListener}}"))

    def cats() -> int:
        return daemon.docker("top", client.prefix, "-eo", "pid,comm").count("cat\n")

    before = listeners()
    daemon.docker("run", "-d", "--name", client.prefix, "--network", "none", IMAGE, "sleep", "60")
    processes = [
        client.popen("exec docker events"),
        client.popen("exec docker exec -i $P cat", stdin=subprocess.PIPE),
    ]
    until(lambda: listeners() == before + 1 and cats() == 1, 10, "both to be connected", every=0.05)
    gone = time.monotonic()
    for process in processes:
        end_group(process)
        finish(process)
    until(
        lambda: listeners() == before and cats() == 0,
        5,
        "the daemon to notice that they are gone",
        every=0.05,
    )
    assert time.monotonic() - gone < 3
    daemon.docker("rm", "-f", client.prefix)


# --- a gigabyte


GIGABYTE = 1_000_000_000


def test_a_gigabyte_of_load_and_save_with_a_slow_reader_in_little_memory(
    place: Path, daemons: Daemons, start: Start
) -> None:
    where = place / "gigabyte"
    spy = start(where.name, *listen_options("tls", where), *upstream_options("tls", daemons), "-v")
    big = where / "big"
    with big.open("wb") as file:
        file.truncate(GIGABYTE)
    archive = Archive("gigabyte:test", b"mark", big).prepare()
    with spy.at.wire() as wire:  # so that what a first connection needs is there already
        wire.send(b"GET /images/json HTTP/1.1\r\nHost: docker\r\n\r\n")
        wire.read_response()
    idle = spy.memory()
    spy.reset_peak()
    load(spy.at, archive)
    loaded = spy.memory("VmHWM")
    assert daemons.tls.docker("image", "inspect", "-f", "{{.Id}}", "gigabyte:test").strip() == archive.id
    spy.reset_peak()
    assert save_slowly(spy.at) > GIGABYTE
    saved = spy.memory("VmHWM")
    daemons.tls.docker("rmi", "gigabyte:test")
    peaks = {
        name: f"{(peak - idle) / 1e6:.0f} MB above idle" for name, peak in (("load", loaded), ("save", saved))
    }
    assert max(loaded, saved) - idle < 40_000_000, f"idle {idle / 1e6:.0f} MB; {peaks}"


def load(endpoint: Endpoint, archive: Prepared) -> None:
    with endpoint.wire(100) as wire:
        wire.send(b"POST /images/load?quiet=1 HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in archive:
            wire.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        wire.send(b"0\r\n\r\n")
        answer = wire.read_response()
        assert b" 200 OK" in answer
        assert b"Loaded image: gigabyte:test" in answer


def save_slowly(endpoint: Endpoint) -> int:
    """Read 40 MB at 20 MB/s, when the daemon could give it all; then the rest."""
    with endpoint.wire(100) as wire:
        wire.send(b"GET /images/gigabyte:test/get HTTP/1.0\r\nHost: docker\r\n\r\n")
        size, began = 0, 0.0
        while piece := wire.recv():
            began = began or time.monotonic()
            size += len(piece)
            if size < 40_000_000:
                pause(wire, began + size / 20e6 - time.monotonic())
        return size


def pause(wire: Wire, seconds: float) -> None:
    """Being slow is what is tested here; nothing is waited for."""
    if seconds > 0:
        time.sleep(seconds)


# --- passwords


@pytest.mark.parametrize("words", [["-vvv"], ["--json", "-vvv"]], ids=" ".join)
def test_passwords_of_real_clients_are_never_printed(
    words: list[str], place: Path, data: Path, daemons: Daemons, start: Start
) -> None:
    where = place / f"secrets{len(words)}"
    spy = start(where.name, *listen_options("unix", where), *upstream_options("unix", daemons), *words)
    password = "correct-horse-battery"
    for major, cli in CLIS.items():
        client = Client(spy.at, daemons.plain, cli, "zqsecret", where / f"c{major}", data)
        config = Path(client.env["DOCKER_CONFIG"])
        config.mkdir()
        auth = base64.b64encode(f"user:{password}".encode()).decode()
        (config / "config.json").write_text(json.dumps({"auths": {"127.0.0.1:1": {"auth": auth}}}))
        result: Result = client.sh(
            f"docker login -u user -p {password} 127.0.0.1:1; docker pull 127.0.0.1:1/x:y; docker tag $IMG 127.0.0.1:1/x:y\n"
            "docker push 127.0.0.1:1/x:y; printf 'FROM 127.0.0.1:1/x:z' | DOCKER_BUILDKIT=0 docker build -\n"
            f"docker create --name $P-{major} -e TOKEN={password} $N $IMG true; docker inspect $P-{major}\n"
            f"docker rm $P-{major}; docker rmi 127.0.0.1:1/x:y"
        )
        assert b"connection refused" in result.err
    assert spy.end() == 0
    assert "/auth" in spy.out
    assert "/push" in spy.out
    for form in forms(password):
        where_said = spy.output.find(form)
        assert where_said < 0, (
            f"{form!r} is printed: {spy.output[max(0, where_said - 300) : where_said + 100]}"
        )


def forms(password: str) -> list[str]:
    """As it is, and as the middle of base64 at each of the three places it can begin."""
    shifted = [base64.b64encode(b"x" * shift + password.encode()).decode() for shift in range(3)]
    return [password, *(text[4:-4] for text in shifted), password.encode().hex()]
