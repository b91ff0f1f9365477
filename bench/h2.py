"""An HTTP/2 server that is fast enough not to be the bottleneck: nghttpd with the response to one gRPC call."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.addresses import ServerAddresses
from tests.e2e.wait import until

CALL = "/grpc.health.v1.Health/Check"
"""The path of the call, which BuildKit's clients make first."""

REQUEST = b"\0\0\0\0\0"
"""An empty message of gRPC: not compressed, and its length."""

RESPONSE = b"\0\0\0\0\2\x08\x01"
"""The message with status SERVING."""


@dataclass
class Http2Server:
    """A running nghttpd at the TCP address of *addresses*, without TLS."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, addresses: ServerAddresses) -> "Http2Server":
        root = addresses.where / "root"
        answer = root / CALL.removeprefix("/")
        answer.parent.mkdir(parents=True)
        answer.write_bytes(RESPONSE)
        request_file(addresses.where).write_bytes(REQUEST)
        host, port = addresses.tcp.address
        command = ["nghttpd", "--no-tls", "-d", str(root), "-a", str(host), str(port)]
        server = cls(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        until(lambda: server.accepts(addresses), 10, "nghttpd to listen")
        return server

    def accepts(self, addresses: ServerAddresses) -> bool:
        assert self.process.poll() is None, "nghttpd ended"
        try:
            addresses.tcp.plain_socket(2).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def request_file(where: Path) -> Path:
    """The file with the message of a call; *where* is the server's directory."""
    return where / "message"
