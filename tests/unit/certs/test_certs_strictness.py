"""What --show and --check say of certificates that some clients refuse. tests/e2e asks docker and curl themselves."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apispy.certs import Order, check, make, report_on_directory
from apispy.endpoints import TLS, Endpoint
from tests.certificate_flaws import FLAWS, Flaw
from tests.certificates import IssuedCert, issue_cert, make_ca
from tests.servers import http_server


@contextmanager
def daemon(directory: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server-key.pem")
    with http_server(context=context) as port:
        yield port


def python_accepts(directory: Path, port: int, *, strict: bool) -> bool:
    context = ssl.create_default_context(cafile=directory / "ca.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    if not strict:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            context.wrap_socket(sock, server_hostname="127.0.0.1").close()
    except ssl.SSLCertVerificationError:
        return False
    return True


@pytest.mark.parametrize("flaw", FLAWS, ids=[flaw.name for flaw in FLAWS])
def test_show_and_check_say_what_pythons_do(flaw: Flaw, tmp_path: Path) -> None:
    directory = flaw.write(tmp_path / "d")
    report = report_on_directory(directory)
    said = [problem.what for entry in report.entries for problem in entry.problems if not problem.advice]
    with daemon(directory) as port:
        tls = TLS(verify=True, ca=directory / "ca.pem", cert=None, key=None)
        bad = {
            step.name: step.text
            for step in check(Endpoint("tcp", "127.0.0.1", port, "", "", tls), 5.0)
            if not step.good and step.name != "client"
        }
        refused = {
            who
            for who, strict in (("python", False), ("strict python", True))
            if not python_accepts(directory, port, strict=strict)
        }
    assert refused == set(flaw.refused_by) - {"docker", "curl"}
    assert bool(bad) == bool(refused)
    assert bool(said) == bool(flaw.refused_by)
    assert any(what.startswith(flaw.said) for what in said) or not flaw.said
    if refused == {"strict python"}:
        assert list(bad) == ["strict"]
        assert bad["strict"].startswith(
            "docker accepts it, Python 3.13 and later (docker-py, for example) refuse"
        )


def test_an_intermediate_without_an_authority_key_id(tmp_path: Path) -> None:
    between = issue_cert("between", root := make_ca(), sans=(), ca=True, without=("authority key id",))
    leaf = issue_cert("orion", between)
    leaf.write(tmp_path, "server.pem", "server-key.pem", root)
    (tmp_path / "server.pem").write_bytes(leaf.pem + between.pem)
    with daemon(tmp_path) as port:
        assert python_accepts(tmp_path, port, strict=False)
        assert not python_accepts(tmp_path, port, strict=True)
    assert "has no authority key identifier: docker" in "\n".join(report_on_directory(tmp_path).lines())


@pytest.mark.parametrize("days", [1, 5, 30, 90, 823])
def test_a_short_lifetime_is_a_problem_at_its_end_only(days: int, tmp_path: Path) -> None:
    """--days 30, as for machines of one build: on the first day nothing is wrong."""
    make(Order(tmp_path / "d", ["orion"], days=days))
    begun = datetime.now(UTC)
    lines = list(report_on_directory(tmp_path / "d", begun).lines())
    assert "PROBLEM" not in "\n".join(lines)
    late = begun + timedelta(days=days) - min(timedelta(days=28), timedelta(days=days) / 5)
    lines = list(report_on_directory(tmp_path / "d", late).lines())
    assert any("PROBLEM: expires in " in line for line in lines)


def test_the_certificates_that_apispy_makes_have_no_such_flaw(tmp_path: Path) -> None:
    directory = tmp_path / "d"
    make(Order(directory, ["orion", "127.0.0.1"]))
    assert report_on_directory(directory).good
    with daemon(directory) as port:
        assert python_accepts(directory, port, strict=True)


def test_hours_are_shown_at_the_end_of_a_lifetime(tmp_path: Path) -> None:
    ending: IssuedCert = make_ca(begins=-100, ends=0.52)
    ending.write(tmp_path, "ca.pem")
    assert "PROBLEM: expires in 12 hours, on 20" in "\n".join(report_on_directory(tmp_path).lines())
