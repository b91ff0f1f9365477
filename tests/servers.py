"""Loopback servers with responses that the test defines; no sleeps."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer, TCPServer

DOCKER = {"Version": "28.2.2", "ApiVersion": "1.50", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}


class VersionHandler(BaseHTTPRequestHandler):
    """Sends ``server.answer``, (status, body), in response to any GET."""

    def do_GET(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_: object) -> None:
        pass


class QuietTCPServer(TCPServer):
    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: BaseServer, answer: tuple[int, bytes]) -> Iterator[None]:
    server.answer = answer  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def http_server(
    answer: object = DOCKER, status: int = 200, context: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Run an HTTP server on 127.0.0.1; yields its port. TLS handshakes happen in its thread."""
    server = QuietTCPServer(("127.0.0.1", 0), VersionHandler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    with serving(server, (status, body)):
        yield server.server_address[1]


@contextmanager
def raw_server(answer: bytes) -> Iterator[int]:
    """Run a server that reads once, sends ``answer`` and closes; yields its port."""

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.recv(65536)
            sock.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()
