"""A client with almost no overhead: one socket, sequential requests, times to the microsecond."""

import re
import socket
import time
from statistics import quantiles

from tests.e2e.endpoints import Endpoint

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def request(path: str) -> bytes:
    """Return a GET request as the docker CLI writes it."""
    lines = [f"GET {path} HTTP/1.1", "Host: docker", "User-Agent: Docker-Client/28.2.2 (linux)"]
    return "\r\n".join([*lines, "", ""]).encode()


def exchange(sock: socket.socket, message: bytes, *, bodyless: bool = False) -> bytes:
    """Send a request and return its response body, which must have a Content-Length or end in a last chunk.

    A response with status 204 has no body. *bodyless*: nor has the response to this request, which is HEAD.
    """
    sock.sendall(message)
    data = sock.recv(1 << 20)
    while b"\r\n\r\n" not in data:
        data += _more(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b" 20" in head[:12], head
    if bodyless or head[9:12] == b"204":
        return b""
    if length := _LENGTH.search(head):
        pieces, missing = [body], int(length[1]) - len(body)
        while missing > 0:
            pieces.append(_more(sock))
            missing -= len(pieces[-1])
        return b"".join(pieces)
    while not body.endswith(b"0\r\n\r\n"):
        body += _more(sock)
    return body


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(1 << 20)
    assert data, "the connection ended in the middle of a response"
    return data


def latencies(endpoint: Endpoint, path: str, count: int) -> list[float]:
    """Measure *count* requests on one connection, in milliseconds."""
    message, found = request(path), []
    with endpoint.socket() as sock:
        exchange(sock, message)
        for _ in range(count):
            began = time.perf_counter()
            exchange(sock, message)
            found.append((time.perf_counter() - began) * 1000)
    return found


def steady_latencies(endpoint: Endpoint, path: str, count: int, rate: float) -> list[float]:
    """Measure *count* requests on one connection, of which *rate* begin each second, in milliseconds.

    A request that begins late, because the one before took too long, counts from when it should have begun.
    """
    message, found = request(path), []
    with endpoint.socket() as sock:
        exchange(sock, message)
        start = time.perf_counter()
        for number in range(count):
            due = start + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            exchange(sock, message)
            found.append((time.perf_counter() - due) * 1000)
    return found


def percentile(values: list[float], wanted: int) -> float:
    return quantiles(values, n=100)[wanted - 1]
