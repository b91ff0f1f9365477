"""The commands apispy endpoints and apispy env."""

import json
import os
from pathlib import Path

import click.testing
import pytest

from apispy.cli import endpoint_table
from apispy.cli.proxy import proxy
from apispy.endpoints import Daemon, Endpoint, listen
from apispy.endpoints.discovery import KnownDaemon, ProbeResult
from apispy.endpoints.instances import registered
from apispy.errors import ApispyError
from tests.servers import http_server

DAEMON = Endpoint("unix", "", 0, "/var/run/docker.sock", "", None)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith(("DOCKER_", "XDG_", "MACHINE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")


def apispy(*words: str) -> str:
    """What is printed; what goes wrong is raised."""
    done = click.testing.CliRunner().invoke(proxy, words, standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.output


def test_saving_listing_and_removing() -> None:
    with http_server() as port:
        assert "Type: apispy --upstream build7" in apispy("endpoints", "add", "build7", f"127.0.0.1:{port}")
        table = apispy("endpoints").splitlines()
        [row] = [i for i, line in enumerate(table) if "build7" in line]
        assert table[row].split() == ["build7", "saved", f"tcp://127.0.0.1:{port}"]
        assert table[row + 1].strip() == "version 28.2.2, API 1.24 to 1.50"
        [entry] = [e for e in json.loads(apispy("endpoints", "--json")) if e["name"] == "build7"]
    versions = {"version": "28.2.2", "api_version": "1.50", "min_api_version": "1.24"}
    address = f"tcp://127.0.0.1:{port}"
    told = {
        "kind": "saved",
        "address": address,
        "tls": False,
        "current": False,
        "daemon": versions,
        "problem": None,
    }
    assert entry == {"name": "build7"} | told
    assert apispy("endpoints", "remove", "build7") == "build7 was removed.\n"
    assert "build7" not in apispy("endpoints")


def test_tls_flags_are_saved_with_the_name(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    apispy("endpoints", "add", "a", "h:1", "--tlscacert", str(tmp_path / "ca.pem"))
    assert "DOCKER_TLS_VERIFY=1" in apispy("env", "a", "--shell", "sh")
    with pytest.raises(ApispyError, match="--force"):
        apispy("endpoints", "add", "a", "h:1")
    apispy("endpoints", "add", "a", "h:1", "--force")
    assert "unset DOCKER_TLS_VERIFY" in apispy("env", "a", "--shell", "sh")


def test_env_for_a_running_instance(tmp_path: Path) -> None:
    with registered(listen("2377"), None, DAEMON, os.environ, tmp_path):
        one = apispy("env", "--shell", "bash")
        assert "export DOCKER_HOST=tcp://127.0.0.1:2377\n" in one
        assert one.endswith('# eval "$(apispy env --shell bash)"\n')
        with registered(listen("/a b.sock"), None, DAEMON, os.environ, tmp_path):
            with pytest.raises(ApispyError, match="Several apispy instances are running"):
                apispy("env")
            other = apispy("env", "/a b.sock", "--shell", "fish")
            assert "set -gx DOCKER_HOST 'unix:///a b.sock';\n" in other
            assert other.endswith("# apispy env '/a b.sock' --shell fish | source\n")
        with pytest.raises(
            ApispyError, match=r"No apispy is running with port or process ID 99\. Running: 2377"
        ):
            apispy("env", "99")


def test_env_without_a_running_instance() -> None:
    with pytest.raises(ApispyError, match="No apispy is running for this user"):
        apispy("env")
    assert "export DOCKER_HOST=tcp://h:5\n" in apispy("env", "h:5", "--shell", "sh")
    assert apispy("env", "--unset", "--shell", "tcsh").startswith("unsetenv DOCKER_HOST;\n")


ASKED = [
    ProbeResult(
        KnownDaemon("context:default", "context", DAEMON, True),
        Daemon("28.2.2", "1.50", "1.24", "linux", "amd64"),
        "",
    ),
    ProbeResult(
        KnownDaemon("", "Docker, rootless", Endpoint("unix", "", 0, "/run/user/1000/docker.sock", "", None)),
        None,
        "w" * 9,
    ),
    ProbeResult(
        KnownDaemon("context:\x1b[2J", "context", None),
        None,
        "there is much to say about this, " * 5 + "\x1b[2J",
    ),
]


def test_the_table_fits_80_columns_and_cannot_control_the_terminal() -> None:
    text = "\n".join(endpoint_table.as_text(ASKED))
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert text.splitlines()[:5] == [
        "  NAME             KIND              ADDRESS, VERSION",
        "* context:default  context           unix:///var/run/docker.sock",
        "                                     version 28.2.2, API 1.24 to 1.50",
        "  -                Docker, rootless  unix:///run/user/1000/docker.sock",
        "                                     wwwwwwwww",
    ]
