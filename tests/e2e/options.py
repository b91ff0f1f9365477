"""apispy's command-line options for each kind of listener and of upstream."""

from pathlib import Path

from .daemon import Daemons
from .endpoints import Endpoint


def listen_options(kind: str, where: Path) -> list[str]:
    return {
        "unix": ["--listen", f"unix://{where}/s"],
        "tcp": ["--listen", "127.0.0.1:0", "--listen-plaintext"],
        "tls": ["--listen", "127.0.0.1:0", "--certs-dir", f"{where}/certs"],
    }[kind]


def endpoint_options(endpoint: Endpoint) -> list[str]:
    """Return the options for this endpoint as upstream."""
    words = ["--upstream", endpoint.host]
    if certs := endpoint.certs:
        words += ["--tlsverify", "--tlscacert", f"{certs}/ca.pem"]
        words += ["--tlscert", f"{certs}/cert.pem", "--tlskey", f"{certs}/key.pem"]
    return words


def upstream_options(kind: str, daemons: Daemons) -> list[str]:
    """Return the options for one of the session's daemons as upstream."""
    if kind == "ssh":
        return ["--upstream", "ssh://me@far.test:2222"]
    return endpoint_options(
        {"unix": daemons.plain.unix, "tcp": daemons.plain_tcp, "tls": daemons.tls_tcp}[kind]
    )
