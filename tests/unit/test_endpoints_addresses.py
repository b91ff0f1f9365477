"""What users type after --upstream and --listen, and what comes of it."""

from pathlib import Path

import pytest

from apispy.endpoints import TLS, Endpoint, Listen, certificate_hosts, listen, upstream, with_base_of
from apispy.errors import UsageError
from apispy.structs import replace


def tcp(host: str, port: int, tls: TLS | None = None) -> Endpoint:
    return Endpoint("tcp", host, port, "", "", tls)


def unix(path: str) -> Endpoint:
    return Endpoint("unix", "", 0, path, "", None)


def ssh(host: str, port: int = 0, user: str = "", path: str = "") -> Endpoint:
    return Endpoint("ssh", host, port, path, user, None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose ~/.docker holds a full set of TLS files."""
    pem_files(tmp_path / ".docker")
    return tmp_path


def pem_files(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names or ("ca", "cert", "key"):
        (folder / f"{name}.pem").touch()
    return folder


def tls_of(folder: Path, verify: bool = True) -> TLS:
    return TLS(verify, folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


@pytest.mark.parametrize(
    ("text", "expected", "url"),
    [
        ("host:2375", tcp("host", 2375), "tcp://host:2375"),
        ("host", tcp("host", 2375), "tcp://host:2375"),
        (" tcp://Host:1 ", tcp("Host", 1), "tcp://Host:1"),
        ("tcp://host:1/", tcp("host", 1), "tcp://host:1"),
        ("tcp://host:1/docker", replace(tcp("host", 1), path="/docker"), "tcp://host:1/docker"),
        ("host/a//b/", replace(tcp("host", 2375), path="/a/b"), "tcp://host:2375/a/b"),
        ("TCP://host", tcp("host", 2375), "tcp://host:2375"),
        ("http://host:8080", tcp("host", 8080), "tcp://host:8080"),
        ("http://host:2376", tcp("host", 2376), "tcp://host:2376"),
        ("[::1]:5", tcp("::1", 5), "tcp://[::1]:5"),
        ("tcp://[fe80::1%eth0]", tcp("fe80::1%eth0", 2375), "tcp://[fe80::1%eth0]:2375"),
        ("unix:///run/d.sock", unix("/run/d.sock"), "unix:///run/d.sock"),
        ("/run/d.sock", unix("/run/d.sock"), "unix:///run/d.sock"),
        ("ssh://Build7", ssh("Build7"), "ssh://Build7"),
        ("ssh://me@host:22", ssh("host", 22, "me"), "ssh://me@host:22"),
        ("ssh://me@[::1]:22/run/d.sock", ssh("::1", 22, "me", "/run/d.sock"), "ssh://me@[::1]:22/run/d.sock"),
        ("ssh://host/", ssh("host"), "ssh://host"),
    ],
)
def test_upstream_forms(text: str, expected: Endpoint, url: str, home: Path) -> None:
    found = upstream(text, environ={}, home=home)
    assert found == expected
    assert str(found) == url
    assert upstream(url, environ={}, home=home) == expected or text.startswith("http://")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "found none"),
        (":2375", "found none"),
        ("tcp://", "found none"),
        ("host:", "port"),
        ("host:0", "from 1 to 65535"),
        ("host:65536", "found '65536'"),
        ("host:-1", "found '-1'"),
        ("host:http", "found 'http'"),
        ("host:²", "port"),
        ("::1:2375", "needs brackets"),
        ("[::1:2375", "in brackets"),
        ("[::1]2375", "in brackets"),
        ("[host]:2375", "in brackets"),
        ("user@host:2375", "found 'user@host'"),
        ("my host:1", "found 'my host'"),
        ("tcp://h:1/base path", "expected a base path such as /docker, found '/base path'"),
        ("tcp://h:1/base?x=1", "expected a base path"),
        ("tcp://h:1/\x1b[2J", "expected a base path"),
        ("unix:/run/d.sock", "did you mean unix:///run/d.sock?"),
        ("tcp:/h:1", "did you mean tcp://h:1?"),
        ("unix://run/d.sock", "absolute path"),
        ("unix://", "absolute path"),
        ("/run/", "path of a socket"),
        ("npipe:////./pipe/docker_engine", "Windows"),
        ("fd://", "socket activation"),
        ("ftp://host", "expected tcp, unix, ssh"),
        ("ssh://", "found none"),
        ("ssh://@host", "user name before @"),
        ("ssh://me:secret@host", "password"),
        ("ssh://host?x=1", "query"),
        ("ssh://host:0", "from 1 to 65535"),
        ("tcp://h\x1b[2J:1", "expected a host name"),
        ("/run/\x1b[2J", "path of a socket"),
        ("ssh://%1b[2J@host", "control characters"),
    ],
)
def test_upstream_refusals_say_what_was_typed_and_what_to_type(text: str, part: str, home: Path) -> None:
    with pytest.raises(UsageError) as caught:
        upstream(text, environ={}, home=home)
    message = str(caught.value)
    assert part in message
    assert repr(text.replace(":secret@", ":***@")) in message
    assert "Type for example host:2376" in message


@pytest.mark.parametrize(
    ("text", "flags", "environ", "port", "verify"),
    [
        ("h:2376", {}, {}, 2376, True),
        ("h:2376", {"tls": False}, {}, 2376, True),
        ("h:2376", {"tls": True}, {}, 2376, False),
        ("h:2376", {"tlsverify": False}, {}, 2376, False),
        ("h:2376", {}, {"DOCKER_TLS": "1"}, 2376, False),
        ("h", {"tlsverify": True}, {}, 2376, True),
        ("h", {"tls": True}, {}, 2376, False),
        ("h", {"tls": True, "tlsverify": True}, {}, 2376, True),
        ("h:99", {}, {"DOCKER_TLS_VERIFY": "0"}, 99, True),
        ("h:99", {}, {"DOCKER_TLS_VERIFY": "1", "DOCKER_TLS": "1"}, 99, True),
        ("h:99", {"tlsverify": False}, {"DOCKER_TLS_VERIFY": "1"}, 99, False),
        ("h:99", {}, {"DOCKER_TLS": "1"}, 99, False),
        ("https://h:443", {}, {}, 443, True),
        ("https://h", {}, {}, 2376, True),
        ("h:99", {"tlscacert": "~/.docker/ca.pem"}, {}, 99, True),
        (None, {}, {"DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1"}, 2376, True),
        (None, {"tls": True}, {"DOCKER_HOST": "h:1"}, 1, False),
    ],
)
def test_tls_is_on(
    text: str | None, flags: dict[str, bool], environ: dict[str, str], port: int, verify: bool, home: Path
) -> None:
    found = upstream(text, environ=environ, home=home, **flags)  # type: ignore[arg-type]
    assert found == tcp("h", port, tls_of(home / ".docker", verify))


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("h:2375", {"DOCKER_CERT_PATH": "/certs"}),
        ("h:2375", {"DOCKER_TLS_VERIFY": ""}),
        ("http://h:2375", {"DOCKER_TLS_VERIFY": "1"}),
        (None, {"DOCKER_HOST": "tcp://h:2375"}),
    ],
)
def test_tls_is_off(text: str | None, environ: dict[str, str], home: Path) -> None:
    assert upstream(text, environ=environ, home=home) == tcp("h", 2375)


def test_docker_host_is_taken_as_the_docker_cli_takes_it(home: Path) -> None:
    assert upstream(environ={"DOCKER_HOST": "tcp://h:2376"}, home=home) == tcp("h", 2376)
    assert upstream(environ={"DOCKER_HOST": " unix:///x "}, home=home) == unix("/x")
    assert upstream(environ={"DOCKER_HOST": "", "DOCKER_CONTEXT": "default"}, home=home) == unix(
        "/var/run/docker.sock"
    )


def test_a_bad_docker_host_is_called_so(home: Path) -> None:
    with pytest.raises(UsageError, match="In DOCKER_HOST: Address 'h:x': expected a port"):
        upstream(environ={"DOCKER_HOST": "h:x"}, home=home)


def test_a_context_is_not_silently_replaced_by_the_default_socket(home: Path) -> None:
    with pytest.raises(UsageError, match=r"In DOCKER_CONTEXT: There is no docker context 'far'"):
        upstream(environ={"DOCKER_CONTEXT": "far"}, home=home)
    assert upstream(environ={"DOCKER_CONTEXT": "far", "DOCKER_HOST": "h"}, home=home) == tcp("h", 2375)


@pytest.mark.parametrize("variable", ["DOCKER_CERT_PATH", "DOCKER_CONFIG"])
def test_the_directory_of_tls_files(variable: str, home: Path) -> None:
    folder = pem_files(home / "mine")
    assert upstream("h:2376", environ={variable: str(folder)}, home=home).tls == tls_of(folder)


def test_typed_files_win_and_defaults_fill_the_rest(home: Path) -> None:
    mine = pem_files(home / "mine")
    found = upstream("h:1", tlscert=str(mine / "cert.pem"), environ={}, home=home).tls
    assert found == TLS(True, home / ".docker/ca.pem", mine / "cert.pem", home / ".docker/key.pem")


def test_missing_defaults_are_no_client_certificate(tmp_path: Path) -> None:
    folder = pem_files(tmp_path / "c", "ca")
    found = upstream("h:2376", environ={"DOCKER_CERT_PATH": str(folder)}, home=tmp_path).tls
    assert found == TLS(True, folder / "ca.pem", None, None)
    assert upstream("h:2376", tls=True, environ={}, home=tmp_path).tls == TLS(False, None, None, None)


def test_a_missing_ca_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{tmp_path}/.docker/ca.pem.*--tlscacert FILE"):
        upstream("h:2376", environ={}, home=tmp_path)


@pytest.mark.parametrize("flag", ["tlscacert", "tlscert", "tlskey"])
def test_a_typed_file_that_is_missing_is_named(flag: str, home: Path) -> None:
    with pytest.raises(UsageError, match=f"--{flag} /no/such.pem: expected a PEM file"):
        upstream("h:1", **{flag: "/no/such.pem"}, environ={}, home=home)  # type: ignore[arg-type]


@pytest.mark.parametrize(("present", "flag"), [("cert", "--tlskey"), ("key", "--tlscert")])
def test_half_a_pair_is_refused(present: str, flag: str, tmp_path: Path) -> None:
    folder = pem_files(tmp_path / "c", "ca", present)
    with pytest.raises(UsageError, match=f"Type {flag} FILE"):
        upstream("h:2376", environ={"DOCKER_CERT_PATH": str(folder)}, home=tmp_path)


def test_tls_flags_by_kind(home: Path) -> None:
    assert upstream("/x", tlsverify=True, environ={}, home=home) == unix("/x")
    assert upstream("ssh://h", environ={"DOCKER_TLS_VERIFY": "1"}, home=home) == ssh("h")
    with pytest.raises(UsageError, match="with ssh"):
        upstream("ssh://h", tlsverify=True, environ={}, home=home)
    with pytest.raises(UsageError, match="means no TLS"):
        upstream("http://h:1", tls=True, environ={}, home=home)


@pytest.mark.parametrize(
    ("text", "expected", "url", "loopback"),
    [
        ("2377", Listen("tcp", "127.0.0.1", 2377, ""), "tcp://127.0.0.1:2377", True),
        ("0", Listen("tcp", "127.0.0.1", 0, ""), "tcp://127.0.0.1:0", True),
        ("0.0.0.0:2377", Listen("tcp", "0.0.0.0", 2377, ""), "tcp://0.0.0.0:2377", False),
        ("LOCALHOST:1", Listen("tcp", "LOCALHOST", 1, ""), "tcp://LOCALHOST:1", True),
        ("127.8.9.1:1", Listen("tcp", "127.8.9.1", 1, ""), "tcp://127.8.9.1:1", True),
        ("127.0.0.1.example.com:1", Listen("tcp", "127.0.0.1.example.com", 1, ""), None, False),
        ("[::1]:2377", Listen("tcp", "::1", 2377, ""), "tcp://[::1]:2377", True),
        ("[::]:2377", Listen("tcp", "::", 2377, ""), "tcp://[::]:2377", False),
        ("tcp://build7:2377/", Listen("tcp", "build7", 2377, ""), "tcp://build7:2377", False),
        ("unix:///run/a.sock", Listen("unix", "", 0, "/run/a.sock"), "unix:///run/a.sock", True),
        ("/run/a.sock", Listen("unix", "", 0, "/run/a.sock"), "unix:///run/a.sock", True),
    ],
)
def test_listen_forms(text: str, expected: Listen, url: str | None, loopback: bool) -> None:
    found = listen(text)
    assert found == expected
    assert found.loopback is loopback
    assert url is None or str(found) == url


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "found none"),
        (":2377", "found none"),
        ("localhost", "expected a port"),
        ("65536", "from 0 to 65535"),
        ("tcp://2377", "expected a port"),
        ("host:1/x", "found '1/x'"),
        ("unix://a.sock", "absolute path"),
        ("unix:/a.sock", "did you mean unix:///a.sock?"),
        ("ssh://h:1", "expected tcp or unix"),
        ("::1:1", "needs brackets"),
    ],
)
def test_listen_refusals(text: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        listen(text)
    assert part in str(caught.value)
    assert repr(text) in str(caught.value)
    assert "Type for example 2377" in str(caught.value)


def test_names_for_the_certificate_of_a_listener() -> None:
    assert certificate_hosts(listen("build7:1")) == ["build7"]
    assert certificate_hosts(listen("10.0.0.5:1")) == ["10.0.0.5"]
    assert certificate_hosts(listen("/x")) == []
    everywhere = certificate_hosts(listen("0.0.0.0:1"))
    assert everywhere
    assert "0.0.0.0" not in everywhere


def test_a_listener_has_the_base_path_of_the_daemon() -> None:
    daemon = replace(tcp("h", 1), path="/docker")
    assert str(with_base_of(listen("2377"), daemon)) == "tcp://127.0.0.1:2377/docker"
    assert with_base_of(listen("2377"), ssh("h", path="/run/d.sock")) == listen("2377")
    assert with_base_of(listen("/a.sock"), unix("/b.sock")) == listen("/a.sock")
    with pytest.raises(UsageError, match=r"has a base path, /docker, .*type --listen 2377"):
        with_base_of(listen("/a.sock"), daemon)


@pytest.mark.parametrize("text", ["tcp://ann:hunter2@h:2375", "ssh://ann:hunter2@h", "ann:hunter2@h"])
def test_an_error_does_not_repeat_a_password(text: str, home: Path) -> None:
    with pytest.raises(UsageError) as error:
        upstream(text, environ={}, home=home)
    assert "hunter2" not in str(error.value)
    assert "ann:***@h" in str(error.value)
