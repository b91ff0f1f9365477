"""The command line of apispy for a kind of listener and a kind of upstream."""

from pathlib import Path

from .daemon import Daemons
from .endpoints import Endpoint


def listener(kind: str, where: Path) -> list[str]:
    return {
        "unix": ["--listen", f"unix://{where}/s"],
        "tcp": ["--listen", "127.0.0.1:0", "--listen-plaintext"],
        "tls": ["--listen", "127.0.0.1:0", "--certs-dir", f"{where}/certs"],
    }[kind]


def dial(endpoint: Endpoint) -> list[str]:
    """To this very endpoint."""
    words = ["--upstream", endpoint.host]
    if certs := endpoint.certs:
        words += ["--tlsverify", "--tlscacert", f"{certs}/ca.pem"]
        words += ["--tlscert", f"{certs}/cert.pem", "--tlskey", f"{certs}/key.pem"]
    return words


def upstream(kind: str, daemons: Daemons) -> list[str]:
    """To one of the session's daemons."""
    if kind == "ssh":
        return ["--upstream", "ssh://me@far.test:2222"]
    return dial({"unix": daemons.plain.unix, "tcp": daemons.plain_tcp, "tls": daemons.tls_tcp}[kind])
