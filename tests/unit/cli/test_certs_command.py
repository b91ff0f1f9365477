"""`apispy certs`: combinations of options, errors with advice, and exit codes."""

import os
import subprocess
from pathlib import Path

import pytest

from apispy import certs
from apispy.cli.commands.certs import command
from tests.certificates import SERVER, issue_cert, make_ca
from tests.forked_apispy import run
from tests.servers import http_server
from tests.unit.test_endpoints_probe import server_context


def apispy(*words: object, home: Path | None = None) -> "subprocess.CompletedProcess[str]":
    env = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    return run("certs", *words, env=env | ({"HOME": str(home)} if home else {}))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Nothing to do. Type for example: apispy certs --host orion"),
        (["--host", "orion"], "Type --out DIR"),
        (["--client", "alice"], "Type --out DIR"),
        (["--ca", "x", "--out", "y"], "Nothing to do"),
        (["--ip", "orion", "--out", "x"], "--ip orion: expected an IP address"),
        (["--show", "x", "--check", "h:1"], "--check cannot be used with --show"),
        (["--show", "x", "--host", "h", "--force"], "--host, --force cannot be used with --show"),
        (["--check", "h:1", "--out", "x"], "--out cannot be used with --check"),
        (["--show", "x", "--tlscert", "y"], "--tlscert cannot be used with --show"),
        (["--host", "h", "--out", "x", "--tls"], "--tls: only --check connects to a daemon"),
        (["--check", "unix:///x"], "expected HOST:PORT"),
        (["--check", "ssh://x"], "TLS flags cannot be used with ssh"),
        (["--check", "h:99999"], "expected a port"),
        (["--days", "0"], "expected a whole number from 1 to 36500, found '0'"),
        (["--layout", "other"], "'other' is not one of"),
        (["--client", "../x", "--host", "h", "--out", "x"], "--client '../x': expected a name"),
    ],
)
def test_errors_say_what_to_type(words: list[str], says: str, tmp_path: Path) -> None:
    done = apispy(*words, home=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_defaults_of_the_options_are_those_of_the_package() -> None:
    options = {option.name: option for option in command.params}
    assert options["days"].default == certs.DAYS
    assert options["days"].type.max == certs.MAX_DAYS  # type: ignore[attr-defined]
    assert options["layout"].default == "article"


def test_making_and_showing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = apispy("--host", "orion", "--ip", "192.168.0.29", "--client", "alice", "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Made in {out}:\n  ca.pem ")
    shown = apispy("--show", out)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "alice/cert.pem (mode 0644):\n  certificate of a client: CN=alice,O=apispy\n" in shown.stdout
    assert shown.stdout.endswith("No problems.\n")
    again = apispy("--host", "orion", "--out", out)
    assert again.returncode == 1
    assert again.stderr.startswith(f"apispy: Nothing was written, because these files exist: {out}/ca.pem, ")
    more = apispy("--client", "bob", "--ca", out)
    assert more.returncode == 0
    assert (out / "bob" / "key.pem").exists()


def test_names_in_certificates_cannot_control_the_terminal(tmp_path: Path) -> None:
    ca = make_ca("CA \x1b[2J")
    evil = issue_cert("or\x1b]0;x\x07ion\nPROBLEM", ca, sans=("a\x1b[31mb",), usages=(SERVER,))
    evil.write(tmp_path, "server.pem", "server-key.pem", ca)
    shown = apispy("--show", tmp_path)
    assert "\x1b" not in shown.stdout
    assert "\x07" not in shown.stdout
    assert "for a\\e[31mb" in shown.stdout
    assert "\nPROBLEM" not in shown.stdout


def test_problems_set_the_exit_code(tmp_path: Path) -> None:
    issue_cert("orion", make_ca(), sans=(), usages=(SERVER,)).write(tmp_path, "server.pem")
    done = apispy("--show", tmp_path)
    assert done.returncode == 1
    assert "  PROBLEM: has no name or address in its SAN" in done.stdout
    assert done.stdout.endswith("2 problems.\n")


def test_checking(tmp_path: Path) -> None:
    made = certs.make(certs.Order(tmp_path / ".docker", ["localhost"]))
    files = certs.ServerFiles(made.path("server"), made.path("server-key"), made.path("ca"))
    with http_server(context=server_context(files)) as port:
        good = apispy("--check", f"localhost:{port}", home=tmp_path)
        other = tmp_path / "other"
        certs.make(certs.Order(other, ["localhost"]))
        bad = apispy("--check", f"localhost:{port}", "--tlscacert", other / "ca.pem", home=tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.splitlines()[-1].startswith("Docker      ok       version 28.2.2")
    assert bad.returncode == 1
    at = bad.stdout.splitlines()
    (line,) = [line for line in at if "PROBLEM" in line]
    assert line.startswith(
        f"CA          PROBLEM  TLS verification failed: its certificate was not signed by a CA in {other}"
    )
    assert at[at.index(line) + 1].startswith(" " * 21 + "Type --tlscacert FILE")


def test_the_port_may_be_left_out(tmp_path: Path) -> None:
    certs.make(certs.Order(tmp_path / ".docker", ["localhost"]))
    done = apispy("--check", "no-such-host.invalid", home=tmp_path)
    assert done.returncode == 1
    assert "resolve     PROBLEM  name lookup failed" in done.stdout
