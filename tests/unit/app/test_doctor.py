"""Each check of apispy doctor, with and without a problem."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import click.testing
import pytest

from apispy.app.doctor import CHECKS, CheckContext, run_checks
from apispy.app.doctor.base import Check, Finding
from apispy.app.doctor.certificates import check_certificates
from apispy.app.doctor.clients import check_api_versions, check_clis, check_proxies, check_variables
from apispy.app.doctor.daemons import check_clock, check_daemon, check_sockets
from apispy.app.doctor.installation import check_environment, check_mitmproxy, check_python
from apispy.app.doctor.listener import check_listen
from apispy.certs import open_store
from apispy.cli.proxy import proxy
from apispy.endpoints import TLS, Daemon, Endpoint, Listen, listen, upstream
from apispy.endpoints.instances import registered
from apispy.errors import UsageError
from tests.certificates import issue_cert, make_ca
from tests.servers import DOCKER, http_server

NOWHERE = Endpoint("tcp", "10.0.0.5", 2376, "", "", None)


@pytest.fixture
def context(tmp_path: Path) -> CheckContext:
    return CheckContext({}, tmp_path, tmp_path / "certs", listen("0"), lambda: NOWHERE)


def states(check: Check, where: CheckContext) -> list[str]:
    return [finding.state for finding in check(where)]


def only(check: Check, where: CheckContext) -> Finding:
    [finding] = check(where)
    assert finding.state != "problem" or finding.remedy
    return finding


def answering(where: CheckContext, **more: str) -> CheckContext:
    """With a daemon that has answered so."""
    found = replace(where)
    daemon = Daemon("28.2.2", "1.50", "1.24", "linux", "amd64")
    found.__dict__["probed"] = replace(daemon, **more)
    return found


def test_the_installation_here_is_good(context: CheckContext) -> None:
    assert only(check_python, context).text.endswith(sys.executable)
    assert only(check_mitmproxy, context).state in ("ok", "note")
    assert only(check_environment, context).state in ("ok", "note")


def test_missing_certificates(context: CheckContext) -> None:
    assert only(check_certificates, context).state == "ok"
    context.certs_dir.mkdir()
    assert "is empty" in only(check_certificates, context).text


def test_certificates(context: CheckContext) -> None:
    open_store(context.certs_dir).server_for()
    assert states(check_certificates, context) == ["ok"] * 3


@pytest.mark.parametrize(
    ("spoiled", "part", "remedy"),
    [
        (lambda d: (d / "key.pem").chmod(0o640), "key.pem has mode 0640", "chmod 600"),
        (lambda d: d.chmod(0o777), "certs has mode 0777", "chmod 700"),
        (lambda d: (d / "key.pem").unlink(), "key.pem: No such file", "rm "),
        (lambda d: (d / "cert.pem").write_text("x"), "cert.pem: expected a certificate", "rm "),
        (lambda d: (d / "ca-key.pem").write_text("x"), "ca.pem and ", "a new CA"),
        (
            lambda d: (d / "cert.pem").write_bytes((d / "ca.pem").read_bytes()),
            "do not belong together",
            "rm ",
        ),
    ],
)
def test_bad_certificates(
    spoiled: Callable[[Path], object], part: str, remedy: str, context: CheckContext
) -> None:
    open_store(context.certs_dir)
    spoiled(context.certs_dir)
    [bad] = [finding for finding in check_certificates(context) if finding.state == "problem"]
    assert part in bad.text
    assert remedy in bad.remedy + bad.command


@pytest.mark.parametrize(("days", "part"), [(-5000, "expired on"), (30, "is valid from")])
def test_certificates_outside_their_validity(days: int, part: str, context: CheckContext) -> None:
    open_store(context.certs_dir, clock=lambda: datetime.now(UTC) + timedelta(days=days))
    found = list(check_certificates(context))
    assert {finding.state for finding in found} == {"problem"}
    assert all(part in finding.text for finding in found)


def test_the_listener(context: CheckContext, tmp_path: Path) -> None:
    assert only(check_listen, context).state == "ok"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = replace(context, listen=Listen("tcp", "127.0.0.1", taken.getsockname()[1], ""))
        bad = only(check_listen, where)
        assert bad.state == "problem"
        assert "apispy --listen " in bad.command
        with registered(where.listen, None, NOWHERE, {}, tmp_path):
            assert "apispy itself" in only(check_listen, replace(where)).text
    unix = replace(context, listen=listen(str(tmp_path / "s")))
    assert only(check_listen, unix).state == "ok"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        assert only(check_listen, unix).state == "ok"  # left over: apispy takes its place
        sock.listen()
        assert "something listens there already" in only(check_listen, unix).text


def test_the_daemon(context: CheckContext) -> None:
    with http_server() as port:
        where = replace(context, daemon=lambda: Endpoint("tcp", "127.0.0.1", port, "", "", None))
        assert only(check_daemon, where).text.endswith("version 28.2.2, API 1.24 to 1.50")
        assert only(check_clock, where).state == "ok"  # by the Date header of a real server
    gone = replace(context, daemon=lambda: Endpoint("unix", "", 0, "/nonexistent", "", None))
    assert (only(check_daemon, gone).state, "no such socket" in only(check_daemon, gone).text) == (
        "problem",
        True,
    )
    assert states(check_clock, gone) == states(check_api_versions, gone) == []

    def refuse() -> Endpoint:
        raise UsageError("There is no docker context 'x'.")

    assert only(check_daemon, replace(context, daemon=refuse)).text == "There is no docker context 'x'"


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "ok"), (60, "note"), (-60, "note"), (4000, "problem"), (-4000, "problem")]
)
def test_clocks(seconds: int, state: str, context: CheckContext) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(seconds=seconds), usegmt=True)
    found = only(check_clock, answering(context, date=date))
    assert found.state == state
    assert state == "ok" or ("ahead of" in found.text) is (seconds > 0)


def test_an_invalid_date(context: CheckContext) -> None:
    assert states(check_clock, answering(context, date="yesterday")) == []


def test_sockets(context: CheckContext, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "docker.sock"))
    rootless = replace(context, environ={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert [f.command for f in check_sockets(rootless)][
        -1
    ] == f"export DOCKER_HOST=unix://{tmp_path}/docker.sock"
    used = replace(rootless, daemon=lambda: Endpoint("unix", "", 0, f"{tmp_path}/docker.sock", "", None))
    assert not any("rootless Docker has a socket here" in f.text for f in check_sockets(used))


def cli(folder: Path, says: str) -> Path:
    """A program called docker that prints *says* when it is asked for its version."""
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\necho '{says}'\nexit 1\n")
    (folder / "docker").chmod(0o755)
    return folder


def test_docker_clis(context: CheckContext, tmp_path: Path) -> None:
    assert only(check_clis, context).state == "note"
    old, new, odd = (
        cli(tmp_path / name, says) for name, says in (("a", "20.10.24 1.41"), ("b", "29.0 1.52"), ("c", ""))
    )
    (tmp_path / "link").symlink_to(old)
    where = replace(context, environ={"PATH": f"{tmp_path}/link:{old}:{new}:{odd}:/nonexistent:"})
    found = list(check_clis(where))
    assert [finding.state for finding in found] == ["ok", "ok", "note", "note"]
    assert found[0].text == f"{tmp_path}/link/docker is version 20.10.24, API up to 1.41"
    versions = list(check_api_versions(answering(where, min_api_version="1.44")))
    assert [finding.state for finding in versions] == ["problem", "ok"]
    assert "supports API 1.41 at most, the daemon 1.44 at least" in versions[0].text
    assert versions[1].text.endswith("would use 1.50")


@pytest.mark.parametrize(
    ("pinned", "state", "part"),
    [
        (
            "1.99",
            "problem",
            "would use 1.99, because DOCKER_API_VERSION=1.99; the daemon supports 1.24 to 1.50",
        ),
        ("v1.44", "ok", "would use 1.44, because DOCKER_API_VERSION=v1.44"),
        ("1.9", "problem", "would use 1.9, because"),
        ("new", "problem", "would use DOCKER_API_VERSION=new, which is not a version"),
    ],
)
def test_a_pinned_version_is_what_each_cli_uses(
    context: CheckContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pinned: str, state: str, part: str
) -> None:
    """docker 20.10 prints the pinned version as the highest that it supports, whatever that is."""
    old = cli(tmp_path / "a", "20.10.24 '${DOCKER_API_VERSION:-1.41}'")
    monkeypatch.setenv("DOCKER_API_VERSION", pinned)
    where = replace(context, environ={"PATH": str(old), "DOCKER_API_VERSION": pinned})
    assert only(check_clis, where).text.endswith("is version 20.10.24, API up to 1.41")
    found = only(check_api_versions, answering(where))
    assert found.state == state
    assert part in found.text


def test_an_address_as_a_dns_name_is_named(context: CheckContext, tmp_path: Path) -> None:
    """It was "not for 127.0.0.1 but for 127.0.0.1"."""
    ca = make_ca()
    issue_cert("x", ca, sans=("DNS:127.0.0.1",)).write(tmp_path, "server.pem", "server-key.pem", ca)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server-key.pem")
    with http_server(context=tls) as port:
        daemon = Endpoint("tcp", "127.0.0.1", port, "", "", TLS(True, tmp_path / "ca.pem", None, None))
        found = only(check_daemon, replace(context, daemon=lambda: daemon))
    assert "is not for 127.0.0.1 but for 127.0.0.1 written as a DNS name" in found.text
    assert "with 127.0.0.1 in its SAN as an IP address" in found.remedy


@pytest.mark.parametrize(
    ("environ", "state", "part"),
    [
        ({}, "ok", ""),
        ({"DOCKER_HOST": "tcp://h:1"}, "ok", ""),
        ({"DOCKER_HOST": "h", "DOCKER_CONTEXT": "c"}, "note", "docker uses the first"),
        ({"DOCKER_TLS_VERIFY": "0"}, "note", "turns verification on"),
        ({"DOCKER_API_VERSION": "1.40"}, "note", "does not negotiate"),
        ({"DOCKER_CERT_PATH": "/nonexistent"}, "problem", "has no ca.pem"),
    ],
)
def test_variables(environ: dict[str, str], state: str, part: str, context: CheckContext) -> None:
    found = only(check_variables, replace(context, environ=environ))
    assert (found.state, part in found.text) == (state, True)


def test_a_shell_that_goes_through_apispy(context: CheckContext, tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "tcp://127.0.0.1:2377"}
    where = replace(context, daemon=lambda: upstream(environ=environ, home=tmp_path))
    with registered(listen("2377"), None, NOWHERE, {}, tmp_path):
        assert "apispy env --unset" in only(check_variables, where).command


def test_a_broken_config(context: CheckContext, tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text("{")
    assert only(check_variables, context).state == "problem"


@pytest.mark.parametrize(
    ("environ", "state"),
    [
        ({}, "ok"),
        ({"HTTP_PROXY": ""}, "ok"),
        ({"HTTP_PROXY": "p"}, "problem"),
        ({"https_proxy": "p", "NO_PROXY": "127.0.0.1"}, "problem"),
        ({"https_proxy": "p", "NO_PROXY": "127.0.0.1, 10.0.0.5"}, "ok"),
        ({"ALL_PROXY": "p", "no_proxy": "*"}, "ok"),
    ],
)
def test_proxies(environ: dict[str, str], state: str, context: CheckContext) -> None:
    assert only(check_proxies, replace(context, environ=environ)).state == state


def test_the_remedy_for_proxies_works(context: CheckContext) -> None:
    daemon = Endpoint("tcp", "build7.example.com", 2376, "", "", None)
    where = replace(context, environ={"HTTP_PROXY": "p", "NO_PROXY": ".corp"}, daemon=lambda: daemon)
    command = only(check_proxies, where).command
    exceptions = "127.0.0.1,build7.example.com,.corp"
    assert command == f"export NO_PROXY={exceptions} no_proxy={exceptions}"
    assert (
        only(check_proxies, replace(where, environ={"HTTP_PROXY": "p", "NO_PROXY": exceptions})).state == "ok"
    )


def test_a_check_that_fails_is_a_problem_and_the_others_run(context: CheckContext, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    names = [
        name
        for name, _ in run_checks(replace(context, certs_dir=tmp_path / "file/x", environ={"PATH": "/bin"}))
    ]
    assert set(names) <= {name for name, _ in CHECKS}
    assert names[-1] == "proxies"


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith(("DOCKER_", "XDG_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.usefixtures("clean")
def test_the_command() -> None:
    run = click.testing.CliRunner().invoke
    with http_server(DOCKER) as port:
        words = ["doctor", "--listen", "0", "--upstream", f"127.0.0.1:{port}"]
        good = run(proxy, words, standalone_mode=False)
        told = json.loads(run(proxy, [*words, "--json"], standalone_mode=False).output)
    assert good.return_value == 0, good.output
    assert max(map(len, good.output.splitlines())) <= 80 + len(sys.executable)
    [daemon] = [row for row in told if row["check"] == "daemon"]
    assert daemon["state"] == "ok"
    assert daemon["cure"] is None
    bad = run(proxy, ["doctor", "--listen", "0", "--upstream", "/nonexistent"], standalone_mode=False)
    assert bad.return_value == 1
    assert "problem  daemon        unix:///nonexistent: no such socket\n" in bad.output


def test_it_runs_with_an_empty_environment(tmp_path: Path) -> None:
    """As typed, in an environment with nothing in it."""
    done = subprocess.run(
        [sys.executable, "-m", "apispy", "doctor", "--upstream", "/nonexistent"],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
