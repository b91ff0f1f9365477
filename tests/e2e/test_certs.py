"""`apispy certs` with real daemons and real clients; and every certificate that must not do, on both sides of apispy."""

import json
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.certificates import CLIENT, SERVER, IssuedCert, issue_cert, make_ca
from tests.forked_apispy import run

from .apispy_process import Apispy, apispy_command
from .battery_runner import CLIS
from .daemon import Daemon, Daemons, free_port, tls_flags
from .endpoints import Endpoint
from .options import endpoint_options
from .wait import until

pytestmark = pytest.mark.usefixtures("daemons")  # they say what is missing on a machine that has no dockerd

STRANGER = make_ca("a stranger's CA")
ALREADY, NOT_YET = {"begins": -9, "ends": -1}, {"begins": 2}


def certs(*words: object) -> "subprocess.CompletedProcess[str]":
    return run("certs", *words)


def made(*words: object) -> list[str]:
    """The lines that it printed."""
    done = certs(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def shell(script: str, cli: Path, where: Path) -> "subprocess.CompletedProcess[str]":
    """Bash as a user has it, with *cli* as its docker."""
    where.mkdir(parents=True, exist_ok=True)
    (where / "docker").unlink(missing_ok=True)
    (where / "docker").symlink_to(cli)
    path = f"{where}:{Path(apispy_command()[0]).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["/bin/bash", "-ec", script],
        env={"PATH": path, "HOME": str(where)},
        cwd=where,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def docker(at: Endpoint, cli: Path, where: Path) -> "subprocess.CompletedProcess[str]":
    exports = "".join(f"export {name}={value}\n" for name, value in at.env().items())
    return shell(f"{exports}docker version --format '{{{{.Server.Version}}}}'", cli, where)


# --- what is made works, as it is printed


class Configured(Daemon):
    """A dockerd that goes by daemon.json alone: `hosts` must not be among its flags then."""

    def __init__(self, where: Path, settings: dict[str, Any]) -> None:
        self._settings = settings
        super().__init__(where, [])

    def start(self) -> None:
        (self.where / "daemon.json").write_text(json.dumps(self._settings))
        at = self.command.index("-H")
        del self.command[at : at + 2]
        super().start()


def printed_settings(lines: list[str]) -> dict[str, Any]:
    text = re.search(r"^\{.*?^\}", "\n".join(lines), re.DOTALL | re.MULTILINE)
    assert text
    found: dict[str, Any] = json.loads(text[0])
    return found


def printed_scripts(lines: list[str]) -> list[str]:
    """What a client may paste, one for each way: the exports with docker version, the flags, curl, the check."""
    at = next(n for n, line in enumerate(lines) if line.startswith("export DOCKER_HOST"))
    single = [line for line in lines[at + 4 :] if line.startswith(("docker ", "curl ", "apispy "))]
    assert len(single) == 3
    return ["\n".join(lines[at : at + 4]), *single]


@pytest.mark.parametrize(
    ("layout", "algorithm"),
    [("article", "ecdsa"), ("docker", "rsa"), ("machine", "ecdsa"), ("article", "rsa")],
)
def test_the_printed_set_ups_work_as_they_are(layout: str, algorithm: str, place: Path) -> None:
    out, where, port = place / f"mk-{layout}-{algorithm}", place / f"d-{layout}-{algorithm}", free_port()
    words = ["--host", "localhost", "--ip", "127.0.0.1", "--client", "alice", "--out", out]
    # the socket and the port are the machine's own, which tests leave alone
    lines = [
        line.replace("unix:///var/run/docker.sock", f"unix://{where}/s").replace(":2376", f":{port}")
        for line in made(*words, "--layout", layout, "--algorithm", algorithm)
    ]
    settings = printed_settings(lines)
    assert settings["hosts"] == [f"unix://{where}/s", f"tcp://0.0.0.0:{port}"]
    settings["hosts"][1] = f"tcp://127.0.0.1:{port}"  # and nobody else need reach it
    daemon = Configured(where, settings)
    try:
        for name, cli in CLIS.items():
            for script in printed_scripts(lines):
                done = shell(script, cli, place / f"sh-{layout}-{algorithm}-{name}")
                assert done.returncode == 0, (script, done.stdout, done.stderr)
                assert "Version" in done.stdout or "Docker      ok" in done.stdout
            alice = Endpoint(f"tcp://127.0.0.1:{port}", out / "alice")
            assert docker(alice, cli, place / f"sh-alice-{name}").returncode == 0
    finally:
        daemon.stop()


def test_the_printed_flags_start_a_daemon_too(place: Path) -> None:
    out, tls = place / "mk-flags", f"tcp://127.0.0.1:{free_port()}"
    (line,) = [line for line in made("--host", "localhost", "--out", out) if line.startswith("dockerd ")]
    flags = line.partition(" -H tcp://0.0.0.0:2376 ")[2].split()
    daemon = Daemon(place / "d-flags", ["-H", tls, *flags])
    try:
        assert docker(Endpoint(tls, out), CLIS[max(CLIS)], place / "sh-flags").returncode == 0
    finally:
        daemon.stop()


# --- what must not do


@dataclass(frozen=True)
class Bench:
    """A dockerd that demands client certificates, and what `apispy certs` made for it."""

    out: Path
    tls: Endpoint

    @property
    def ca(self) -> IssuedCert:
        cert = x509.load_pem_x509_certificate((self.out / "ca.pem").read_bytes())
        return IssuedCert(cert, load_pem_private_key((self.out / "ca-key.pem").read_bytes(), None))

    def client(self, name: str) -> Endpoint:
        """The daemon as a client that is wrong in the way *name* would dial it."""
        where = self.out / f"client-{name}"
        if name == "none":
            where.mkdir(exist_ok=True)
            (where / "ca.pem").write_bytes(self.ca.pem)
        else:
            CLIENTS[name](self.ca).write(where, "cert.pem", "key.pem", self.ca)
        return Endpoint(self.tls.host, where)


CLIENTS: dict[str, Callable[[IssuedCert], IssuedCert]] = {
    "stranger": lambda _: issue_cert("me", STRANGER, usages=(CLIENT,)),
    "self-signed": lambda _: issue_cert("me", usages=(CLIENT,)),
    "expired": lambda ca: issue_cert("me", ca, usages=(CLIENT,), **ALREADY),
    "not-yet": lambda ca: issue_cert("me", ca, usages=(CLIENT,), **NOT_YET),
    "server": lambda ca: issue_cert("me", ca, usages=(SERVER,)),
}

CHECK_SAYS = {
    "stranger": "it was signed by CN=a stranger's CA",
    "self-signed": "it was signed by CN=me",
    "expired": "ended 24 hours ago",
    "not-yet": "begins in 2 days",
    "server": "its usage is serverAuth, not clientAuth",
    "none": "a client certificate is required, and none is given",
}


@pytest.fixture(scope="module")
def bench(place: Path, daemons: Daemons) -> Iterator[Bench]:
    out, tls = place / "bench", f"tcp://127.0.0.1:{free_port()}"
    made("--host", "localhost", "--ip", "127.0.0.1", "--out", out)
    flags = ["--tlsverify", f"--tlscacert={out}/ca.pem", f"--tlscert={out}/server.pem"]
    daemon = Daemon(place / "d-bench", ["-H", tls, *flags, f"--tlskey={out}/server-key.pem"])
    try:
        yield Bench(out, Endpoint(tls, out))
    finally:
        daemon.stop()


def tls_words(at: Endpoint) -> list[str]:
    """The flags for the files that *at* has."""
    names = {"--tlscacert": "ca.pem", "--tlscert": "cert.pem", "--tlskey": "key.pem"}
    return [f"{flag}={at.certs}/{name}" for flag, name in names.items() if (at.certs / name).exists()]  # type: ignore[operator]


def get(spy: Apispy) -> bytes:
    """Status line, headers and body of GET /info."""
    with spy.at.wire(20) as wire:
        wire.send(b"GET /info HTTP/1.1\r\nHost: docker\r\n\r\n")
        return wire.read_response()


@pytest.mark.parametrize("name", [*CLIENTS, "none"])
def test_clients_that_a_daemon_refuses(name: str, bench: Bench, place: Path) -> None:
    """Directly with each docker, with --check, and through apispy, whose client is told in a 502."""
    at = bench.client(name)
    for major, cli in CLIS.items():
        if name != "none":  # with DOCKER_CERT_PATH docker itself would miss the file
            said = docker(at, cli, place / f"sh-bad-{major}").stderr
            assert "tls: " in said or "connection reset by peer" in said  # the alert may be lost in the reset
    checked = certs("--check", at.host.removeprefix("tcp://"), *tls_words(at))
    assert checked.returncode == 1
    (problem,) = [line for line in checked.stdout.splitlines() if "PROBLEM" in line]
    assert problem.startswith("client ")
    assert CHECK_SAYS[name] in problem
    where = place / f"spy-c-{name}"
    spy = Apispy.start(
        where, "--listen", f"unix://{where}/s", "--upstream", at.host, "--tlsverify", *tls_words(at)
    )
    try:
        answer = get(spy)
        assert answer.startswith(b"HTTP/1.1 502 ")
        who = f"the client certificate {at.certs}/cert.pem" if name != "none" else "client"
        assert who in json.loads(answer.partition(b"\r\n\r\n")[2])["message"]
        assert who in spy.err, "its user is told at the start, too"
    finally:
        spy.kill()


SERVERS: dict[str, tuple[Callable[[IssuedCert], IssuedCert], str, str]] = {
    "no-san": (
        lambda ca: issue_cert("127.0.0.1", ca, sans=(), usages=(SERVER,)),
        "name",
        "is not for 127.0.0.1",
    ),
    "other-name": (
        lambda ca: issue_cert("x", ca, sans=("vega",), usages=(SERVER,)),
        "name",
        "is not for 127.0.0.1",
    ),
    "for-clients": (lambda ca: issue_cert("x", ca, usages=(CLIENT,)), "CA", "is not a server certificate"),
    "expired": (lambda ca: issue_cert("x", ca, usages=(SERVER,), **ALREADY), "CA", "has expired"),
    "not-yet": (lambda ca: issue_cert("x", ca, usages=(SERVER,), **NOT_YET), "CA", "is not yet valid"),
    "self-signed": (lambda _: issue_cert("x", usages=(SERVER,)), "CA", "was not signed by a CA in"),
    "stranger": (lambda _: issue_cert("x", STRANGER, usages=(SERVER,)), "CA", "was not signed by a CA in"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_daemons_that_clients_refuse(name: str, bench: Bench, place: Path) -> None:
    forged, step, says = SERVERS[name]
    files = forged(bench.ca).write(place / f"srv-{name}", "cert.pem", "key.pem", bench.ca)
    at = Endpoint(f"tcp://127.0.0.1:{free_port()}", bench.out)
    daemon = Daemon(place / f"d-{name}", ["-H", at.host, *tls_flags(files)])
    where = place / f"spy-s-{name}"
    try:
        for major, cli in CLIS.items():
            assert "x509: " in docker(at, cli, place / f"sh-srv-{major}").stderr
        checked = certs("--check", at.host.removeprefix("tcp://"), *tls_words(at))
        assert checked.returncode == 1
        (problem,) = [line for line in checked.stdout.splitlines() if "PROBLEM" in line]
        assert problem.startswith(f"{step} ")
        assert says in problem
        spy = Apispy.start(where, "--listen", f"unix://{where}/s", *endpoint_options(at))
        try:
            answer = get(spy)
        finally:
            spy.kill()
    finally:
        daemon.stop()
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert says in json.loads(answer.partition(b"\r\n\r\n")[2])["message"]
    assert says in spy.err


def test_a_daemon_without_tls_is_said_to_be_open_to_everybody(
    bench: Bench, daemons: Daemons, place: Path
) -> None:
    plain = daemons.plain_tcp.host
    checked = certs("--check", plain.removeprefix("tcp://"), *tls_words(bench.tls))
    assert checked.returncode == 1
    assert "TLS         PROBLEM  it speaks plain HTTP, as Docker" in checked.stdout
    where = place / "spy-plain"
    spy = Apispy.start(
        where, "--listen", f"unix://{where}/s", "--upstream", plain, "--tlsverify", *tls_words(bench.tls)
    )
    try:
        assert b"the port does not speak TLS" in get(spy)
    finally:
        spy.kill()


# --- what apispy's own listener refuses; test_process.py has no certificate, a stranger's, a server's, and plain HTTP


@pytest.fixture(scope="module")
def guarded(place: Path, daemons: Daemons) -> Iterator[tuple[Apispy, IssuedCert]]:
    """An apispy with TLS before a real daemon, and its CA."""
    where = place / "spy-guarded"
    spy = Apispy.start(
        where, "--listen", "127.0.0.1:0", "--certs-dir", f"{where}/certs", *endpoint_options(daemons.tls_tcp)
    )
    try:
        cert = x509.load_pem_x509_certificate((where / "certs/ca.pem").read_bytes())
        yield spy, IssuedCert(cert, load_pem_private_key((where / "certs/ca-key.pem").read_bytes(), None))
    finally:
        spy.kill()


@pytest.mark.parametrize("major", CLIS)
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("expired", "its client certificate has expired"),
        ("not-yet", "its client certificate is not yet valid"),
        ("self-signed", "docker does not send one of another CA"),
        ("stranger", "docker does not send one of another CA"),
        ("server", "its certificate is not a client certificate"),
    ],
)
def test_clients_that_apispy_refuses_and_why(
    name: str, says: str, major: str, guarded: tuple[Apispy, IssuedCert], place: Path
) -> None:
    spy, ca = guarded
    folder = CLIENTS[name](ca).write(place / f"cl-{name}-{major}", "cert.pem", "key.pem", ca)
    before = spy.out.count(says)
    done = docker(Endpoint(spy.at.host, folder), CLIS[major], place / f"sh-cl-{major}")
    assert done.returncode != 0
    assert "tls: " in done.stderr
    until(lambda: spy.out.count(says) > before, 10, f"{says!r} in {spy.out!r}")


@pytest.mark.parametrize("major", CLIS)
def test_a_client_that_does_not_trust_apispy_is_named_and_a_good_one_gets_in(
    major: str, guarded: tuple[Apispy, IssuedCert], place: Path
) -> None:
    spy, ca = guarded
    good = issue_cert("me", ca, usages=(CLIENT,))
    folder = good.write(place / f"cl-good-{major}", "cert.pem", "key.pem", ca)
    assert docker(Endpoint(spy.at.host, folder), CLIS[major], place / f"sh-good-{major}").returncode == 0
    good.write(folder, "cert.pem", "key.pem", STRANGER)
    said = len(spy.out)
    assert "x509: " in docker(Endpoint(spy.at.host, folder), CLIS[major], place / f"sh-good-{major}").stderr
    until(lambda: "apispy's" in spy.out[said:], 10, f"a line about it in {spy.out[said:]!r}")


def test_old_tls_is_refused_by_apispy(guarded: tuple[Apispy, IssuedCert]) -> None:
    spy, _ = guarded
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with spy.at.plain_socket(20) as plain, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        context.wrap_socket(plain)
    until(lambda: "it speaks TLS older than 1.2" in spy.out, 10, spy.out)
