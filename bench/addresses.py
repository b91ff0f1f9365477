"""A server's address for each transport."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.e2e.daemon import Authority, free_port
from tests.e2e.endpoints import Endpoint

Transport = Literal["tcp", "tls", "unix"]

TRANSPORTS: dict[Transport, str] = {"tcp": "plain TCP", "tls": "mutual TLS", "unix": "unix socket"}


@dataclass(frozen=True)
class ServerAddresses:
    """Three free addresses for one server, and the certificates of both sides."""

    where: Path
    server_certs: Path
    client_certs: Path
    tcp: Endpoint
    tls: Endpoint
    unix: Endpoint

    @classmethod
    def make(cls, where: Path) -> "ServerAddresses":
        where.mkdir(parents=True)
        authority = Authority.make("bench CA")
        server = authority.issue(where / "server", server=True)
        client = authority.issue(where / "client", server=False)
        return cls(
            where,
            server,
            client,
            Endpoint(f"tcp://127.0.0.1:{free_port()}"),
            Endpoint(f"tcp://127.0.0.1:{free_port()}", client),
            Endpoint(f"unix://{where}/sock"),
        )

    def over(self, transport: Transport) -> Endpoint:
        return {"tcp": self.tcp, "tls": self.tls, "unix": self.unix}[transport]
