"""Recorded calls built by hand, and a simple client for a playback."""

import json
import socket
from typing import Any

from apispy.endpoints import Listen
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel

STARTED = 1_790_000_000.0
"""Start of the sessions in these tests, Unix seconds."""

HIJACK = (
    ("Content-Type", "application/vnd.docker.raw-stream"),
    ("Connection", "Upgrade"),
    ("Upgrade", "tcp"),
)


def headers(*fields: tuple[str, str]) -> Headers:
    return Headers(tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields))


def body(*chunks: tuple[float, bytes], ended_at: float | None = None) -> Body:
    """Build a body from (seconds, bytes); it ends with the last chunk unless *ended_at* is given."""
    size = sum(len(data) for _, data in chunks)
    last = chunks[-1][0] if chunks else 0.001
    return Body(
        tuple(Chunk(at, data) for at, data in chunks), size, ended_at=last if ended_at is None else ended_at
    )


def call(
    number: int,
    method: str,
    target: str,
    answer: Any = None,
    *,
    status: int = 200,
    asks: Any = None,
    begins: float | None = None,
    fields: tuple[tuple[str, str], ...] = (),
) -> Exchange:
    """Build a call with bodies of JSON values or bytes. It begins *begins* seconds after the session."""
    request_body = b"" if asks is None else asks if isinstance(asks, bytes) else json.dumps(asks).encode()
    response_body = (
        b"" if answer is None else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    )
    sent = [("Host", "docker"), *fields]
    if request_body:
        kind = "application/x-tar" if isinstance(asks, bytes) else "application/json"
        sent += [("Content-Type", kind), ("Content-Length", str(len(request_body)))]
    received = [
        ("Api-Version", "1.41"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(response_body))),
    ]
    return Exchange(
        id=number,
        connection=number,
        started=STARTED + (number if begins is None else begins),
        client="test",
        upstream="unix:///d",
        request=Request(
            method,
            target,
            headers=headers(*sent),
            body=body((0.0, request_body)) if request_body else body(),
        ),
        response=Response(
            status, "OK", headers=headers(*received), body=body((0.002, response_body)), at=0.002
        ),
        end="complete",
        duration=0.002,
    )


def streamed(
    number: int, method: str, target: str, *chunks: tuple[float, bytes], begins: float | None = None
) -> Exchange:
    """Build a call with a chunked response."""
    whole = call(number, method, target, begins=begins)
    assert whole.response is not None
    received = headers(("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"))
    response = Response(200, "OK", headers=received, body=body(*chunks), at=0.001)
    return Exchange(whole.id, whole.connection, whole.started, "test", "unix:///d", whole.request, response,
                    end="complete", duration=chunks[-1][0])  # fmt: skip


def hijacked(
    number: int, target: str, to_server: Body, to_client: Body, *, begins: float | None = None
) -> Exchange:
    """Build a call whose connection was hijacked with 101."""
    whole = call(
        number, "POST", target, begins=begins, fields=(("Connection", "Upgrade"), ("Upgrade", "tcp"))
    )
    response = Response(101, "UPGRADED", headers=headers(*HIJACK), at=0.001)
    return Exchange(whole.id, whole.connection, whole.started, "test", "unix:///d", whole.request, response,
                    Tunnel("tcp", to_server, to_client), "complete", 1.0)  # fmt: skip


class Client:
    """A client connection that sends requests and parses responses."""

    def __init__(self, where: Listen) -> None:
        if where.kind == "unix":
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(20)
            self.sock.connect(where.path)
        else:
            self.sock = socket.create_connection((where.host, where.port), timeout=20)
        self._seen = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def ask(self, method: str, target: str, asks: Any = None, *fields: str) -> tuple[int, bytes]:
        """Send a request and return (status, body); bodies other than bytes are sent as JSON."""
        self.send(wire(method, target, asks, *fields))
        return self.answer(head=method == "HEAD")

    def answer(self, *, head: bool = False) -> tuple[int, bytes]:
        """Read the next response and return (status, body)."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").lower().split("\r\n")
        status = int(lines[0].split()[1])
        fields = dict(line.split(": ", 1) for line in lines[1:] if line)
        if head or status in (101, 204, 304):
            return status, b""
        if "chunked" in fields.get("transfer-encoding", ""):
            return status, self._chunks()
        if "content-length" in fields:
            return status, self.exactly(int(fields["content-length"]))
        return status, self.rest()

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.until(b"\r\n"), 16):
            found += self.exactly(size)
            self.until(b"\r\n")
        self.until(b"\r\n")
        return found

    def until(self, end: bytes) -> bytes:
        while end not in self._seen:
            self._more()
        found, mark, self._seen = self._seen.partition(end)
        return found + mark

    def exactly(self, size: int) -> bytes:
        while len(self._seen) < size:
            self._more()
        found, self._seen = self._seen[:size], self._seen[size:]
        return found

    def rest(self) -> bytes:
        """Read everything until the other side closes."""
        found, self._seen = self._seen, b""
        while data := self.sock.recv(65536):
            found += data
        return found

    def _more(self) -> None:
        data = self.sock.recv(65536)
        assert data, f"the connection ended after {self._seen!r}"
        self._seen += data


def wire(method: str, target: str, asks: Any = None, *fields: str) -> bytes:
    """Return the bytes of a request."""
    data = b"" if asks is None else asks if isinstance(asks, bytes) else json.dumps(asks).encode()
    lines = [f"{method} {target} HTTP/1.1", "Host: docker", *fields]
    if data:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    return "\r\n".join([*lines, "", ""]).encode() + data
