"""Who refuses a flawed certificate: the real docker, curl and Python, against what `apispy certs --show` says."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.certificate_flaws import CLIENTS, FLAWS, Flaw
from tests.servers import DOCKER, http_server

from .battery_runner import CLIS

ASK = """
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
context.verify_flags |= ssl.VERIFY_X509_STRICT
if sys.argv[3] == "python":
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as sock:
    context.wrap_socket(sock, server_hostname="127.0.0.1").close()
"""


def command(client: str, cli: Path, directory: Path, port: int) -> list[str]:
    ca = str(directory / "ca.pem")
    if client == "docker":
        pair = (
            directory / "server.pem",
            directory / "server-key.pem",
        )  # 20.10 panics without any; nobody asks for it
        flags = ["--tlsverify", "--tlscacert", ca, "--tlscert", str(pair[0]), "--tlskey", str(pair[1])]
        return [str(cli), "-H", f"tcp://127.0.0.1:{port}", *flags, "version", "-f", "{{.Server.Version}}"]
    if client == "curl":
        return ["curl", "-sS", "--cacert", ca, "-o", "/dev/null", f"https://127.0.0.1:{port}/version"]
    return [sys.executable, "-c", ASK, ca, str(port), client]


@pytest.mark.parametrize("cli", CLIS.values(), ids=[f"docker-{major}" for major in CLIS])
@pytest.mark.parametrize("flaw", FLAWS, ids=[flaw.name for flaw in FLAWS])
def test_who_refuses_it(flaw: Flaw, cli: Path, tmp_path: Path) -> None:
    directory = flaw.write(tmp_path / "d")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server-key.pem")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    engine = {"Name": "Engine", "Version": "28.2.2"}
    with http_server(DOCKER | {"Components": [engine], "Platform": {"Name": "x"}}, context=context) as port:
        done = {
            client: subprocess.run(
                command(client, cli, directory, port),
                env=environ, capture_output=True, text=True, timeout=60, check=False,
            )
            for client in CLIENTS
        }  # fmt: skip
    refused = {client for client, result in done.items() if result.returncode}
    assert refused == set(flaw.refused_by), {client: result.stderr for client, result in done.items()}
