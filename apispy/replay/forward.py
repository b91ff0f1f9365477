"""Spy mode: what has no recorded answer is asked of a real daemon, and can be recorded."""

from apispy.endpoints import Endpoint, tls_context
from apispy.model import Request
from apispy.sockets import Carrier, TlsStream, dial

OURS = ("transfer-encoding", "content-length", "expect")
"""Headers that are made anew: the body is sent in one piece, without asking first."""


async def open_daemon(endpoint: Endpoint) -> Carrier:
    """A connection to the daemon, with TLS if it has that. Raises ApispyError, or OSError from the handshake."""
    stream = await dial(endpoint)
    if endpoint.tls is None:
        return stream
    secured = TlsStream(stream, tls_context(endpoint), endpoint.host)
    await secured.handshake()
    return secured


def wire(request: Request) -> bytes:
    """The request as it is sent on; its body must be whole."""
    lines = [f"{request.method} {request.target} HTTP/{request.version}".encode("latin-1")]
    lines += [
        b"%b: %b" % field for field in request.headers if field[0].decode("latin-1").lower() not in OURS
    ]
    data = request.body.data
    if request.announces_body or request.method in ("POST", "PUT"):
        lines.append(b"Content-Length: %d" % len(data))
    return b"\r\n".join([*lines, b"", data])


class ToDaemon:
    """A Talk: what the client says in a tunnel goes on to the daemon."""

    problem = ""

    def __init__(self, daemon: Carrier) -> None:
        self._daemon = daemon

    def heard(self, data: bytes) -> None:
        self._daemon.write(data)

    def ended(self) -> None:
        self._daemon.write_eof()

    def reached(self, mark: object) -> bool:
        return True
