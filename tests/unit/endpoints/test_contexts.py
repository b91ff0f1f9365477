"""Docker contexts on disk, and which one counts."""

import json
import os
from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, contexts, upstream
from apispy.errors import ApispyError, UsageError

from .places import PEM, docker_context, pem_files


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / ".docker"


def tcp(host: str, port: int, tls: TLS | None = None) -> Endpoint:
    return Endpoint("tcp", host, port, "", "", tls)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("tcp://h:2376", tcp("h", 2376)),  # no material: docker speaks plain HTTP, whatever the port
        ("tcp://h", tcp("h", 80)),
        ("unix:///run/d.sock", Endpoint("unix", "", 0, "/run/d.sock", "", None)),
        ("ssh://me@h:22", Endpoint("ssh", "h", 22, "", "me", None)),
    ],
)
def test_where_a_context_leads(host: str, expected: Endpoint, config: Path, tmp_path: Path) -> None:
    docker_context(config, "far", host)
    assert upstream("context:far", environ={}, home=tmp_path) == expected
    assert upstream("context:far", environ={"DOCKER_TLS_VERIFY": "1"}, home=tmp_path) == expected
    elsewhere = {"DOCKER_CONFIG": str(config)}
    assert upstream(" context:far ", environ=elsewhere, home=tmp_path / "nobody") == expected


@pytest.mark.parametrize(
    ("files", "skip", "verify", "roles"),
    [
        (PEM, False, True, {"ca", "cert", "key"}),
        (PEM, True, False, {"ca", "cert", "key"}),
        (("ca.pem",), False, True, {"ca"}),
        (("cert.pem", "key.pem"), False, True, {"cert", "key"}),  # the roots of the system
        (("ca.pem", "cert.pem"), False, True, {"ca"}),  # half a pair is none
        ((), True, False, set()),
    ],
)
def test_its_tls_material(
    files: tuple[str, ...], skip: bool, verify: bool, roles: set[str], config: Path, tmp_path: Path
) -> None:
    docker_context(config, "far", "tcp://h:1", skip=skip, tls=files)
    folder = contexts.Store(config).tls_dir("far")
    paths = [folder / f"{role}.pem" if role in roles else None for role in ("ca", "cert", "key")]
    assert upstream("context:far", environ={}, home=tmp_path) == tcp("h", 1, TLS(verify, *paths))


@pytest.mark.parametrize("host", ["unix:///run/d.sock", "ssh://h"])
def test_tls_material_means_nothing_without_tcp(host: str, config: Path, tmp_path: Path) -> None:
    docker_context(config, "near", host, skip=True, tls=PEM)
    assert upstream("context:near", environ={}, home=tmp_path).tls is None


# As both docker CLIs were seen to choose (28.2.2, 20.10.24).
@pytest.mark.parametrize(
    ("environ", "current", "host"),
    [
        ({}, None, ""),
        ({}, "cc", "cc"),
        ({"DOCKER_CONTEXT": "aa"}, "cc", "aa"),
        ({"DOCKER_HOST": "tcp://dd:1", "DOCKER_CONTEXT": "aa"}, "cc", "dd"),
        ({"DOCKER_HOST": "", "DOCKER_CONTEXT": ""}, "cc", "cc"),
        ({"DOCKER_CONTEXT": "default"}, "cc", ""),
        ({"DOCKER_HOST": "tcp://dd:1", "DOCKER_CONTEXT": "gone"}, "gone", "dd"),
    ],
)
def test_precedence(
    environ: dict[str, str], current: str | None, host: str, config: Path, tmp_path: Path
) -> None:
    for name in ("aa", "cc"):
        docker_context(config, name, f"tcp://{name}:1")
    if current:
        (config / "config.json").write_text(json.dumps({"auths": {}, "currentContext": current}))
    found = upstream(environ=environ, home=tmp_path)
    assert (found.host, found.path) == (host, "" if host else "/var/run/docker.sock")


def test_context_default_is_what_the_environment_says(config: Path, tmp_path: Path) -> None:
    docker_context(config, "aa", "tcp://aa:1")
    environ = {"DOCKER_HOST": "tcp://dd:1", "DOCKER_CONTEXT": "aa"}
    assert upstream("context:default", environ=environ, home=tmp_path) == tcp("dd", 1)
    socket = Endpoint("unix", "", 0, "/var/run/docker.sock", "", None)
    assert upstream("context:default", environ={"DOCKER_CONTEXT": "aa"}, home=tmp_path) == socket
    pem_files(tmp_path / "c")
    typed = upstream(
        "context:default",
        tls=True,
        environ={"DOCKER_HOST": "h", "DOCKER_CERT_PATH": str(tmp_path / "c")},
        home=tmp_path,
    )
    assert typed.tls is not None
    assert not typed.tls.verify


def test_a_context_that_is_missing_says_what_there_is(config: Path, tmp_path: Path) -> None:
    docker_context(config, "far", "tcp://h:1")
    (config / "config.json").write_text('{"currentContext": "gone"}')
    with pytest.raises(UsageError, match=r"no docker context 'x'.*There are: default, far\."):
        upstream("context:x", environ={}, home=tmp_path)
    with pytest.raises(UsageError, match=r"^In DOCKER_CONTEXT: There is no docker context 'x'"):
        upstream(environ={"DOCKER_CONTEXT": "x"}, home=tmp_path)
    with pytest.raises(
        UsageError, match=rf"^In currentContext of {config}/config.json: There is no .* 'gone'"
    ):
        upstream(environ={}, home=tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"[" * 100_000, b"\xff\x00", b'{"a": ' + b" " * (1 << 20) + b"1}", None],
    ids=["empty", "cut", "list", "deep", "binary", "large", "fifo"],
)
def test_garbage_is_named_and_does_not_hang(content: bytes | None, config: Path, tmp_path: Path) -> None:
    meta = docker_context(config, "far", "tcp://h:1")
    if content is None:
        meta.unlink()
        os.mkfifo(meta)
    else:
        meta.write_bytes(content)
    with pytest.raises(ApispyError, match=f"{meta}: expected a JSON object"):
        upstream("context:far", environ={}, home=tmp_path)
    assert contexts.Store(config).names() == []


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"Endpoints": []},
        {"Endpoints": {"docker": "tcp://h:1"}},
        {"Endpoints": {"docker": {"Host": 7}}},
        {"Endpoints": {"docker": {"Host": ""}}},
    ],
)
def test_json_of_another_shape(meta: dict[str, object], config: Path, tmp_path: Path) -> None:
    docker_context(config, "far", "tcp://h:1").write_text(json.dumps({"Name": "far", **meta}))
    with pytest.raises(ApispyError, match=r"expected Endpoints\.docker\.Host"):
        upstream("context:far", environ={}, home=tmp_path)


def test_a_context_with_an_address_that_cannot_be_used(config: Path, tmp_path: Path) -> None:
    docker_context(config, "win", "npipe:////./pipe/docker_engine")
    with pytest.raises(UsageError, match=r"In docker context 'win' .*meta\.json\): Address 'npipe:.*Windows"):
        upstream("context:win", environ={}, home=tmp_path)


def test_docker_host_is_blamed_for_its_address_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^The daemon's certificate cannot be verified"):
        upstream(environ={"DOCKER_HOST": "tcp://h:1", "DOCKER_TLS_VERIFY": "1"}, home=tmp_path)


def test_flags_do_not_go_with_a_context(config: Path, tmp_path: Path) -> None:
    docker_context(config, "far", "tcp://h:1")
    with pytest.raises(
        UsageError, match=r"TLS flags cannot be used with context:far.*type its address, tcp://h:1"
    ):
        upstream("context:far", tlsverify=True, environ={}, home=tmp_path)


def test_a_broken_config_is_passed_over_as_docker_does(config: Path, tmp_path: Path) -> None:
    config.mkdir()
    for content in ("{broken", "[]", '{"currentContext": 5}'):
        (config / "config.json").write_text(content)
        assert upstream(environ={}, home=tmp_path).path == "/var/run/docker.sock"


def test_a_name_that_lies_or_drives_a_terminal_is_not_listed(config: Path) -> None:
    docker_context(config, "\x1b[2J", "tcp://h:1")
    docker_context(config, "far", "tcp://h:1").write_text('{"Name": "near"}')
    assert contexts.Store(config).names() == []
