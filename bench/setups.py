"""The setups to compare: what runs between client and daemon. Each has a function that starts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.addresses import ServerAddresses, Transport
from bench.processes import Processes
from tests.e2e.apispy_process import Apispy
from tests.e2e.daemon import free_port
from tests.e2e.endpoints import Endpoint
from tests.e2e.wait import until


@dataclass
class Route:
    """A route to the daemon, ready to use. *processes*: those between client and daemon."""

    endpoint: Endpoint
    processes: Processes = field(default_factory=Processes)
    stop: Callable[[], object] = lambda: None
    setup: str = ""


Start = Callable[[Path, ServerAddresses, Transport], Route]
"""Arguments: a new directory, the daemon's addresses, and the transport for both sides."""


def _run(where: Path, command: list[str], endpoint: Endpoint) -> Route:
    where.mkdir(parents=True, exist_ok=True)
    with (where / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=where)

    def accepts() -> bool:
        try:
            endpoint.plain_socket(2).close()
        except OSError:
            if process.poll() is not None:
                raise AssertionError(f"{command[0]} ended: {(where / 'log').read_text()}") from None
            return False
        return True

    def stop() -> None:
        process.terminate()
        process.wait(20)

    until(accepts, 30, f"{command[0]} to listen; its log: {where}/log")
    return Route(endpoint, Processes(process.pid), stop)


def _direct(_where: Path, daemon: ServerAddresses, transport: Transport) -> Route:
    return Route(daemon.over(transport))


def _socat(where: Path, daemon: ServerAddresses, transport: Transport) -> Route:
    upstream = daemon.over(transport)
    if transport == "unix":
        endpoint = Endpoint(f"unix://{where}/sock")
        ends = [f"UNIX-LISTEN:{endpoint.path},fork,backlog=500", f"UNIX-CONNECT:{upstream.path}"]
    else:
        endpoint = Endpoint(f"tcp://127.0.0.1:{free_port()}", upstream.certs)
        options = f"{endpoint.address[1]},bind=127.0.0.1,fork,reuseaddr,backlog=500,nodelay"
        to = f"127.0.0.1:{upstream.address[1]},nodelay"
        ends = [f"TCP-LISTEN:{options}", f"TCP:{to}"]
        if transport == "tls":
            ours, theirs = daemon.server_certs, daemon.client_certs
            ends = [
                f"OPENSSL-LISTEN:{options},{_socat_files(ours)}",
                f"OPENSSL:{to},commonname=localhost,{_socat_files(theirs)}",
            ]
    where.mkdir(parents=True)
    return _run(where, ["socat", "-b", "262144", "-t", "3600", *ends], endpoint)


def _socat_files(certs: Path) -> str:
    return f"cafile={certs}/ca.pem,cert={certs}/cert.pem,key={certs}/key.pem,verify=1"


HAPROXY = """
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen docker
    bind {bind}
    server daemon {server}
"""


def _haproxy(where: Path, daemon: ServerAddresses, transport: Transport) -> Route:
    where.mkdir(parents=True)
    upstream = daemon.over(transport)
    if transport == "unix":
        endpoint = Endpoint(f"unix://{where}/sock")
        bind, server = f"unix@{endpoint.path}", f"unix@{upstream.path}"
    else:
        endpoint = Endpoint(f"tcp://127.0.0.1:{free_port()}", upstream.certs)
        bind, server = ("{}:{}".format(*one.address) for one in (endpoint, upstream))
        if transport == "tls":
            ours, theirs = (
                _joined(where / "ours.pem", daemon.server_certs),
                _joined(where / "theirs.pem", daemon.client_certs),
            )
            bind += f" ssl crt {ours} ca-file {daemon.server_certs}/ca.pem verify required"
            server += f" ssl crt {theirs} ca-file {daemon.server_certs}/ca.pem verify required"
    config = where / "haproxy.cfg"
    config.write_text(HAPROXY.format(bind=bind, server=server))
    return _run(where, ["haproxy", "-q", "-f", str(config)], endpoint)


def _joined(path: Path, certs: Path) -> Path:
    path.write_bytes((certs / "cert.pem").read_bytes() + (certs / "key.pem").read_bytes())
    path.chmod(0o600)
    return path


def _mitmdump(where: Path, daemon: ServerAddresses, transport: Transport, *more: str) -> Route:
    """Start mitmdump as its users do, except for streaming, which keeps a body of 1 GB out of its memory."""
    where.mkdir(parents=True)
    upstream = daemon.over(transport)
    endpoint = Endpoint(f"tcp://127.0.0.1:{free_port()}", upstream.certs)
    scheme = "https" if transport == "tls" else "http"
    mode = f"reverse:{scheme}://localhost:{upstream.address[1]}"
    options = ["--set", f"confdir={where}/conf", "--set", "stream_large_bodies=1m"]
    if transport == "tls":
        certificates = f"*={_joined(where / 'ours.pem', daemon.server_certs)}"
        options += ["--certs", certificates, "--set", "request_client_cert=true"]
        options += ["--set", f"client_certs={_joined(where / 'theirs.pem', daemon.client_certs)}"]
        options += ["--set", f"ssl_verify_upstream_trusted_ca={daemon.client_certs}/ca.pem"]
    script = Path(sys.executable).parent / "mitmdump"
    command = [str(script), "--listen-host", "127.0.0.1", "--listen-port", str(endpoint.address[1])]
    return _run(where, [*command, "--mode", mode, "-q", *options, *more], endpoint)


def _mitmdump_file(where: Path, daemon: ServerAddresses, transport: Transport) -> Route:
    return _mitmdump(where, daemon, transport, "-w", f"{where}/flows")


def _apispy(*words: str) -> Start:
    def start(where: Path, daemon: ServerAddresses, transport: Transport) -> Route:
        upstream = daemon.over(transport)
        command = ["--upstream", upstream.host]
        if upstream.certs is not None:
            command += ["--tlsverify", *_docker_files(upstream.certs)]
        if transport == "unix":
            command += ["--listen", f"unix://{where}/sock"]
        else:
            command += ["--listen", "0"] + (["--listen-plaintext"] if transport == "tcp" else [])
        filled = [word.format(where=where, daemon="{}:{}".format(*daemon.tcp.address)) for word in words]
        environment = {name: value for name, value in os.environ.items() if name.startswith("APISPY_BENCH")}
        spy = Apispy.start(where, *command, *filled, env=environment)
        return Route(spy.at, Processes(spy.pid), spy.end)

    return start


def _docker_files(certs: Path) -> list[str]:
    names = {"--tlscacert": "ca.pem", "--tlscert": "cert.pem", "--tlskey": "key.pem"}
    return [part for option, name in names.items() for part in (option, f"{certs}/{name}")]


@dataclass(frozen=True)
class Setup:
    start: Start
    transports: tuple[Transport, ...]
    description: str  # for the report
    only: tuple[str, ...] = ("",)  # how the names of its measures begin
    without: str = ""  # the setup to which it adds an option

    def takes_part(self, measure: str) -> bool:
        """Whether it is compared in the measure of this name."""
        return measure.startswith(self.only)


ALL: tuple[Transport, ...] = ("tcp", "tls", "unix")

OPTIONS = "_ping/s with options"
"""The measure of apispy with an option; apispy without it is measured in the same rounds."""

SHARE = "share of _ping/s that passes with an option"
"""The measure that compares the two, pair by pair."""

_MEASURES_OF_OPTIONS = (OPTIONS, SHARE, "CPU for 1,000 _ping")

SETUPS = {
    "direct": Setup(_direct, ALL, "no proxy"),
    "socat": Setup(_socat, ALL, "socat -b 262144, a process per connection"),
    "haproxy": Setup(_haproxy, ALL, "HAProxy in TCP mode"),
    "mitmdump": Setup(_mitmdump, ("tcp", "tls"), "stock mitmdump -q in reverse mode, stream_large_bodies=1m"),
    "mitmdump -w": Setup(
        _mitmdump_file,
        ("tcp",),
        "the same, which keeps the flows in a file; it decodes nothing",
        ("containers/json", "_ping/s, 1 ", "CPU"),
    ),
    "apispy -q": Setup(_apispy("-q"), ALL, "apispy, only the summary"),
    "apispy": Setup(_apispy(), ALL, "apispy, one decoded line per call"),
    "apispy --capture": Setup(_apispy("--capture", "{where}/c.apispy"), ALL, "the same, with a capture file"),
    "apispy -q --read-only": Setup(
        _apispy("-q", "--read-only"),
        ("tcp",),
        "apispy -q, which decides about each request by rules",
        _MEASURES_OF_OPTIONS,
        "apispy -q",
    ),
    "apispy -q --metrics": Setup(
        _apispy("-q", "--metrics", "0"),
        ("tcp",),
        "apispy -q, with metrics that nobody scrapes",
        _MEASURES_OF_OPTIONS,
        "apispy -q",
    ),
    "apispy -q --otlp": Setup(
        _apispy("-q", "--otlp", "http://{daemon}"),
        ("tcp",),
        "apispy -q, which sends a span of each call to a receiver",
        _MEASURES_OF_OPTIONS,
        "apispy -q",
    ),
    "apispy --otlp": Setup(
        _apispy("--otlp", "http://{daemon}"),
        ("tcp",),
        "the same with a line per call",
        _MEASURES_OF_OPTIONS,
        "apispy",
    ),
}
