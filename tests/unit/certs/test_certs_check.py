"""`apispy certs --check` against real servers, each wrong in one way: the step that fails, and what is said."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from apispy.certs import check
from apispy.endpoints import TLS, Endpoint
from apispy.errors import ApispyError
from tests.certificates import CLIENT, SERVER, IssuedCert, issue_cert, make_ca, old_signature, rsa_key
from tests.servers import http_server

CA = make_ca()
OTHER = make_ca("other CA")
ALL = ["resolve", "connect", "TLS", "certificate", "CA", "name", "strict", "client", "HTTP", "Docker"]


def server(issuer: IssuedCert | None = CA, **more: Any) -> IssuedCert:
    return issue_cert("orion", issuer, **{"usages": (SERVER,), **more})


def client(issuer: IssuedCert | None = CA, **more: Any) -> IssuedCert:
    return issue_cert("me", issuer, **{"sans": (), "usages": (CLIENT,), **more})


class Bench:
    """A place for the files of both sides."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.mine = client().write(where / "mine", "cert.pem", "key.pem", CA)

    def tls(self, mine: IssuedCert | None = None, *, cert: bool = True, verify: bool = True) -> TLS:
        if mine:
            mine.write(self.mine, "cert.pem", "key.pem")
        pair = (self.mine / "cert.pem", self.mine / "key.pem") if cert else (None, None)
        return TLS(verify, self.mine / "ca.pem", *pair)

    def context(
        self, forged: IssuedCert, *, mutual: bool = True, versions: tuple[Any, Any] | None = None
    ) -> ssl.SSLContext:
        folder = forged.write(self.where / "server", "cert.pem", "key.pem", CA)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if versions:
            context.minimum_version, context.maximum_version = versions
        context.set_ciphers("ALL:@SECLEVEL=0")  # so that weak keys can be loaded at all
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        if mutual:
            context.load_verify_locations(folder / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    @contextmanager
    def daemon(self, forged: IssuedCert, **more: Any) -> Iterator[int]:
        with http_server(context=self.context(forged, **more)) as port:
            yield port


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def steps(port: int, tls: TLS, host: str = "127.0.0.1") -> dict[str, tuple[bool, str]]:
    found = list(check(Endpoint("tcp", host, port, "", "", tls), 5.0))
    assert len({step.name for step in found}) == len(found)
    return {step.name: (step.good, f"{step.text}. {step.remedy}") for step in found}


def only_problem(found: dict[str, tuple[bool, str]]) -> tuple[str, str]:
    """(the step that fails, what is said about it), when there is just one."""
    ((name, said),) = [(name, said) for name, (good, said) in found.items() if not good]
    return name, said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_good_daemon_passes_every_step(host: str, version: ssl.TLSVersion, bench: Bench) -> None:
    with bench.daemon(server(), versions=(version, version)) as port:
        found = steps(port, bench.tls(), host)
    assert list(found) == ALL
    assert all(good for good, _ in found.values()), found
    assert found["TLS"][1].startswith(version.name.replace("_", ".") + ", ")
    summary = "CN=orion; for localhost, 127.0.0.1; usage serverAuth; signed by CN=test CA; valid 20"
    assert found["certificate"][1].startswith(summary)
    assert found["client"][1] == f"a client certificate is required, and {bench.mine}/cert.pem is accepted. "
    assert found["Docker"][1] == "version 28.2.2, API 1.50 (lowest 1.24), linux/amd64. "


def test_a_certificate_without_any_usage_is_for_everything(bench: Bench) -> None:
    with bench.daemon(server(usages=())) as port:
        assert all(good for good, _ in steps(port, bench.tls()).values())


SERVERS: list[tuple[str, IssuedCert, str, str]] = [
    ("no SAN", server(sans=()), "name", "has no SAN, only the CN orion, which docker ignores"),
    (
        "CN is the host",
        issue_cert("127.0.0.1", CA, sans=(), usages=(SERVER,)),
        "name",
        "only the CN 127.0.0.1",
    ),
    (
        "other names",
        server(sans=("vega", "10.0.0.9")),
        "name",
        "is not for 127.0.0.1, but for vega, 10.0.0.9",
    ),
    ("name without address", server(sans=("localhost",)), "name", "is not for 127.0.0.1, but for localhost"),
    (
        "address as a DNS name",
        server(sans=("orion", "DNS:127.0.0.1")),
        "name",
        "is not for 127.0.0.1, but for orion, 127.0.0.1 written as a DNS name",
    ),
    ("wrong CA", server(OTHER), "CA", "was not signed by a CA in"),
    ("self-signed", server(None), "CA", "was not signed by a CA in"),
    ("wrong usage", server(usages=(CLIENT,)), "CA", "is not a server certificate. Give the daemon"),
    ("expired", server(begins=-9, ends=-1), "CA", "has expired (the local clock says 2"),
    ("not yet valid", server(begins=2), "CA", "is not yet valid (the local clock says 2"),
    ("weak key", server(key=rsa_key(1024)), "CA", "too weak. Give the daemon"),
]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("forged", "step", "said"), [row[1:] for row in SERVERS], ids=[row[0] for row in SERVERS]
)
def test_certificates_of_daemons(
    version: ssl.TLSVersion, forged: IssuedCert, step: str, said: str, bench: Bench
) -> None:
    with bench.daemon(forged, versions=(version, version)) as port:
        found = steps(port, bench.tls())
    tried = [name for name in ALL if name != "strict" or step == "name"]
    assert list(found) == tried, "what comes after a fault of the certificate is tried all the same"
    name, text = only_problem(found)
    assert name == step
    assert said in text


def test_a_weak_signature(bench: Bench, tmp_path: Path) -> None:
    with bench.daemon(old_signature("localhost", CA, "sha1", tmp_path / "old")) as port:
        name, text = only_problem(steps(port, bench.tls(), "localhost"))
    assert name == "CA"
    assert "too weak (MD5 or SHA-1)" in text


def test_all_that_is_wrong_is_named(bench: Bench) -> None:
    with bench.daemon(server(OTHER, sans=()), mutual=False) as port:
        found = steps(port, bench.tls())
    assert [name for name, (good, _) in found.items() if not good] == ["CA", "name", "client"]
    assert found["client"][1].startswith(
        "no client certificate is required: anyone who can reach this port is root"
    )
    assert "--tlsverify --tlscacert" in found["client"][1]


CLIENTS: list[tuple[str, IssuedCert, str]] = [
    ("wrong CA", client(OTHER), "it was signed by CN=other CA"),
    ("self-signed", client(None), "it was signed by CN=me"),
    ("expired", client(begins=-9, ends=-1), "ended 24 hours ago"),
    ("not yet valid", client(begins=2), "begins in 2 days"),
    ("for servers", client(usages=(SERVER,)), "its usage is serverAuth, not clientAuth"),
]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("forged", "said"), [row[1:] for row in CLIENTS], ids=[row[0] for row in CLIENTS])
def test_certificates_of_clients(
    version: ssl.TLSVersion, forged: IssuedCert, said: str, bench: Bench
) -> None:
    with bench.daemon(server(), versions=(version, version)) as port:
        found = steps(port, bench.tls(forged))
    name, text = only_problem(found)
    assert name == list(found)[-1] == "client"
    assert said in text
    assert f"{bench.mine}/cert.pem" in text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_certificate_of_ours(version: ssl.TLSVersion, bench: Bench) -> None:
    with bench.daemon(server(), versions=(version, version)) as port:
        found = steps(port, bench.tls(cert=False))
    name, text = only_problem(found)
    assert name == "client"
    assert "a client certificate is required, and none is given. Type --tlscert FILE --tlskey FILE" in text
    assert {"CA", "name"} <= found.keys()


@pytest.mark.parametrize(("forged", "step"), [(server(OTHER), "CA"), (server(sans=("vega",)), "name")])
def test_a_daemon_of_tls_12_that_sends_us_away_is_judged_too(
    forged: IssuedCert, step: str, bench: Bench
) -> None:
    only = ssl.TLSVersion.TLSv1_2
    with bench.daemon(forged, versions=(only, only)) as port:
        found = steps(port, bench.tls(cert=False))
    assert "certificate" not in found
    assert [name for name, (good, _) in found.items() if not good] == [step, "client"]


def test_a_certificate_that_cannot_be_parsed_is_judged_by_openssl(bench: Bench) -> None:
    with bench.daemon(server(sans=("localhost",), damaged=True)) as port:
        found, good = steps(port, bench.tls()), steps(port, bench.tls(), "localhost")
    assert "certificate" not in found
    assert only_problem(found)[0] == "name"
    assert all(passed for passed, _ in good.values())


def test_without_verification(bench: Bench) -> None:
    with bench.daemon(server(OTHER, sans=())) as port:
        found = steps(port, bench.tls(verify=False))
    assert all(good for good, _ in found.values())
    assert found["CA"][1].startswith("not verified")


def test_old_tls(bench: Bench) -> None:
    old = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context = bench.context(server(), versions=(ssl.TLSVersion.TLSv1, old))
    with http_server(context=context) as port:
        name, text = only_problem(steps(port, bench.tls()))
    assert name == "TLS"
    assert text == "it speaks TLSv1.1 at most. Use a newer daemon; docker requires TLS 1.2"


def test_plain_http_on_the_port(bench: Bench) -> None:
    with http_server() as port:
        found = steps(port, bench.tls())
    name, text = only_problem(found)
    assert name == list(found)[-1] == "TLS"
    assert text.startswith(
        "it speaks plain HTTP, as Docker 28.2.2: anyone who can reach this port is root there"
    )


def test_something_else_on_the_port(bench: Bench) -> None:
    with http_server(b"hello") as port:
        assert only_problem(steps(port, bench.tls()))[1].startswith(
            "TLS handshake failed: the port does not speak"
        )
    with http_server(b"hello", context=bench.context(server())) as port:
        name, text = only_problem(steps(port, bench.tls()))
    assert name == "HTTP"
    assert "not a Docker daemon: GET /version returned 200 and 'hello'" in text


def test_nobody_there(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    name, text = only_problem(steps(port, bench.tls()))
    assert name == "connect"
    assert text.startswith("connection refused")
    name, text = only_problem(steps(port, bench.tls(), "no-such-host.invalid"))
    assert name == "resolve"
    assert text.startswith("name lookup failed")


def test_silence(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = Endpoint("tcp", "127.0.0.1", silent.getsockname()[1], "", "", bench.tls())
        assert [step.good for step in check(where, 0.05)] == [True, True, False]


def test_a_daemon_that_never_answers_is_not_said_to_be_open(bench: Bench) -> None:
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                with listener.accept()[0] as sock:
                    while sock.recv(1000):
                        pass  # it listens, and says nothing
            except OSError:
                pass  # who hangs up, in the handshake or later

    with bench.context(server(), mutual=False).wrap_socket(
        socket.create_server(("127.0.0.1", 0)), server_side=True
    ) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        found = {
            step.name: step for step in check(Endpoint("tcp", "127.0.0.1", port, "", "", bench.tls()), 0.5)
        }
        over.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
    assert found["CA"].good
    assert found["client"].text == found["HTTP"].text == "no response in time"


def test_our_own_files_come_first(bench: Bench) -> None:
    (bench.mine / "key.pem").write_bytes(OTHER.key_pem())
    with pytest.raises(ApispyError, match=r"key.pem: expected a certificate and its own unencrypted key"):
        steps(1, bench.tls())
