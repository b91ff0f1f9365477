"""A daemon that sends and receives bodies of zeros of any size, without a disk: ``python -m bench.bulk ADDRESSES...``.

GET /images/get responds with chunks of 32 KiB, as Go's io.Copy writes them; POST /images/load accepts a body with a
Content-Length. The query has the size: ``?size=1073741824``. It spends its time in the kernel, so that it is not the
bottleneck.
"""

import re
import socket
import ssl
import sys
import threading
from pathlib import Path

CHUNK = 32 << 10
FRAMED = b"%x\r\n" % CHUNK + bytes(CHUNK) + b"\r\n"
CHUNKS_PER_WRITE = 16
"""Chunks per write."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
UPLOAD_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{}\n"


def serve(sock: socket.socket) -> None:
    """Handle requests on one connection until it ends."""
    with sock:
        seen = b""
        while True:
            while b"\r\n\r\n" not in seen:
                data = sock.recv(65536)
                if not data:
                    return
                seen += data
            head, _, seen = seen.partition(b"\r\n\r\n")
            query = re.search(rb"size=(\d+)", head)
            size = int(query[1]) if query else 0
            if head.startswith(b"POST"):
                discard_body(sock, size - len(seen))
                seen = b""
                sock.sendall(UPLOAD_RESPONSE)
            else:
                send(sock, size)


def send(sock: socket.socket, size: int) -> None:
    sock.sendall(HEAD)
    batch = FRAMED * CHUNKS_PER_WRITE
    for _ in range(size // (CHUNK * CHUNKS_PER_WRITE)):
        sock.sendall(batch)
    sock.sendall(b"0\r\n\r\n")


def discard_body(sock: socket.socket, size: int) -> None:
    buffer = memoryview(bytearray(1 << 20))
    while size > 0:
        received = sock.recv_into(buffer[: min(size, len(buffer))])
        if not received:
            return
        size -= received


def accept(listener: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_serve_connection, args=(sock, context), daemon=True).start()


def _serve_connection(sock: socket.socket, context: ssl.SSLContext | None) -> None:
    try:
        serve(context.wrap_socket(sock, server_side=True) if context else sock)
    except OSError:
        pass  # the client has disconnected


def main(tcp: str, tls: str, unix: str, certs: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{certs}/ca.pem")
    context.load_cert_chain(f"{certs}/cert.pem", f"{certs}/key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listeners = [
        (socket.create_server(("127.0.0.1", int(tcp)), backlog=100), None),
        (socket.create_server(("127.0.0.1", int(tls)), backlog=100), context),
        (socket.socket(socket.AF_UNIX), None),
    ]
    listeners[2][0].bind(unix)
    listeners[2][0].listen(100)
    threads = [threading.Thread(target=accept, args=one, daemon=True) for one in listeners]
    for thread in threads:
        thread.start()
    Path(f"{unix}.ready").touch()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
