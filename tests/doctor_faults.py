"""The prepared faults that `apispy doctor` finds, each with a cure that works: the table of docs/doctor.md.

A fault is prepared in a ``Place``: a home, an environment and loopback daemons. Its texts are templates of the place.
"""

import json
import os
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import CLIENT, SERVER, IssuedCert, issue_cert, make_ca
from tests.servers import DOCKER, VersionHandler, http_server, serving
from tests.unit.endpoints.places import docker_context

TOOLS = ("bash", "sh", "env", "chmod", "mkdir", "rmdir", "mv", "rm", "mktemp", "kill")


class QuietUnixServer(socketserver.ThreadingUnixStreamServer):
    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def unix_daemon(path: Path, answer: object = DOCKER) -> Iterator[None]:
    """A daemon on a unix socket, which answers GET /version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with serving(QuietUnixServer(str(path), VersionHandler), (200, json.dumps(answer).encode())):
        yield


@dataclass
class Place:
    """A home with an environment, and what runs there. ``values`` fills the templates of the fault's texts."""

    home: Path
    stack: ExitStack
    environ: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    after: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        for name in ("bin", "run"):
            (self.home / name).mkdir(mode=0o700, parents=True)
        for tool in TOOLS:
            if path := shutil.which(tool):
                (self.home / "bin" / tool).symlink_to(path)
        self.program("apispy", f'exec {sys.executable} -P -m apispy "$@"')
        self.environ |= {
            "HOME": str(self.home),
            "PATH": f"{self.home}/bin",
            "XDG_RUNTIME_DIR": f"{self.home}/run",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "LC_ALL": "C.UTF-8",
        }
        self.values |= {"home": self.home}
        self.listen = free_port()

    @property
    def default_socket(self) -> Path:
        """What stands for /var/run/docker.sock in the unit tests."""
        return self.home / "var/docker.sock"

    @property
    def docker(self) -> Path:
        return self.home / ".docker"

    def program(self, name: str, script: str, where: str = "bin") -> Path:
        path = self.home / where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def daemon(self, path: Path | None = None, answer: object = DOCKER) -> None:
        """A daemon on a unix socket, by default docker's own."""
        self.stack.enter_context(unix_daemon(path or self.default_socket, answer))

    def tcp_daemon(self, server: Path | None = None, ca: Path | None = None, answer: object = DOCKER) -> int:
        """A daemon on a TCP port; with the certificate in the directory *server*, and for the clients of *ca*."""
        port = self.stack.enter_context(http_server(answer, context=server_context(server, ca)))
        self.values["port"] = port
        return port

    def docker_cli(self, where: str, version: str, api: str) -> Path:
        """A program called docker that knows its version; it stands for a release that is not at hand."""
        return self.program("docker", f"echo '{version} {api}'; exit 1", where)

    def pki(self, hosts: tuple[str, ...] = ("localhost", "127.0.0.1"), **more: float) -> IssuedCert:
        """A CA whose key is in ~/pki, with a server's certificate there, and a client's in ~/.docker."""
        ca = make_ca()
        ca.write(self.home / "pki", "ca.pem", "ca-key.pem")
        server = issue_cert("orion", ca, sans=hosts, usages=(SERVER,), **more)  # type: ignore[arg-type]
        server.write(self.home / "pki", "server.pem", "server-key.pem")
        self.client(ca, self.docker)
        return ca

    def client(self, ca: IssuedCert, where: Path) -> Path:
        return issue_cert("alice", ca, sans=(), usages=(CLIENT,)).write(where, "cert.pem", "key.pem", ca)

    def tls(self, ca: IssuedCert | None = None, host: str = "127.0.0.1") -> None:
        """A daemon with mutual TLS, and the environment of its client."""
        del ca
        port = self.tcp_daemon(self.home / "pki", self.home / "pki/ca.pem")
        self.environ |= {"DOCKER_HOST": f"tcp://{host}:{port}", "DOCKER_TLS_VERIFY": "1"}

    def words(self, *words: str) -> list[str]:
        """The words that run a command here."""
        return list(words)

    def cure(self, command: str) -> None:
        """Run a printed command in a shell: what it exports counts from then on, as do apispy's options."""
        if command.startswith("apispy --"):  # it would start a proxy: the doctor gets the same options
            self.options += command.split()[1:]
            return
        done = subprocess.run(
            self.words("bash", "-c", f"set -e\n{command}\nenv -0"),
            env=self.environ,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        self.environ.clear()
        pairs = (pair.partition("=") for pair in done.stdout.rpartition("\n")[2].split("\0") if pair)
        self.environ.update({name: value for name, _, value in pairs if name not in _OF_THE_SHELL})


_OF_THE_SHELL = ("_", "SHLVL", "PWD", "OLDPWD")


def server_context(server: Path | None, ca: Path | None) -> ssl.SSLContext | None:
    if server is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server / "server.pem", server / "server-key.pem")
    if ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
    return context


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@dataclass(frozen=True)
class Fault:
    """``fault``: what is wrong. ``text`` and ``command``: what doctor prints, as templates of the place."""

    name: str
    fault: str
    check: str
    text: str
    command: str
    prepare: Callable[[Place], None]
    state: str = "problem"


# --- which daemon


def _context_misspelt(place: Place) -> None:
    port = place.tcp_daemon()
    docker_context(place.docker, "production", f"tcp://127.0.0.1:{port}")
    place.environ["DOCKER_CONTEXT"] = "prodution"
    place.values["meta"] = _meta(place, "prodution")


def _context_missing(place: Place) -> None:
    place.daemon()
    place.environ["DOCKER_CONTEXT"] = "staging"
    place.values["meta"] = _meta(place, "staging")


def _current_context_missing(place: Place) -> None:
    place.daemon()
    _config(place, '{"currentContext": "staging"}')
    place.values["meta"] = _meta(place, "staging")


def _meta(place: Place, name: str) -> Path:
    from apispy.endpoints.contexts import Store

    return Store(place.docker).meta_file(name)


def _config(place: Place, text: str) -> None:
    place.docker.mkdir(exist_ok=True)
    (place.docker / "config.json").write_text(text)


def _context_elsewhere(place: Place) -> None:
    place.daemon()
    docker_context(place.docker, "desktop-linux", f"unix://{place.docker}/desktop/docker.sock")
    _config(place, '{"currentContext": "desktop-linux"}')


def _host_beside_context(place: Place) -> None:
    place.daemon()
    docker_context(place.docker, "prod", "tcp://127.0.0.1:1")
    place.environ |= {"DOCKER_HOST": f"unix://{place.default_socket}", "DOCKER_CONTEXT": "prod"}


def _host_over_context(place: Place) -> None:
    place.daemon()
    place.daemon(place.home / "prod.sock")
    docker_context(place.docker, "prod", f"unix://{place.home}/prod.sock")
    _config(place, '{"currentContext": "prod"}')
    place.environ |= {"DOCKER_HOST": f"unix://{place.default_socket}"}


def _host_without_scheme(place: Place) -> None:
    place.daemon()
    place.environ["DOCKER_HOST"] = str(place.default_socket)


def _host_malformed(place: Place) -> None:
    place.daemon()
    place.environ["DOCKER_HOST"] = "unix:/var/run/docker.sock"


def _desktop(place: Place) -> None:
    place.daemon(place.docker / "desktop/docker.sock")


def _rootless(place: Place) -> None:
    place.daemon()
    place.daemon(place.home / "run/docker.sock")


def _left_by_apispy(place: Place) -> None:
    place.daemon()
    port = free_port()
    place.values["port"] = port
    place.environ |= {
        "DOCKER_HOST": f"tcp://127.0.0.1:{port}",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(_own_certs(place)),
    }


def _own_certs(place: Place, days: float = 0) -> Path:
    from datetime import UTC, datetime, timedelta

    from apispy.certs import open_store

    where = place.home / ".local/share/apispy/certs"
    open_store(where, clock=lambda: datetime.now(UTC) + timedelta(days=days)).server_for()
    return where


# --- TLS


def _wrong_name(place: Place) -> None:
    place.pki(("localhost",))
    place.tls()


def _other_ca(place: Place) -> None:
    place.pki()
    place.client(make_ca("another CA"), place.home / "old-certs")
    place.tls()
    place.environ["DOCKER_CERT_PATH"] = f"{place.home}/old-certs"


def _key_of_another(place: Place) -> None:
    ca = place.pki()
    place.client(ca, place.home / "mixed")
    (place.home / "mixed/key.pem").write_bytes((place.home / "pki/server-key.pem").read_bytes())
    place.tls()
    place.environ["DOCKER_CERT_PATH"] = f"{place.home}/mixed"


def _key_readable(place: Place) -> None:
    place.pki()
    (place.docker / "key.pem").chmod(0o644)
    place.tls()


def _own_key_readable(place: Place) -> None:
    place.daemon()
    (_own_certs(place) / "ca-key.pem").chmod(0o644)


def _own_ca_expired(place: Place) -> None:
    from apispy.certs import validity_period

    place.daemon()
    end = validity_period(_own_certs(place, -5000) / "ca.pem")[1]
    (place.home / ".local/share/apispy/certs/cert.pem").unlink()
    (place.home / ".local/share/apispy/certs/server.pem").unlink()
    place.values["end"] = f"{end:%Y-%m-%d}"


def _no_ca(place: Place) -> None:
    place.pki()
    place.docker.rename(place.home / "orion")
    place.docker.mkdir()
    (place.home / "orion").rename(place.docker / "orion")
    place.tls()


def _no_ca_for_socket(place: Place) -> None:
    place.daemon()
    place.environ["DOCKER_TLS_VERIFY"] = "1"


def _plain_at_tls(place: Place) -> None:
    place.pki()
    place.tls()
    del place.environ["DOCKER_TLS_VERIFY"]


def _tls_at_plain(place: Place) -> None:
    place.pki()
    port = place.tcp_daemon()
    place.environ |= {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", "DOCKER_TLS_VERIFY": "1"}


def _verify_0(place: Place) -> None:
    place.pki()
    place.tls()
    place.environ |= {"DOCKER_TLS_VERIFY": "0"}
    place.after = lambda: place.environ.update({"DOCKER_TLS_VERIFY": "1"})  # the daemon here needs it


def _cert_path(place: Place) -> None:
    place.daemon()
    place.environ["DOCKER_CERT_PATH"] = f"{place.home}/certs"


def _expired(place: Place) -> None:
    """A daemon with an expired certificate; it is started anew after the cure."""
    place.pki(begins=-30, ends=-1)
    place.tls()
    place.client_dir = place.home / "pki"  # type: ignore[attr-defined]
    for name in ("cert.pem", "key.pem"):
        shutil.copy(place.docker / name, place.home / "pki" / name)
    place.environ["DOCKER_CERT_PATH"] = f"{place.home}/pki"

    def restart() -> None:
        place.tls()

    place.after = restart


# --- versions


def _pinned(place: Place) -> None:
    place.daemon()
    place.docker_cli("bin", "28.2.2", "1.50")
    place.environ["DOCKER_API_VERSION"] = "1.99"


def _old_client(place: Place) -> None:
    place.daemon(answer=DOCKER | {"Version": "29.0.0", "ApiVersion": "1.52", "MinAPIVersion": "1.44"})
    place.docker_cli("bin", "20.10.24", "1.41")
    place.docker_cli("new", "28.2.2", "1.50")
    place.environ["PATH"] += f":{place.home}/new"


def _new_client(place: Place) -> None:
    place.daemon(answer=DOCKER | {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"})
    place.docker_cli("bin", "29.0.1", "1.52")


def _podman_docker(place: Place) -> None:
    place.daemon()
    place.program("docker", 'exec /usr/bin/podman "$@"')  # the script of podman-docker
    place.docker_cli("real", "28.2.2", "1.50")
    place.environ["PATH"] += f":{place.home}/real"


def _snap(place: Place) -> None:
    place.daemon()
    snap = place.program("snap", "echo '28.4.0 1.51'", "usr/bin")
    (place.home / "bin/docker").symlink_to(snap)


# --- this machine


def _proxy(place: Place) -> None:
    port = place.tcp_daemon()
    place.environ |= {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", "HTTP_PROXY": "http://proxy.corp:3128"}


def _proxy_two_spellings(place: Place) -> None:
    port = place.tcp_daemon()
    place.environ |= {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", "https_proxy": "http://proxy.corp:3128"}
    place.environ |= {"NO_PROXY": "127.0.0.0/8", "no_proxy": ".corp"}


def _port_taken(place: Place) -> None:
    place.daemon()
    place.stack.enter_context(socket.create_server(("127.0.0.1", place.listen)))
    free = place.listen + 1
    while True:
        try:
            socket.create_server(("127.0.0.1", free)).close()
            break
        except OSError:
            free += 1
    place.values |= {"taken": place.listen, "free": free}


def _no_listen_directory(place: Place) -> None:
    place.daemon()
    place.options += ["--listen", f"unix://{place.home}/sockets/apispy.sock"]


def _broken_config(place: Place) -> None:
    place.daemon()
    _config(place, '{"auths": {')


FAULTS = (
    Fault("context-misspelt", "`DOCKER_CONTEXT` names a context that does not exist, but a similar one does", "daemon",
          "In DOCKER_CONTEXT: There is no docker context 'prodution': looked for {meta}. There are: default, "
          "production. To list them: docker context ls", "export DOCKER_CONTEXT=production", _context_misspelt),
    Fault("context-missing", "`DOCKER_CONTEXT` names a context that does not exist", "daemon",
          "In DOCKER_CONTEXT: There is no docker context 'staging': looked for {meta}. There are: default. "
          "To list them: docker context ls", "unset DOCKER_CONTEXT", _context_missing),
    Fault("current-context-missing", "the current context of `config.json` does not exist", "daemon",
          "In currentContext of {home}/.docker/config.json: There is no docker context 'staging': looked for {meta}. "
          "There are: default. To list them: docker context ls", "export DOCKER_CONTEXT=default",
          _current_context_missing),
    Fault("context-elsewhere", "the current context is Docker Desktop's, which is off; another daemon is not", "daemon",
          "unix://{home}/.docker/desktop/docker.sock (docker context 'desktop-linux', currentContext): no such socket",
          "export DOCKER_CONTEXT=default", _context_elsewhere),
    Fault("host-beside-context", "`DOCKER_HOST` and `DOCKER_CONTEXT` are both set", "variables",
          "DOCKER_HOST=unix://{default} and DOCKER_CONTEXT=prod: docker uses the first", "unset DOCKER_CONTEXT",
          _host_beside_context, "note"),
    Fault("host-over-context", "`DOCKER_HOST` hides the current context", "variables",
          "DOCKER_HOST=unix://{default} overrides docker's current context, prod", "unset DOCKER_HOST",
          _host_over_context, "note"),
    Fault("host-without-scheme", "`DOCKER_HOST` is a path, without `unix://`", "variables",
          "DOCKER_HOST={default} is a socket for apispy, but docker takes it for tcp://localhost:2375{default}",
          "export DOCKER_HOST=unix://{default}", _host_without_scheme),
    Fault("host-malformed", "`DOCKER_HOST` cannot be read", "daemon",
          "In DOCKER_HOST: Address 'unix:/var/run/docker.sock': expected :// after unix, found :/; did you mean "
          "unix:///var/run/docker.sock? Type for example host:2376, tcp://host:2375, unix:///var/run/docker.sock or "
          "ssh://user@host", "export DOCKER_HOST=unix://{default}", _host_malformed),
    Fault("desktop", "only Docker Desktop's socket responds, and no context leads to it", "daemon",
          "unix://{default}: no such socket", "export DOCKER_HOST=unix://{home}/.docker/desktop/docker.sock", _desktop),
    Fault("rootless", "a rootless Docker is not the one that is used", "sockets",
          "a rootless Docker has a socket here too, unix://{home}/run/docker.sock; apispy would dial unix://{default}",
          "export DOCKER_HOST=unix://{home}/run/docker.sock", _rootless, "note"),
    Fault("left-by-apispy", "the shell has the variables of an apispy that has ended", "daemon",
          "tcp://127.0.0.1:{port}: connection refused, nothing is listening on this port",
          'eval "$(apispy env --unset)"', _left_by_apispy),
    Fault("wrong-name", "the daemon's certificate is for another host name", "daemon",
          "tcp://127.0.0.1:{port}: TLS verification failed: its certificate is not for 127.0.0.1 but for localhost",
          "export DOCKER_HOST=tcp://localhost:{port} DOCKER_CERT_PATH={home}/.docker", _wrong_name),
    Fault("other-ca", "the daemon's certificate is of another CA than `ca.pem`", "daemon",
          "tcp://127.0.0.1:{port}: TLS verification failed: its certificate was not signed by a CA in "
          "{home}/old-certs/ca.pem", "export DOCKER_CERT_PATH={home}/.docker", _other_ca),
    Fault("expired", "the daemon's certificate has expired", "daemon",
          "tcp://127.0.0.1:{port}: TLS verification failed: its certificate has expired (the local clock says {now})",
          "apispy certs --ip 127.0.0.1 --ca {home}/pki --out {home}/pki --force", _expired),
    Fault("key-of-another", "the client's key is not that of its certificate", "daemon",
          "{home}/mixed/cert.pem and {home}/mixed/key.pem: expected a certificate and its own unencrypted key in PEM, "
          "found something else (key values mismatch). Type --tlscert FILE --tlskey FILE with a matching pair",
          "export DOCKER_CERT_PATH={home}/.docker", _key_of_another),
    Fault("key-readable", "others can read the client's key", "certificates",
          "{home}/.docker/key.pem has mode 0644: others have access", "chmod 600 {home}/.docker/key.pem",
          _key_readable),
    Fault("own-key-readable", "others can read the key of apispy's CA", "certificates",
          "{certs}/ca-key.pem has mode 0644: others have access", "chmod 600 {certs}/ca-key.pem", _own_key_readable),
    Fault("own-ca-expired", "apispy's CA has expired", "certificates",
          "{certs}/ca.pem expired on {end}", "mv {certs} {certs}.old", _own_ca_expired),
    Fault("no-ca", "`DOCKER_TLS_VERIFY` is set, but `ca.pem` is elsewhere", "daemon",
          "The daemon's certificate cannot be verified: {home}/.docker/ca.pem does not exist. Type --tlscacert FILE "
          "with the CA of that daemon, set DOCKER_CERT_PATH to the directory that contains ca.pem, or type --tls with "
          "DOCKER_TLS_VERIFY unset to accept any certificate", "export DOCKER_CERT_PATH={home}/.docker/orion", _no_ca),
    Fault("no-ca-for-socket", "`DOCKER_TLS_VERIFY` is set, without `ca.pem`, beside a socket", "variables",
          "with DOCKER_TLS_VERIFY, docker reads {home}/.docker/ca.pem, which does not exist, also to use a socket",
          "unset DOCKER_TLS_VERIFY", _no_ca_for_socket),
    Fault("cert-path", "`DOCKER_CERT_PATH` has no `ca.pem`", "variables",
          "DOCKER_CERT_PATH={home}/certs has no ca.pem", "unset DOCKER_CERT_PATH", _cert_path),
    Fault("verify-0", "`DOCKER_TLS_VERIFY=0`, which turns verification on", "variables",
          "DOCKER_TLS_VERIFY=0 turns verification on, as any value does", "unset DOCKER_TLS_VERIFY", _verify_0, "note"),
    Fault("plain-at-tls", "a client without TLS at a TLS port", "daemon",
          "tcp://127.0.0.1:{port}: it dropped the connection",
          "export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={home}/.docker", _plain_at_tls),
    Fault("tls-at-plain", "a client with TLS at a port without it", "daemon",
          "tcp://127.0.0.1:{port}: TLS handshake failed: the port does not speak TLS", "unset DOCKER_TLS_VERIFY",
          _tls_at_plain),
    Fault("pinned", "`DOCKER_API_VERSION` is newer than the daemon", "API versions",
          "{home}/bin/docker would use 1.99, because DOCKER_API_VERSION=1.99; the daemon supports 1.24 to 1.50",
          "unset DOCKER_API_VERSION", _pinned),
    Fault("old-client", "an old CLI at engine 29, and a newer CLI behind it on `PATH`", "API versions",
          "{home}/bin/docker supports API 1.41 at most, the daemon 1.44 at least",
          'export PATH={home}/new:"$PATH"', _old_client),
    Fault("new-client", "a CLI of version 29 at an old engine", "API versions",
          "{home}/bin/docker supports API 1.44 at least, the daemon 1.41 at most", "export DOCKER_API_VERSION=1.41",
          _new_client),
    Fault("podman-docker", "`docker` is Podman (podman-docker), which ignores `DOCKER_HOST`", "docker CLI",
          "{home}/bin/docker is Podman, which does not use DOCKER_HOST: apispy sees none of its calls",
          'export PATH={home}/real:"$PATH"', _podman_docker),
    Fault("snap", "docker from a snap, which cannot read apispy's certificates", "docker CLI",
          "{home}/bin/docker is a snap: of {home} it can read what is not hidden, and no other file, so not {certs}",
          "apispy --certs-dir {home}/apispy-certs", _snap),
    Fault("proxy", "`HTTP_PROXY` catches the daemon's address", "proxies",
          "HTTP_PROXY would intercept clients of 127.0.0.1", "export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1", _proxy),
    Fault("proxy-two-spellings", "`NO_PROXY` exempts the daemon, `no_proxy` does not", "proxies",
          "https_proxy would intercept clients of 127.0.0.1",
          "export NO_PROXY=127.0.0.1,127.0.0.0/8,.corp no_proxy=127.0.0.1,127.0.0.0/8,.corp", _proxy_two_spellings),
    Fault("port-taken", "another program listens where apispy would", "listener",
          "tcp://127.0.0.1:{taken}: Address already in use", "apispy --listen {free}", _port_taken),
    Fault("no-listen-directory", "the directory of apispy's socket does not exist", "listener",
          "unix://{home}/sockets/apispy.sock: there is no directory {home}/sockets", "mkdir -p {home}/sockets",
          _no_listen_directory),
    Fault("broken-config", "docker's `config.json` is damaged", "variables",
          "{home}/.docker/config.json is not JSON: docker ignores its settings",
          "mv {home}/.docker/config.json {home}/.docker/config.json.broken", _broken_config),
)  # fmt: skip
