"""Battery rows without a client library: curl, nc, and raw bytes on a connection."""

import json

import websocket

from .archives import tar_of
from .clients import Client, Result
from .daemon import IMAGE
from .endpoints import Wire

SCRIPT = "read a; echo got $a; cat; sleep 0.7; echo late; usleep 100000; echo err >&2"


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{line} HTTP/1.1", "Host: docker", *headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def demux(data: bytes) -> bytes:
    """Format stdio frames; consecutive frames of one stream are joined, because their borders vary."""
    joined: list[tuple[int, bytes]] = []
    while data:
        kind, size = data[0], int.from_bytes(data[4:8])
        text, data = data[8 : 8 + size], data[8 + size :]
        if joined and joined[-1][0] == kind:
            text = joined.pop()[1] + text
        joined.append((kind, text))
    return b"".join(b"[%d] %s" % frame for frame in joined)


# --- curl, nc


def _container(client: Client, *command: str, stdin: bool = False) -> None:
    options = ["-i"] if stdin else []
    client.daemon.docker("create", *options, "--name", client.prefix, "--network", "none", IMAGE, *command)


def _removed(client: Client, result: Result) -> Result:
    client.daemon.docker("rm", "-f", client.prefix)
    return result


def curl_expect(client: Client) -> Result:
    """Go sends 100 only when a handler reads the body, so a refused upload gets no 100."""
    _container(client, "true")
    (client.work / "t.tar").write_bytes(tar_of(f=bytes(3_000_000)))
    upload = "dcurl -i -H 'Expect: 100-continue' --expect100-timeout 20 -T t.tar"
    check = "dcurl '/containers/'$P'/archive?path=/tmp/f' | tar -xO | md5sum"
    script = f"{upload} '/containers/'$P'/archive?path=/tmp'; {check}; {upload} '/containers/nosuch/archive?path=/tmp'"
    return _removed(client, client.sh(script))


def curl_chunked_upload(client: Client) -> Result:
    _container(client, "true")
    (client.work / "t.tar").write_bytes(tar_of(f=bytes(3_000_000)))
    upload = "cat t.tar | dcurl -i -H 'Transfer-Encoding: chunked' -H 'Expect:' -T - '/containers/'$P'/archive?path=/tmp'"
    check = "dcurl --compressed '/containers/'$P'/archive?path=/tmp/f' | tar -xO | md5sum"
    return _removed(client, client.sh(f"{upload}; {check}"))


def curl_follow(client: Client) -> Result:
    _container(client, "sh", "-c", "for i in 1 2 3; do echo line $i; usleep 50000; done")
    client.daemon.docker("start", client.prefix)
    path = "'/containers/'$P'/logs?stdout=1&stderr=1&follow=1'"
    return _removed(client, client.sh(f"dcurl -N {path}; dcurl {path}; dcurl -i -X POST /containers/$P/wait"))


def nc(client: Client) -> Result:
    """The simplest client of all, with and without a half-close after the request.

    Engine 28 takes a half-close for the client's end, and may answer /info with null then, directly too.
    """
    there = (
        "-U " + client.endpoint.path if client.endpoint.is_unix else "{} {}".format(*client.endpoint.address)
    )
    info, ping = (f"printf 'GET /{path} HTTP/1.0\\r\\n\\r\\n'" for path in ("info", "_ping"))
    return client.sh(f"{info} | timeout 20 nc {there}; {ping} | timeout 20 nc -N {there}")


# --- hijacked connections


def _exchange(client: Client, wire: Wire, start: bool) -> bytes:
    """Send hello, read the response, half-close, read the rest."""
    if start:
        client.daemon.docker("start", client.prefix)
    wire.send(b"hello\n")
    received = wire.read_until(b"got hello\n")
    wire.send(b"more\n")
    wire.half_close()
    return demux(received + wire.read_all())


def _attach(client: Client, *headers: str) -> Result:
    _container(client, "sh", "-c", SCRIPT, stdin=True)
    path = f"/containers/{client.prefix}/attach?stdin=1&stdout=1&stderr=1&stream=1"
    with client.endpoint.wire() as wire:
        wire.send(request(f"POST {path}", *headers))
        head = wire.read_until(b"\r\n\r\n")
        return _removed(client, Result(head + _exchange(client, wire, start=True)))


def attach_old(client: Client) -> Result:
    return _attach(client)


def attach_upgrade(client: Client) -> Result:
    return _attach(client, "Connection: Upgrade", "Upgrade: tcp")


def exec_old(client: Client) -> Result:
    """Send both requests on one connection, as an old client may."""
    client.daemon.docker("run", "-d", "--name", client.prefix, "--network", "none", IMAGE, "sleep", "60")
    create = {
        "Cmd": ["sh", "-c", SCRIPT],
        **dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr"), True),
    }
    with client.endpoint.wire() as wire:
        wire.send(request(f"POST /containers/{client.prefix}/exec", body=json.dumps(create).encode()))
        _, _, body = wire.read_response().partition(b"\r\n\r\n")
        wire.send(request(f"POST /exec/{json.loads(body)['Id']}/start", body=b'{"Detach":false,"Tty":false}'))
        head = wire.read_until(b"\r\n\r\n")
        return _removed(client, Result(head + _exchange(client, wire, start=False)))


def hijack_errors(client: Client) -> Result:
    client.daemon.docker("run", "-d", "--name", client.prefix, "--network", "none", IMAGE, "sleep", "60")
    client.daemon.docker("pause", client.prefix)
    answers = []
    for path in (
        "/containers/nosuch/attach?stream=1&stdout=1",
        f"/containers/{client.prefix}/attach?stream=1",
    ):
        with client.endpoint.wire() as wire:
            wire.send(request(f"POST {path}", "Connection: Upgrade", "Upgrade: tcp"))
            answers.append(wire.read_all())
    with client.endpoint.wire() as wire:
        wire.send(
            request(
                "POST /exec/nosuch/start", "Connection: Upgrade", "Upgrade: tcp", body=b'{"Detach":false}'
            )
        )
        answers.append(wire.read_response())
        wire.send(request("GET /_ping"))
        answers.append(wire.read_response())
    return _removed(client, Result(b"\n".join(answers)))


def attach_ws(client: Client) -> Result:
    _container(client, "sh", "-c", SCRIPT.replace("cat;", ""), stdin=True)
    client.daemon.docker("start", client.prefix)
    url = f"ws://docker/containers/{client.prefix}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1"
    sock = websocket.create_connection(url, socket=client.endpoint.socket(), timeout=30)
    sock.send("hello\n")
    received, end = b"", ""
    try:
        while True:
            frame = (
                sock.recv_frame()
            )  # recv_data() would reply to the close, which may fail if the peer is gone
            if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                end = f"close {frame.data!r}"
                break
            received += frame.data
    except (websocket.WebSocketException, OSError) as error:
        end = type(error).__name__
    sock.close()
    return _removed(client, Result(b"%s\n%s" % (received, end.encode())))


# --- unusual HTTP


def pipelining(client: Client) -> Result:
    with client.endpoint.wire() as wire:
        wire.send(request("GET /version") + request("GET /nosuch") + request("GET /_ping"))
        first = b"\n".join(wire.read_response() for _ in range(3))
        wire.send(
            request("GET /_ping") + request("HEAD /_ping") + request("GET /version", "Connection: close")
        )
        return Result(first + b"\n" + wire.read_all())


def byte_by_byte(client: Client) -> Result:
    body = b'{"Image":"nosuch"}'
    with client.endpoint.wire() as wire:
        for byte in request("GET /_ping") + request(
            "POST /containers/create", "Connection: close", body=body
        ):
            wire.send(bytes([byte]))
        return Result(wire.read_all())


UNUSUAL_REQUESTS = {
    "absolute form": b"GET http://example.test/_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
    "empty host": b"GET /_ping HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "no host": b"GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n",
    "double slash": b"GET //_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
    "space in target": b"GET /a b HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
    "bare LF": b"GET /_ping HTTP/1.1\nHost: docker\nConnection: close\n\n",
    "empty lines first": b"\r\n\r\nGET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
    "HTTP/1.0 keep-alive": b"GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /_ping HTTP/1.0\r\n\r\n",
    "unknown method": b"BREW /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n",
    "chunks with extension and trailer": (
        b"POST /containers/create HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b'Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5;a="b;\\""\r\n{"Ima\r\nD\r\nge":"nosuch"}\r\n0\r\nX-T: t\r\n\r\n'
    ),
    "two lengths": b"POST /auth HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "bad chunk": b"POST /auth HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "other coding": b"POST /auth HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: gzip\r\n\r\n",
    "header without colon": b"GET /_ping HTTP/1.1\r\nHost: docker\r\nnonsense\r\n\r\n",
    "folded header": b"GET /_ping HTTP/1.1\r\nHost: docker\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n",
    "unknown upgrade": b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade, close\r\nUpgrade: tea\r\n\r\n",
}


def _responses(client: Client, requests: dict[str, bytes]) -> Result:
    out = b""
    for name, data in requests.items():
        with client.endpoint.wire() as wire:
            wire.send(data)
            out += b"--- %s\n%s\n" % (name.encode(), wire.read_all())
    return Result(out)


def odd_requests(client: Client) -> Result:
    return _responses(client, UNUSUAL_REQUESTS)


def not_http(client: Client) -> Result:
    garbage = bytes(range(128, 256)) * 4 + b"\r\n\r\n"
    return _responses(
        client, {"words": b"hello there\r\n\r\n", "garbage": garbage, "one line": b"\x00\x01\x02\r\n"}
    )


def half_close_after_request(client: Client) -> Result:
    """Asks for the ping, which no engine gives up when its client closes its half (26.1 gives up /version)."""
    with client.endpoint.wire() as wire:
        wire.send(request("GET /_ping"))
        wire.half_close()
        return Result(wire.read_all())


def h2_preface(client: Client) -> Result:
    """HTTP/2 with prior knowledge: 20.10 responds in HTTP/1.1, engine 29 in HTTP/2."""
    settings = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
    with client.endpoint.wire() as wire:
        wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
        wire.half_close()
        return Result(wire.read_all())
