"""Places where a secret can occur, each in its own call. ``PLACES`` has them all by name.

A place is a function that sends a call with a given secret on a connection.
"""

import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from sessions import Connection, _upgrade

from tests.h2_peer import Peers, Session
from tests.protobuf_writer import mapped, pb

Place = Callable[[Connection, str], None]

RULES = (
    "json:$.Config.Labels['com.example.key']",
    "header:X-Corp-Id",
    r"re:corp-[\w-]+",
)
"""User-defined redaction rules, for the places that need them."""


def filled(value: Any, secret: str) -> Any:
    """Replace SECRET in *value*."""
    if isinstance(value, str):
        return value.replace("SECRET", secret)
    return json.loads(json.dumps(value).replace("SECRET", secret))


def call(
    line: str,
    ask: Any = None,
    answer: Any = None,
    *,
    headers: dict[str, Any] | None = None,
    back: dict[str, Any] | None = None,
    status: str = "200 OK",
) -> Place:
    """Return a call with SECRET in it.

    A header value that is not a string becomes base64 of its JSON; SECRET in a target is percent-encoded.
    """

    def talk(connection: Connection, secret: str) -> None:
        method, target = line.split(" ", 1)
        connection.ask(
            f"{method} {target.replace('SECRET', quote(secret, safe=''))}",
            _body(ask, secret),
            _fields(headers or {}, secret),
        )
        connection.answer(filled(status, secret), _body(answer, secret), _fields(back or {}, secret))

    return talk


def _body(value: Any, secret: str) -> Any:
    if isinstance(value, bytes):
        return value.replace(b"SECRET", secret.encode())
    return None if value is None else filled(value, secret)


def _fields(headers: dict[str, Any], secret: str) -> str:
    return "".join(f"{name}: {_field(filled(value, secret))}\r\n" for name, value in headers.items())


def _field(value: Any) -> str:
    return value if isinstance(value, str) else base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def form(line: str, body: str) -> Place:
    def talk(connection: Connection, secret: str) -> None:
        data = body.replace("SECRET", quote(secret, safe="")).encode()
        head = f"{line} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        connection.client(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        connection.answer("200 OK")

    return talk


def form_of_json(line: str, value: Any) -> Place:
    """Return a call with a JSON body and the type that ``curl -d`` declares."""

    def talk(connection: Connection, secret: str) -> None:
        data = json.dumps(filled(value, secret)).encode()
        head = f"{line} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        connection.client(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        connection.answer("200 OK")

    return talk


def raw(line: str, *fields: str, answer: str = "200 OK") -> Place:
    """Return a call whose request line and header fields have SECRET as it is."""

    def talk(connection: Connection, secret: str) -> None:
        head = "\r\n".join([f"{line} HTTP/1.1", *(fields or ("Host: docker",)), "Content-Length: 0", "", ""])
        connection.client(head.replace("SECRET", secret).encode())
        connection.answer(answer)

    return talk


def encoded(times: int) -> str:
    """A query with SECRET, percent-encoded this often."""
    text = "password=SECRET"
    for _ in range(times):
        text = "".join(sign if sign in "ECRST" else f"%{ord(sign):02x}" for sign in text)
    return text


def http2(*fields: tuple[str, str]) -> Place:
    """Return a call in HTTP/2 with SECRET in its header fields."""

    def talk(connection: Connection, secret: str) -> None:
        peers = Peers()
        encoder = peers.client.encoder
        encoder.encode = partial(encoder.encode, huffman=False)  # so that the tests find what is sent
        _gap(connection, "", peers, lambda: None)
        sent = [(name, filled(value, secret)) for name, value in fields]
        _gap(connection, "", peers, lambda: peers.client.send_headers(1, sent, end_stream=True))
        status = [(":status", "200"), ("content-length", "0")]
        _gap(connection, "", peers, lambda: peers.server.send_headers(1, status, end_stream=True))
        connection.client_eof()
        connection.lost()

    return talk


def base64_in_query(line: str) -> Place:
    """Return a call with an AuthConfig in base64 at the end of its target."""

    def talk(connection: Connection, secret: str) -> None:
        connection.ask(line + _field(filled(ACCOUNT, secret)))
        connection.answer("200 OK")

    return talk


def untyped(line: str, body: bytes) -> Place:
    def talk(connection: Connection, secret: str) -> None:
        data = body.replace(b"SECRET", secret.encode())
        connection.client(
            f"{line} HTTP/1.1\r\nContent-Length: {len(data)}\r\nHost: d\r\n\r\n".encode() + data
        )
        connection.answer("200 OK")

    return talk


def trailer(connection: Connection, secret: str) -> None:
    connection.ask("GET /v1.41/images/x/get")
    connection.stream(headers="Trailer: X-Session-Token\r\n")
    connection.server(f"1\r\nx\r\n0\r\nX-Session-Token: {secret}\r\n\r\n".encode())


def h2c(path: str) -> Place:
    def talk(connection: Connection, secret: str) -> None:
        _upgrade(connection, path)
        peers = Peers()
        peers.call("/moby.buildkit.v1.Control/Solve", secret.encode(), more=[("x-token", secret)])
        connection.client(peers.exchange()[0])
        connection.server_eof()
        connection.client_eof()

    return talk


def grpc(path: str, method: str, request: Any, response: Any = None, *, more: Any = ()) -> Place:
    """Return a gRPC call with SECRET in its messages, which are given by field numbers, or in its trailers."""

    def talk(connection: Connection, secret: str) -> None:
        _upgrade(connection, path)
        peers = Peers()
        _gap(connection, path, peers, lambda: peers.call(method, *_messages(request, secret)))
        fields = [(name, filled(value, secret)) for name, value in more]
        answers = _messages(response, secret)
        _gap(connection, path, peers, lambda: peers.answer(1, *answers, status=2 if more else 0, more=fields))
        connection.server_eof()
        connection.client_eof()

    return talk


def _gap(connection: Connection, path: str, peers: Peers, step: Callable[[], Any]) -> None:
    """Send what *step* queues. In a session the daemon is the caller."""
    step()
    asked, answered = peers.exchange()
    caller, other = (
        (connection.server, connection.client)
        if path == "/session"
        else (connection.client, connection.server)
    )
    for send, data in ((caller, asked), (other, answered)):
        if data:
            send(data)


def _messages(messages: Any, secret: str) -> list[bytes]:
    """Each message, with SECRET replaced before its lengths are written."""
    listed = messages if isinstance(messages, list) else [] if messages is None else [messages]
    return [pb(_planted(message, secret)) for message in listed]


def _planted(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {number: _planted(part, secret) for number, part in value.items()}
    if isinstance(value, list):
        return [_planted(part, secret) for part in value]
    if callable(value):
        return value(secret)
    return value.replace("SECRET", secret) if isinstance(value, str) else value


def native(path: str, method: str, request: Any, response: Any = None, *, more: Any = ()) -> Place:
    """Return the call of ``grpc`` on HTTP/2 from the first byte; one of a session is nested in Control/Session."""

    def talk(connection: Connection, secret: str) -> None:
        outer = Peers()
        session = Session(outer) if path == "/session" else None
        _gap(connection, "", outer, lambda: None)
        if session:
            _gap(connection, "", outer, session.begin)
        inner = session.inner if session else outer
        queue = session.queue if session else lambda: None
        _gap(connection, "", outer, lambda: (inner.call(method, *_messages(request, secret)), queue()))
        fields = [(name, filled(value, secret)) for name, value in more]
        answers, status = _messages(response, secret), 2 if more else 0
        _gap(
            connection,
            "",
            outer,
            lambda: (
                inner.answer(1, *answers, status=status, more=fields),
                queue(),
                session and session.end(),
            ),
        )
        connection.client_eof()
        connection.lost()

    return talk


def printed_by_a_step(grpc: Callable[..., Place]) -> Place:
    """A session hands out a secret, with a line break after it; then a step prints it, in two pieces."""

    def talk(connection: Connection, secret: str) -> None:
        grpc("/session", SECRETS, {1: "npmrc"}, {1: "SECRET\n"})(connection, secret)
        pieces = [
            {3: [{1: "v", 3: 1, 4: f"token={secret[:9]}"}, {1: "v", 3: 1, 4: f"{secret[9:]}!\n"}]},
            {3: [{1: "v", 3: 2, 4: f"again {secret}\n"}]},
        ]
        grpc("/grpc", STATUS, {1: "ref"}, pieces)(connection.another(), secret)

    return talk


SOLVE, STATUS = "/moby.buildkit.v1.Control/Solve", "/moby.buildkit.v1.Control/Status"
SECRETS = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
AGENT = "/moby.sshforward.v1.SSH/ForwardAgent"
AUTH, BRIDGE = "/moby.filesync.v1.Auth", "/moby.buildkit.v1.frontend.LLBBridge"
URL = "https://ann:SECRET@r.example/x"
CURL = f"[2/3] RUN curl -u ann:SECRET https://x && wget {URL}"


DOCKERFILE = "ARG A=SECRET\n# SECRET\nENV B=c \\\n  D=SECRET\nRUN curl -u ann:SECRET https://x"


def answer(secret: str) -> str:
    """The JSON of a frontend's answer, with the secret in all of it, also in the Dockerfile, which is in base64."""
    planted = filled(
        {
            "warnings": [
                {
                    "ruleName": "R",
                    "detail": CURL,
                    "url": URL,
                    "location": {"ranges": [{"start": {"line": 1}, "end": {"line": 5}}]},
                }
            ],
            "sources": [{"filename": "Dockerfile", "definition": {"def": ["SECRET"]}}],
            "buildError": {"message": CURL},
            "args": [{"name": "A", "value": "SECRET", "description": "SECRET"}],
            "description": "SECRET",
            "targets": [{"name": "x", "description": "SECRET", "base": URL}],
        },
        secret,
    )
    planted["sources"][0]["data"] = base64.b64encode(filled(DOCKERFILE, secret).encode()).decode()
    return json.dumps(planted)


ANSWER = {10: [{1: "result.json", 2: answer}, *mapped({"result.txt": "SECRET", "other": "SECRET"})]}


DETAILS = ("grpc-status-details-bin", base64.b64encode(b"SECRET").decode())


def grpc_places(grpc: Callable[..., Place]) -> dict[str, Place]:
    """Every kind of message that BuildKit's calls have; *grpc* makes a call."""
    return {
        "a build argument": grpc("/grpc", SOLVE, {6: "dockerfile.v0", 7: mapped({"build-arg:A": "SECRET"})}),
        "a build argument that a step repeats": grpc(
            "/grpc", f"{BRIDGE}/Solve", {3: mapped({"build-arg:NPM_TOKEN": "SECRET", "target": "x"})}
        ),
        "a context": grpc("/grpc", SOLVE, {7: mapped({"context": URL, "input:base": f"docker-image://{URL}"})}),
        "an option": grpc("/grpc", SOLVE, {7: mapped({"unheard": "SECRET", "label:db.password": "SECRET"})}),
        "a cache": grpc(
            "/grpc", SOLVE, {8: {4: [{1: "s3", 2: mapped({"secret_access_key": "SECRET", "ref": URL})}]}}
        ),
        "an exporter": grpc("/grpc", SOLVE, {13: [{1: "image", 2: mapped({"name": URL, "token": "SECRET"})}]}),
        "a definition": grpc("/grpc", SOLVE, {2: {1: "ENV A=SECRET"}, 10: ["SECRET"], 999: "SECRET"}),
        "a result": grpc("/grpc", SOLVE, {}, {1: mapped({"image.name": URL, "unheard": "SECRET"})}),
        "an error": grpc(
            "/grpc",
            SOLVE,
            {2: "SECRET"},
            more=[("grpc-message", 'process "/bin/sh -c curl -u ann:SECRET x" did not complete')],
        ),
        "steps": grpc("/grpc", STATUS, {1: "ref"}, {1: [{1: "v", 3: CURL, 7: f"failed: {CURL}"}]}),
        "ENV": grpc("/grpc", STATUS, {1: "ref"}, {1: [{1: "v", 3: "[2/3] ENV A=SECRET"}], 2: [{1: CURL, 3: CURL}]}),
        "warnings": grpc("/grpc", STATUS, {1: "ref"}, {4: [{1: "v", 3: CURL, 4: [CURL], 5: URL, 6: {2: "SECRET"}}]}),
        "what a step printed": printed_by_a_step(grpc),
        "history": grpc(
            "/grpc",
            "/moby.buildkit.v1.Control/ListenBuildHistory",
            {},
            {2: {3: mapped({"build-arg:A": "SECRET"}), 5: {2: CURL, 3: "SECRET"}}},
        ),
        "disk usage": grpc(
            "/grpc",
            "/moby.buildkit.v1.Control/DiskUsage",
            {},
            {1: [{1: "a", 9: "mount / from exec /bin/sh -c mysql -pSECRET"}]},
        ),
        "the config of an image": grpc(
            "/grpc", f"{BRIDGE}/ResolveImageConfig", {1: URL}, {1: "sha256:a", 2: '{"config":{"Env":["A=SECRET"]}}'}
        ),
        "a source": grpc(
            "/grpc", f"{BRIDGE}/ResolveSourceMeta", {1: {1: URL, 2: mapped({"git.authtokensecret": "SECRET"})}}
        ),
        "what a frontend answers": grpc("/grpc", f"{BRIDGE}/Solve", {3: mapped({"requestid": "x"})}, {3: ANSWER}),
        "a file that is read": grpc("/grpc", f"{BRIDGE}/ReadFile", {1: "r", 2: "/f"}, {1: "SECRET"}),
        "a file that is sent": grpc(
            "/session",
            "/moby.filesync.v1.FileSync/DiffCopy",
            {1: 1},
            [{1: 0, 2: {1: "f", 5: 9}}, {1: 2, 4: "SECRET"}, {1: 2}],
        ),
        "a secret": grpc("/session", SECRETS, {1: "npmrc"}, {1: "SECRET"}),
        "a password": grpc("/session", f"{AUTH}/Credentials", {1: "r.example"}, {1: "SECRET", 2: "SECRET"}),
        "a token": grpc("/session", f"{AUTH}/FetchToken", {2: "r.example", 3: URL, 5: ["pull"]}, {1: "SECRET"}),
        "a key": grpc("/session", f"{AUTH}/GetTokenAuthority", {1: "r.example", 2: "SECRET"}, {1: "SECRET"}),
        "a signature": grpc("/session", f"{AUTH}/VerifyTokenAuthority", {1: "r", 2: "SECRET"}, {1: "SECRET"}),
        "an ssh agent": grpc("/session", AGENT, {1: "SECRET"}, {1: "SECRET"}),
        "a result that is sent": grpc("/session", "/moby.filesync.v1.FileSend/DiffCopy", {1: "SECRET"}),
        "spans": grpc(
            "/grpc",
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            {1: {1: {1: "SECRET"}, 2: {1: {1: "SECRET"}, 2: [{5: CURL, 9: {1: "SECRET"}}]}}},
        ),
    }  # fmt: skip


def progress(line: str, *objects: Any, headers: dict[str, Any] | None = None) -> Place:
    def talk(connection: Connection, secret: str) -> None:
        connection.ask(line, headers=_fields(headers or {}, secret))
        connection.stream(headers="Content-Type: application/json\r\n")
        for one in objects:
            connection.chunk(filled(one, secret))
        connection.last_chunk()

    return talk


def trace(message: Any, query: str = "") -> Place:
    """Return a build whose progress has *message*, in base64; not a message at all if it is a string."""

    def talk(connection: Connection, secret: str) -> None:
        connection.ask(f"POST /v1.41/build?version=2{query.replace('SECRET', quote(secret))}")
        connection.stream(headers="Content-Type: application/json\r\n")
        for one in message if isinstance(message, list) else [message]:
            data = _planted(one, secret)
            coded = data.encode() if isinstance(data, str) else pb(data)
            line = {"id": "moby.buildkit.trace", "aux": base64.b64encode(coded).decode()}
            connection.chunk(line)
        connection.last_chunk()

    return talk


def output(connection: Connection, secret: str) -> None:
    connection.hijack("POST /v1.41/containers/web/attach?stdout=1&stream=1")
    text = f"at {secret}!\n".encode()
    connection.server(b"\x01\0\0\0" + len(text).to_bytes(4) + text)
    connection.server_eof()
    connection.client_eof()


def pieces(connection: Connection, secret: str) -> None:
    """Send a body in two pieces, split inside the secret."""
    data = json.dumps({"message": f"cannot reach https://ann:{secret}@r.example/"}).encode()
    connection.ask("GET /v1.41/images/json")
    connection.server(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[:48])
    connection.server(data[48:])


def repeated(then: Place) -> Place:
    """Return a session that hides a secret in an Env, and then repeats it."""

    def talk(connection: Connection, secret: str) -> None:
        connection.ask("POST /v1.41/containers/create", {"Image": "x", "Env": [f"DB_PASSWORD={secret}"]})
        connection.answer("201 Created", {"Id": "a" * 64})
        then(connection, secret)

    return talk


def frame(text: bytes, kind: int = 1) -> bytes:
    return bytes((kind, 0, 0, 0)) + len(text).to_bytes(4) + text


def streams(*pieces: Any, line: str = "POST /v1.41/containers/web/attach?stdout=1&stream=1") -> Place:
    """Return a hijacked call with these pieces of the daemon's stream; a function makes them of the secret."""

    def talk(connection: Connection, secret: str) -> None:
        connection.hijack(line)
        for make in pieces:
            for piece in make(secret.encode()):
                connection.server(piece)
        connection.server_eof()
        connection.client_eof()

    return talk


def websocket(*pieces: Any, by_client: bool = False) -> Place:
    """Return an attached WebSocket with these pieces of one peer's stream, each a function of the secret."""

    def talk(connection: Connection, secret: str) -> None:
        head = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        connection.client(f"GET /v1.41/containers/web/attach/ws?stream=1 HTTP/1.1\r\n{head}\r\n".encode())
        head = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        connection.server(f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n".encode())
        for make in pieces:
            (connection.client if by_client else connection.server)(make(secret.encode()))
        connection.server_eof()
        connection.client_eof()

    return talk


def ws_frame(payload: bytes, opcode: int = 2) -> bytes:
    return bytes((0x80 | opcode, len(payload))) + payload


def masked_frame(payload: bytes) -> bytes:
    """A frame of a client: its mask changes nothing, so that the tests find what it leaves."""
    return bytes((0x82, 0x80 | len(payload))) + bytes(4) + payload


def typed(connection: Connection, secret: str) -> None:
    """Type the secret into the standard input of a container."""
    connection.hijack("POST /v1.41/containers/web/attach?stdin=1&stream=1")
    connection.client(f"login {secret}\n".encode())
    connection.client_eof()
    connection.server_eof()


def logs(connection: Connection, secret: str) -> None:
    connection.ask("GET /v1.41/containers/web/logs?stdout=1")
    connection.stream(headers="Content-Type: application/vnd.docker.multiplexed-stream\r\n")
    data = frame(f"it is {secret}\n".encode())
    for piece in (data[:5], data[5:20], data[20:]):
        connection.chunk(piece)
    connection.last_chunk()


MANIFEST = (
    b"kind: Secret\nstringData:\n  a: SECRET\n---\nkind: Pod\nspec:\n  containers:\n"
    b"  - env:\n    - name: A\n      value: SECRET\n"
)


def kube_secret(connection: Connection, secret: str) -> None:
    data = base64.b64encode(secret.encode())
    untyped("POST /libpod/play/kube", b"kind: Secret\ndata:\n  a: " + data + b"\n")(connection, secret)


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def in_base64(text: str) -> str:
    """*text* after a user, without padding, as it may be in a longer text."""
    return base64.b64encode(f"ann:{text}!".encode()).decode().rstrip("=")


ENCODERS: dict[str, Callable[[str], str]] = {
    "base64": in_base64,
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"?>{text}?>".encode()).decode(),
    "escapes of JSON": escaped,
    "escapes of URLs": percent,
    "escapes of URLs, lower case": lambda text: percent(text).lower(),
}


TEXTS = {
    "text": b"user: ann\npassword: SECRET\n",
    "a sentence": b"the password: SECRET\n",
    "YAML": b"a:\n  - name: x\n    db_password: 'SECRET'\n",
    "YAML, the next line": b"token:\n\n  SECRET\n",
    "YAML, Env": b"services:\n  a:\n    environment:\n      A: SECRET\n",
    "YAML, auth": b"auth: SECRET\n",
    "YAML, flow": b"{user: ann, pass: SECRET}\n",
    "XML": b"<?xml version='1.0'?><a><x:Password kind='y'>SECRET</x:Password></a>",
    "XML, CDATA": b"<a><apiKey><![CDATA[SECRET]]></apiKey></a>",
    "XML, attributes": b'<add key="password" value="SECRET"/>',
    "INI": b"[db]\r\nuser=ann\r\nAccess-Key = SECRET\r\n",
    "variables": b"export A=b\nexport DB_PWD=SECRET\n",
    "multipart": b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nSECRET\r\n--x--\r\n',
    "UTF-16": "password: SECRET\n".encode("utf-16-le").replace("SECRET".encode("utf-16-le"), b"SECRET"),
}
"""Texts that are not JSON, in which names tell that a value is secret."""


def text_in_pieces(line: str, body: bytes, kind: str) -> Place:
    """Return a call whose response has *body*, in pieces that divide names, and values from names."""

    def talk(connection: Connection, secret: str) -> None:
        connection.ask(line)
        connection.stream(headers=f"Content-Type: {kind}\r\n")
        before, *after = body.split(b"SECRET")
        pieces = [before[start : start + 7] for start in range(0, len(before), 7)]
        for piece in (*pieces, secret.encode() + secret.encode().join(after)):
            connection.server(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        connection.last_chunk()

    return talk


def text_places(body: bytes) -> dict[str, Place]:
    """Calls with *body* that nobody defines."""
    return {
        "asked": untyped("POST /v1.41/unheard", body),
        "asked of Podman": untyped("POST /v5.0.0/libpod/unheard", body),
        "asked of Portainer": untyped("PUT /api/endpoints/1/unheard", body),
        "asked without a body": untyped("POST /v1.41/containers/web/start", body),
        "asked for JSON": untyped("POST /v1.41/networks/create", body),
        "asked for an archive": untyped("POST /v1.41/images/load", body),
        "answered": call("GET /v1.41/unheard", None, body),
        "answered by Podman": call("GET /libpod/unheard", None, body),
        "answered without a body": call("POST /v1.41/containers/web/rename", None, body),
        "answered in pieces": text_in_pieces("GET /v1.41/unheard", body, "text/plain"),
        "answered as an archive": text_in_pieces("GET /unheard", body, "application/octet-stream"),
    }


def json_in_chunks(connection: Connection, secret: str) -> None:
    """Send JSON that a daemon does not end for long, in pieces that divide the secret."""
    connection.ask("GET /v1.41/events")
    connection.stream(headers="Content-Type: application/json\r\n")
    data = f'{{"Type":"x","Action":"start","Actor":{{"Attributes":{{"a":"no {secret}!"}}}}}}\n'.encode()
    for start in range(0, len(data), 25):
        piece = data[start : start + 25]
        connection.server(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    connection.last_chunk()


def encoded_places(encoder: Callable[[str], str]) -> dict[str, Place]:
    """Repeats of a secret in an encoding."""

    def sent(then: Place) -> Place:
        return repeated(lambda connection, secret: then(connection, encoder(secret)))

    return {
        "a frame": sent(streams(lambda secret: [frame(b"at " + secret + b"!\n")])),
        "two frames": sent(streams(lambda secret: [frame(b"at " + secret[:9]), frame(secret[9:] + b"!\n")])),
        "a terminal": sent(
            streams(
                lambda secret: [b"$ echo " + secret[:11], secret[11:] + b"\r\n"],
                line="POST /v1.41/exec/x/start",
            )
        ),
        "stdin": sent(typed),
        "two frames of a WebSocket": sent(
            websocket(
                lambda secret: ws_frame(b"at " + secret[:14], 1), lambda secret: ws_frame(secret[14:], 1)
            )
        ),
        "logs": sent(logs),
        "JSON in chunks": sent(json_in_chunks),
        "JSON": sent(call("GET /v1.41/containers/json", None, b'[{"Labels": {"a": "x SECRET y"}}]')),
        "JSON in JSON": sent(call("GET /v1.41/containers/json", None, [{"Labels": {"a": '{"x":"SECRET"}'}}])),
        "a name": sent(call("GET /v1.41/containers/json", None, [{"Labels": {"x SECRET y": "a"}}])),
        "text": sent(call("GET /v1.41/_ping", None, b"it is SECRET!")),
        "a message": sent(
            call("POST /v1.41/containers/web/start", None, {"message": "no: SECRET"}, status="500 Error")
        ),
        "a target": sent(call("GET /v1.41/containers/json?filters=%7B%22name%22:%5B%22SECRET%22%5D%7D")),
        "a raw path": sent(
            lambda connection, secret: call(f"GET /v1.41/containers/{secret}/json")(connection, "")
        ),
        "a header": sent(call("GET /v1.41/info", headers={"X-Note": "SECRET"}, back={"X-Note": "SECRET"})),
        "a reason": sent(call("GET /v1.41/info", status="500 no SECRET")),
    }


ACCOUNT = {"username": "ann", "password": "SECRET", "serveraddress": "https://r.example/"}
TASK = {"ContainerSpec": {"Env": ["A=SECRET"]}}
CIFS = {
    "Type": "volume",
    "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"o": "password=SECRET"}}},
}

PLACES: dict[str, Place] = {
    "X-Registry-Auth": call("POST /v1.41/images/create?fromImage=x", headers={"X-Registry-Auth": ACCOUNT}),
    "X-Registry-Auth, a token": call(
        "POST /images/x/push", headers={"X-Registry-Auth": {"identitytoken": "SECRET"}}
    ),
    "X-Registry-Auth, odd": call("POST /images/x/push", headers={"X-Registry-Auth": "SECRET"}),
    "X-Registry-Config": call(
        "POST /v1.41/build",
        headers={"X-Registry-Config": {"a.example": ACCOUNT | {"password": "x"}, "b": ACCOUNT}},
    ),
    "X-Registry-Config, host": call(
        "POST /build", headers={"X-Registry-Config": {"https://a:SECRET@r/": {}}}
    ),
    "Authorization": call("GET /v1.41/info", headers={"Authorization": "Bearer SECRET"}),
    "a header by its name": call("GET /v1.41/info", headers={"X-Vault-Token": "SECRET"}),
    "Set-Cookie": call("GET /v1.41/info", back={"Set-Cookie": "SECRET"}),
    "Location": call("GET /v1.41/info", back={"Location": "https://a:SECRET@r/"}),
    "a reason": call("GET /v1.41/info", status="500 cannot run --password=SECRET"),
    "a trailer": trailer,
    "auth": call("POST /v1.41/auth", ACCOUNT),
    "auth, identity token": call("POST /v1.41/auth", {}, {"IdentityToken": "SECRET"}),
    "auth, old": call("GET /auth", None, {"username": "ann", "password": "SECRET"}),
    "auth, no JSON": call("POST /auth", b"password=SECRET"),
    "push, old": call("POST /v1.12/images/x/push", ACCOUNT),
    "pull, a body": call("POST /v1.41/images/create?fromImage=x", ACCOUNT),
    "create, Env": call("POST /v1.41/containers/create", {"Image": "x", "Env": ["A=SECRET", "B"]}),
    "create, a mount": call("POST /v1.41/containers/create", {"HostConfig": {"Mounts": [CIFS]}}),
    "create, log driver": call(
        "POST /v1.41/containers/create", {"HostConfig": {"LogConfig": {"Config": {"splunk-token": "SECRET"}}}}
    ),
    "inspect, Env": call("GET /v1.41/containers/web/json", None, {"Config": {"Env": ["A=SECRET"]}}),
    "exec, Env": call("POST /v1.41/containers/web/exec", {"Cmd": ["sh"], "Env": ["A=SECRET"]}),
    "image, Env": call("GET /v1.41/images/x/json", None, {"Config": {"Env": ["A=SECRET"]}}),
    "image, build step": call(
        "GET /v1.41/images/x/json",
        None,
        {"ContainerConfig": {"Cmd": ["|1", "A=SECRET", "/bin/sh", "-c", "true"]}},
    ),
    "commit, Env": call("POST /v1.41/commit?container=web", {"Env": ["A=SECRET"]}),
    "commit, changes": call("POST /v1.41/commit?container=web&changes=ENV%20A=SECRET"),
    "import, changes": call("POST /v1.41/images/create?fromSrc=-&changes=ENV%20A%20SECRET"),
    "commit, run": call("POST /v1.1/commit?container=web&run=%7B%22Env%22:%5B%22A=SECRET%22%5D%7D"),
    "build arguments": call("POST /v1.41/build?buildargs=%7B%22A%22:%22SECRET%22,%22B%22:null%7D"),
    "build arguments, no JSON": call("POST /v1.41/build?buildargs=SECRET"),
    "git remote": call("POST /v1.41/build?remote=https://SECRET@github.com/a/b.git"),
    "history": call(
        "GET /v1.41/images/x/history", None, [{"CreatedBy": "|2 A=SECRET B=c d /bin/sh -c true"}]
    ),
    "history, ENV": call(
        "GET /images/x/history", None, [{"CreatedBy": '/bin/sh -c #(nop)  ENV A="SECRET x" B=c'}]
    ),
    "history, BuildKit": call(
        "GET /v1.41/images/x/history", None, [{"CreatedBy": "RUN |1 A=SECRET /bin/sh -c true # buildkit"}]
    ),
    "ps while building": call(
        "GET /v1.41/containers/json", None, [{"Command": "|1 A=SECRET /bin/sh -c true"}]
    ),
    "service, Env": call("POST /v1.41/services/create", {"TaskTemplate": TASK}),
    "services, Env": call("GET /v1.41/services", None, [{"Spec": {"TaskTemplate": TASK}}]),
    "task, Env": call("GET /v1.41/tasks", None, [{"Spec": TASK}]),
    "create, Cmd": call(
        "POST /v1.41/containers/create", {"Image": "x", "Cmd": ["redis-server", "--requirepass", "SECRET"]}
    ),
    "create, Entrypoint": call(
        "POST /v1.41/containers/create", {"Entrypoint": ["mysql"], "Cmd": ["-uroot", "-pSECRET"]}
    ),
    "create, a health check": call(
        "POST /v1.41/containers/create",
        {"Healthcheck": {"Test": ["CMD-SHELL", "curl -fsu ann:SECRET localhost || exit 1"]}},
    ),
    "create, a label": call(
        "POST /v1.41/containers/create",
        {"Labels": {"traefik.http.middlewares.a.basicauth.users": "ann:SECRET"}},
    ),
    "create, a shell": call(
        "POST /v1.41/containers/create", {"Cmd": ["sh", "-c", "PGPASSWORD=SECRET psql -h db"]}
    ),
    "inspect, Args": call(
        "GET /v1.41/containers/web/json", None, {"Path": "mysqladmin", "Args": ["ping", "-pSECRET"]}
    ),
    "exec, Cmd": call("POST /v1.41/containers/web/exec", {"Cmd": ["mysql", "-uroot", "-pSECRET"]}),
    "exec, inspect": call(
        "GET /v1.41/exec/x/json",
        None,
        {"ProcessConfig": {"entrypoint": "curl", "arguments": ["-H", "Authorization: Bearer SECRET"]}},
    ),
    "ps, Command": call(
        "GET /v1.41/containers/json", None, [{"Command": "\"sh -c 'mysqldump -pSECRET db'\""}]
    ),
    "ps, Labels": call("GET /v1.41/containers/json", None, [{"Labels": {"db.password": "SECRET"}}]),
    "top": call(
        "GET /v1.41/containers/web/top",
        None,
        {"Titles": ["PID", "CMD"], "Processes": [["1", "redis-server --requirepass SECRET"]]},
    ),
    "top, an operator in a password": call(
        "GET /v1.41/containers/web/top",
        None,
        {"Titles": ["CMD"], "Processes": [["mysql -uroot -pa;SECRET db"]]},
    ),
    "top, a quote in a password": call(
        "GET /v1.41/containers/web/top",
        None,
        {"Titles": ["CMD"], "Processes": [["mysql -uroot -pa'b SECRET"]]},
    ),
    "top, a script": call(
        "GET /v1.41/containers/web/top",
        None,
        {"Titles": ["CMD"], "Processes": [["sh -c echo it's `mysql -pSECRET`; sleep 1"]]},
    ),
    "ps, Command with operators": call(
        "GET /v1.41/containers/json", None, [{"Command": "app 'x y' --password a|b&SECRET z"}]
    ),
    "ps, Command with quotes": call(
        "GET /v1.41/containers/json", None, [{"Command": "app --password 'it's SECRET' z"}]
    ),
    "events, an exec of a script": progress(
        "GET /v1.41/events", {"Type": "container", "Action": "exec_create: sh -c mysql -pa;SECRET; sleep 1"}
    ),
    "events, execCommand with operators": progress(
        "GET /v1.41/events",
        {"Type": "container", "Actor": {"Attributes": {"execCommand": "redis-cli -a (SECRET ping"}}},
    ),
    "history, RUN": call(
        "GET /v1.41/images/x/history", None, [{"CreatedBy": "RUN /bin/sh -c curl -u ann:SECRET x # buildkit"}]
    ),
    "commit, CMD": call("POST /v1.41/commit?container=web&changes=CMD%20mysql%20-pSECRET"),
    "service, Args": call(
        "POST /v1.41/services/create",
        {"TaskTemplate": {"ContainerSpec": {"Command": ["mysql"], "Args": ["-pSECRET"]}}},
    ),
    "build, a step": progress(
        "POST /v1.41/build", {"stream": "Step 1/2 : RUN echo root:SECRET | chpasswd"}, {"stream": "\n"}
    ),
    "build, a label": call("POST /v1.41/build?labels=%7B%22db.password%22:%22SECRET%22%7D"),
    "events, an exec": progress(
        "GET /v1.41/events", {"Type": "container", "Action": "exec_create: sh -c mysql -pSECRET"}
    ),
    "events, a label": progress(
        "GET /v1.41/events", {"Actor": {"Attributes": {"a.basicauth.users": "SECRET"}}, "Action": "start"}
    ),
    "a message with a command": call(
        "POST /v1.41/containers/web/start",
        None,
        {"message": 'exec: "--password=SECRET": not found'},
        status="400 Bad",
    ),
    "Podman, command": call(
        "POST /libpod/containers/create", {"command": ["mysql", "-pSECRET"], "image": "x"}
    ),
    "Podman, healthconfig": call(
        "POST /libpod/containers/create", {"healthconfig": {"Test": ["CMD", "curl", "-u", "ann:SECRET", "x"]}}
    ),
    "secret": call("POST /v1.41/secrets/create", {"Name": "x", "Data": "SECRET"}),
    "config": call("GET /v1.41/configs/x", None, {"Spec": {"Data": "SECRET"}}),
    "swarm join": call("POST /v1.41/swarm/join", {"JoinToken": "SECRET"}),
    "swarm tokens": call("GET /v1.41/swarm", None, {"JoinTokens": {"Worker": "SECRET", "Manager": "x"}}),
    "swarm token in a message": call(
        "POST /v1.41/swarm/leave", None, {"message": "no: SWMTKN-1-SECRET"}, status="503 Unavailable"
    ),
    "unlock key": call("GET /v1.41/swarm/unlockkey", None, {"UnlockKey": "SECRET"}),
    "unlock": call("POST /v1.41/swarm/unlock", {"UnlockKey": "SECRET"}),
    "CA key": call("POST /v1.41/swarm/update?version=1", {"CAConfig": {"SigningCAKey": "SECRET"}}),
    "plugin setting": call("POST /v1.41/plugins/x/set", ["A=SECRET"]),
    "plugin, Env": call(
        "GET /v1.41/plugins", None, [{"Config": {"Env": [{"Name": "A", "Value": "SECRET"}]}}]
    ),
    "volume": call("POST /v1.41/volumes/create", {"Name": "x", "DriverOpts": {"o": "password=SECRET"}}),
    "volumes": call("GET /v1.41/volumes", None, {"Volumes": [{"Options": {"password": "SECRET"}}]}),
    "info, proxy": call("GET /v1.41/info", None, {"HttpProxy": "http://ann:SECRET@proxy:3128"}),
    "a URL in a message": call(
        "GET /v1.41/info", None, {"message": "cannot reach https://ann:SECRET@proxy"}, status="500 Error"
    ),
    "a URL in two pieces": pieces,
    "a URL, a slash in its password": call(
        "GET /v1.41/info", None, {"message": "cannot reach https://ann:a/SECRET@proxy"}, status="500 Error"
    ),
    "a URL, signs in its password": call(
        "GET /v1.41/volumes", None, {"x": "https://ann:a?b#c@SECRET/d@proxy"}
    ),
    "a URL in two pieces, a slash in its password": lambda connection, secret: pieces(
        connection, f"0123456789/{secret}"
    ),
    "a URL, digits before a slash in its password": call(
        "GET /v1.41/volumes", None, {"x": "https://ann:1234/SECRET@proxy"}
    ),
    "a URL in two pieces, digits before a slash in its password": lambda connection, secret: pieces(
        connection, f"12345/6789{secret}"
    ),
    "a URL with a user, and an @ in its path": call(
        "GET /v1.41/volumes", None, {"x": "https://ann:SECRET@proxy/@x/y@z"}
    ),
    "a URL, an @ and a slash in its password": call(
        "GET /v1.41/info", None, {"message": "no: http://ann:a@b/SECRET@proxy/"}, status="500 Error"
    ),
    "a URL in progress": progress(
        "POST /v1.41/build", {"stream": "fetching https://SECRET@git.example/x.git"}
    ),
    "what the daemon quotes": call("POST /v1.41/auth", ACCOUNT, {"message": "no: 'SECRET'"}, status="401 No"),
    "what progress quotes": progress(
        "POST /v1.41/images/create?fromImage=x", {"error": "no: SECRET"}, headers={"X-Registry-Auth": ACCOUNT}
    ),
    "a private key": call("GET /v1.41/nodes", None, [{"x": "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n"}]),
    "a query": call("GET /v1.41/unheard?api_token=SECRET"),
    "a query, authconfig in base64": base64_in_query("POST /v1.41/images/create?fromImage=x&authconfig="),
    "a query, authconfig as JSON": call(
        "POST /images/create?fromImage=x&authconfig=%7B%22username%22:%22a%22,%22auth%22:%22SECRET%22%7D"
    ),
    "a query, authconfig[auth]": call(
        "POST /v1.41/images/create?fromImage=x&authconfig%5Busername%5D=bob&authconfig%5Bauth%5D=SECRET"
    ),
    "a query, authconfig[password]": call("POST /images/create?AuthConfig[password]=SECRET&fromImage=x"),
    "a query, authconfig.identitytoken": call("POST /images/x/push?authconfig.identityToken=SECRET"),
    "a query, X-Registry-Auth": call("POST /images/x/push?X-Registry-Auth=SECRET"),
    "a query, X-Registry-Config by host": call("POST /build?X-Registry-Config[r.example][auth]=SECRET"),
    "a query, auth[password]": call("POST /auth?auth[username]=bob&auth[password]=SECRET"),
    "a filter by label": call(
        "GET /containers/json?filters=%7B%22label%22:%5B%22db.password%3DSECRET%22%5D%7D"
    ),
    "a filter by label, of the docker CLI": call(
        "GET /v1.41/containers/json?filters=%7B%22label%22:%7B%22db.password%3DSECRET%22:true%7D%7D"
    ),
    "a query, outputs of a build": call(
        "POST /build?outputs=%5B%7B%22Attrs%22:%7B%22secret_access_key%22:%22SECRET%22%7D%7D%5D"
    ),
    "a path, percent-encoded": call("GET /v1.41/images/https%3A%2F%2Fann%3ASECRET%40r.example/json"),
    "a host with a user": raw("GET /v1.41/info", "Host: ann:SECRET@docker"),
    "a host with a user alone": raw("GET /v1.41/info", "Host: SECRET@docker:2375"),
    "a host with a user, percent-encoded": raw("GET /v1.41/info", "Host: ann%3ASECRET%40docker"),
    "a host with a user, a slash in its password": raw("GET /v1.41/info", "Host: ann:a/SECRET@docker"),
    "a forwarded host with a user": raw(
        "GET /v1.41/info", "Host: d", "X-Forwarded-Host: a:SECRET@d", 'Forwarded: for=_x;host="b:SECRET@d"'
    ),
    "CONNECT": raw("CONNECT ann:SECRET@docker:443", answer="405 No"),
    "CONNECT, accepted": raw("CONNECT ann:SECRET@docker:443"),
    "CONNECT, signs in its password": raw("CONNECT ann:a?b#SECRET@docker:443", answer="405 No"),
    "an absolute target": raw("GET http://ann:SECRET@docker:2375/v1.41/info"),
    "an absolute target, signs in its password": raw("GET http://ann:a?b#c/SECRET@docker/v1.41/info"),
    "an absolute target, a user alone": raw("GET http://SECRET@docker/v1.41/info"),
    "an authority in HTTP/2": http2(
        (":method", "GET"), (":scheme", "http"), (":path", "/v1.41/info"), (":authority", "ann:SECRET@docker")
    ),
    "CONNECT in HTTP/2": http2((":method", "CONNECT"), (":authority", "ann:SECRET@docker:443")),
    "a path of HTTP/2": http2(
        (":method", "GET"), (":scheme", "http"), (":path", "/x#password=SECRET"), (":authority", "docker")
    ),
    "a fragment": raw("GET /v1.41/info#access_token=SECRET"),
    "a fragment, a parameter": raw("GET /v1.41/info#x=1&auth=SECRET"),
    "a fragment after a query": raw("GET /v1.41/info?x=1#auth=SECRET"),
    "a fragment with a query": raw("GET /v1.41/info#/x?auth=SECRET"),
    "a path with parameters": raw("GET /v1.41/info;password=SECRET/x"),
    "a path, a fragment percent-encoded": raw("GET /v1.41/info%23password%3DSECRET"),
    "a path, a key": raw("GET /v1.41/images/ghp_0123456789abcdefSECRET/json"),
    "a path, twice percent-encoded": raw(
        "GET /v1.41/images/https%253A%252F%252Fann%253ASECRET%2540r.example/json"
    ),
    "a path, a URL partly percent-encoded": raw("GET /v1.41/images/https%3A//ann%3ASECRET%40r.example/json"),
    "a path, percent-encoded too often": raw(f"GET /v1.41/{encoded(7)}"),
    "a query, no equals sign": raw("GET /v1.41/info?password%3DSECRET"),
    "a query, no equals sign, authconfig": raw("POST /images/create?authconfig%5Bauth%5D%3DSECRET"),
    "a query, twice percent-encoded": raw("GET /v1.41/info?password%253DSECRET"),
    "a query, three times percent-encoded": raw(f"GET /v1.41/info?{encoded(3)}"),
    "a query, percent-encoded too often": raw(f"GET /v1.41/info?{encoded(7)}"),
    "a query, a name twice percent-encoded": raw("GET /v1.41/info?%2570assword=SECRET"),
    "a query, authconfig twice percent-encoded": raw("POST /images/create?authconfig%255Bauth%255D=SECRET"),
    "a query, JSON twice percent-encoded": raw("POST /build?x=%257B%2522auth%2522%253A%2522SECRET%2522%257D"),
    "a query, changes twice percent-encoded": raw("POST /commit?changes=ENV%2520A%253DSECRET"),
    "a query, two secrets, one twice percent-encoded": raw(
        "GET /containers/json?filters=%5B%22password=x%22,%22%2570assword=SECRET%22%5D"
    ),
    "a query, a URL with a query": raw(
        "GET /v1.41/info?to=https%3A%2F%2Fr.example%2Fx%3Fa=b%26auth%3DSECRET"
    ),
    "a referer": raw("GET /v1.41/info", "Host: d", "Referer: http://d/x?y=1&auth=SECRET"),
    "Location, a fragment": call("GET /v1.41/info", back={"Location": "/x#access_token=SECRET"}),
    "a named value in a header": call("GET /v1.41/info", headers={"X-Note": "password=SECRET"}),
    "a named value in a reason": call("GET /v1.41/info", status="500 no: password=SECRET"),
    "a query, Env": call("POST /v1.41/containers/x/exec?Env=A%3DSECRET"),
    "a query, Env as JSON": call("POST /containers/x/exec?Env=%5B%22A%3DSECRET%22%5D"),
    "a query, a build step": call("POST /commit?comment=%7C1%20A%3DSECRET%20/bin/sh%20-c%20x"),
    "JSON, a name twice": call("POST /v1.41/unheard", b'{"password": "SECRET", "password": ""}'),
    "JSON, a name twice, in a map": call(
        "GET /v1.41/containers/json", None, b'[{"a": {"x": "https://ann:SECRET@r/", "x": ""}}]'
    ),
    "JSON, auths": call("POST /v1.41/unheard", {"auths": {"r.example": {"auth": "SECRET"}}}),
    "JSON without a type, in a network": untyped(
        "POST /v1.41/networks/create", b'{"Name": "x", "Options": {"password": "SECRET"}}'
    ),
    "a form without a type": untyped("POST /v1.41/commit", b"container=web&changes=ENV+A%3DSECRET"),
    "a form, twice percent-encoded": form("POST /v1.41/commit", "container=web&x=password%253DSECRET"),
    "a form of an unknown call, twice percent-encoded": form("POST /unheard", "x=password%253DSECRET"),
    "a form of an unknown call, no equals sign": form("POST /unheard", "password%253DSECRET"),
    "a form for a network, no equals sign": form("POST /networks/create", "authconfig%5Bauth%5D%3DSECRET"),
    "a form without a type, authconfig": untyped("POST /networks/create", b"x=y&authconfig[auth]=SECRET"),
    "a form without a type, no equals sign": untyped("POST /networks/create", b"x&password%253DSECRET"),
    "a form, no equals sign": form("POST /v1.41/commit", "password%3DSECRET"),
    "a form, no equals sign, twice percent-encoded": form("POST /v1.41/commit", "password%253DSECRET"),
    "a form, a name twice percent-encoded": form("POST /v1.41/commit", "%2570assword=SECRET"),
    "a form, authconfig twice percent-encoded": form(
        "POST /images/create", "authconfig%255Bauth%255D=SECRET"
    ),
    "a form without a type, twice percent-encoded": untyped("POST /v1.41/commit", b"%2570assword=SECRET"),
    "a form, authconfig": form("POST /images/create", "fromImage=x&authconfig%5Bauth%5D=SECRET"),
    "a form, Env": form("POST /v1.41/containers/x/exec", "Cmd=sh&Env=A%3DSECRET"),
    "JSON as a form": form_of_json("POST /v1.41/containers/x/exec", {"Env": ["A=SECRET"]}),
    "a form": form("POST /v1.41/commit", "container=web&changes=ENV+A%3DSECRET&repo=x"),
    "a form, for an import": form("POST /images/create", "fromSrc=-&changes=ENV+A%3DSECRET"),
    "a form for auth": form("POST /v1.41/auth", "password=SECRET"),
    "BuildKit": h2c("/grpc"),
    **{f"gRPC, {name}": place for name, place in grpc_places(grpc).items()},
    **{f"native gRPC, {name}": place for name, place in grpc_places(native).items()},
    "native gRPC, the details of an error": native(
        "/grpc", SOLVE, {2: "SECRET"}, more=[("grpc-message", "no"), DETAILS]
    ),
    "a trace, steps": trace({1: [{1: "v", 3: CURL, 7: f"failed: {CURL}"}]}),
    "a trace, ENV": trace({1: [{1: "v", 3: "[2/3] ENV A=SECRET"}], 2: [{1: CURL, 3: CURL}]}),
    "a trace, a warning": trace({4: [{1: "v", 3: "old", 6: {1: "Dockerfile", 2: "ENV A=SECRET"}}]}),
    "a trace, fields that are not known": trace({1: [{1: "v", 77: "SECRET"}], 78: "SECRET"}),
    "a trace, a build argument": trace(
        {1: [{1: "v", 3: "[2/2] RUN echo SECRET"}]}, f"&buildargs={quote('{"A":"')}SECRET{quote('"}')}"
    ),
    "a trace, no message": trace("SECRET"),
    "a trace, what a step printed": trace(
        {3: [{1: "v", 3: 1, 4: "it is SECRET\n"}]}, f"&buildargs={quote('{"A_TOKEN":"')}SECRET{quote('"}')}"
    ),
    "h2c on another path": h2c("/v1.41/unheard"),
    "a call that is not known": call(
        "POST /v9.9/unheard", {"deep": [{"Password": "SECRET", "env": {"A": "SECRET"}}]}
    ),
    "a call that is not known, without a type": untyped("POST /unheard", b'{"password": "SECRET"}'),
    "Podman, Env": call("POST /libpod/containers/create", {"env": {"A": "SECRET"}}),
    "Podman, inspect": call(
        "GET /libpod/containers/web/json",
        None,
        {"Config": {"CreateCommand": ["podman", "run", "-e", "A=SECRET"]}},
    ),
    "Podman, kube play": untyped("POST /v5.0.0/libpod/play/kube", MANIFEST),
    "Podman, kube play, secrets in base64": kube_secret,
    "Podman, kube down": untyped("DELETE /libpod/play/kube", MANIFEST),
    "Podman, kube apply": untyped("POST /libpod/kube/apply", MANIFEST),
    "Podman, kube generate": call("GET /libpod/generate/kube?names=web", None, MANIFEST),
    "Podman, systemd generate": call(
        "GET /libpod/generate/web/systemd",
        None,
        {"container-web": "ExecStart=/usr/bin/podman run -e A=SECRET x"},
    ),
    "Podman, a pod": call(
        "GET /libpod/pods/web/json", None, {"CreateCommand": ["podman", "pod", "create", "--x", "A=SECRET"]}
    ),
    "Podman, to make a pod": call(
        "POST /libpod/pods/create", {"name": "x", "pod_create_command": ["podman", "pod", "create", "SECRET"]}
    ),
    "Podman, to make a container": call(
        "POST /libpod/containers/create",
        {"image": "x", "containerCreateCommand": ["podman", "run", "SECRET"]},
    ),
    "Podman, lists": call(
        "GET /libpod/containers/json", None, [{"CreateCommand": ["podman", "run", "-e", "A=SECRET"]}]
    ),
    "Podman, the infra container of a pod": call(
        "POST /libpod/pods/create", {"name": "x", "infra_command": ["redis-cli", "-a", "SECRET"]}
    ),
    "Podman, an inspected infra container": call(
        "GET /libpod/pods/web/json", None, {"InfraConfig": {"InfraCommand": "redis-cli -a SECRET"}}
    ),
    "a plugin, its arguments": call(
        "GET /v1.41/plugins/x/json",
        None,
        {"Config": {"Entrypoint": ["x"], "Args": {"Name": "args", "Value": ["redis-cli", "-a", "SECRET"]}}},
    ),
    "a service, a health check": call(
        "GET /v1.41/services",
        None,
        [
            {
                "Spec": {
                    "TaskTemplate": {
                        "ContainerSpec": {"Healthcheck": {"Test": ["CMD", "redis-cli", "-a", "SECRET"]}}
                    }
                }
            }
        ],
    ),
    "an image, Shell": call("GET /v1.41/images/x/json", None, {"Config": {"Shell": ["mysql", "-pSECRET"]}}),
    "an image, OnBuild": call(
        "GET /v1.41/images/x/json", None, {"Config": {"OnBuild": ["RUN mysql -pSECRET"]}}
    ),
    "events, execCommand": progress(
        "GET /v1.41/events",
        {
            "Type": "container",
            "Action": "exec_start",
            "Actor": {"Attributes": {"execCommand": "mysql -pSECRET"}},
        },
    ),
    "Podman, a secret": call("GET /libpod/secrets/x/json?showsecret=true", None, {"SecretData": "SECRET"}),
    "another log driver": call(
        "POST /v1.41/containers/create", {"HostConfig": {"LogConfig": {"Config": {"x-api-key": "SECRET"}}}}
    ),
    "Podman, secret": call("POST /libpod/secrets/create?name=x", b"SECRET"),
    "Podman, credentials": call("POST /libpod/images/pull?reference=x&credentials=ann:SECRET"),
    "repeated, a frame": repeated(streams(lambda secret: [frame(b"at " + secret + b"!\n")])),
    "repeated, two frames": repeated(
        streams(lambda secret: [frame(b"at " + secret[:6]), frame(b"no", 2), frame(secret[6:] + b"!\n")])
    ),
    "repeated, two frames in one piece": repeated(
        streams(lambda secret: [frame(b"at " + secret[:6]) + frame(secret[6:] + b"!\n")])
    ),
    "repeated, a frame in two pieces": repeated(
        streams(lambda secret: [frame(b"at " + secret)[:16], frame(b"at " + secret)[16:]])
    ),
    "repeated, a terminal": repeated(
        streams(
            lambda secret: [b"$ echo " + secret[:7], secret[7:] + b"\r\n"], line="POST /v1.41/exec/x/start"
        )
    ),
    "repeated, stdin": repeated(typed),
    "repeated, a WebSocket": repeated(websocket(lambda secret: ws_frame(b"at " + secret + b"!\n"))),
    "repeated, two frames of a WebSocket": repeated(
        websocket(lambda secret: ws_frame(b"at " + secret[:14]), lambda secret: ws_frame(secret[14:]))
    ),
    "repeated, typed in two frames of a WebSocket": repeated(
        websocket(
            lambda secret: masked_frame(b"at " + secret[:14]),
            lambda secret: masked_frame(secret[14:]),
            by_client=True,
        )
    ),
    "repeated, control frames of a WebSocket": repeated(
        websocket(lambda secret: ws_frame(secret, 9), lambda secret: ws_frame(b"\x03\xe8no " + secret, 8))
    ),
    "repeated, logs": repeated(logs),
    "repeated, events": repeated(
        progress(
            "GET /v1.41/events", {"Type": "x", "Action": "start", "Actor": {"Attributes": {"a": "SECRET"}}}
        )
    ),
    "repeated, build output": repeated(progress("POST /v1.41/build", {"stream": "using SECRET\n"})),
    "repeated, JSON": repeated(call("GET /v1.41/containers/json", None, [{"Labels": {"a": "x SECRET y"}}])),
    "repeated, a target": repeated(
        call("GET /v1.41/containers/json?filters=%7B%22name%22:%5B%22SECRET%22%5D%7D")
    ),
    "repeated, a path": repeated(call("GET /v1.41/containers/SECRET/json")),
    "repeated, a path, percent-encoded": lambda connection, secret: repeated(
        call("GET /v1.41/containers/SECRET/json")
    )(connection, f"{secret}/+ 9"),
    "repeated, a header": repeated(call("GET /v1.41/info", headers={"X-Note": "SECRET"})),
    "repeated, text": repeated(call("GET /v1.41/_ping", None, b"SECRET")),
    "repeated, a message": repeated(
        call("POST /v1.41/containers/web/start", None, {"message": "no: SECRET"}, status="500 Error")
    ),
    **{
        f"repeated in {name}, {where}": place
        for name, encoder in ENCODERS.items()
        for where, place in encoded_places(encoder).items()
    },
    **{
        f"{name}, {where}": place
        for name, body in TEXTS.items()
        for where, place in text_places(body).items()
    },
    **{
        f"{name}, an error of a call that is not known": call(
            "POST /v1.41/unheard", None, body, status="500 Internal Server Error"
        )
        for name, body in TEXTS.items()
        if name != "a sentence"
    },
    "rule, a label": call(
        "GET /v1.41/containers/web/json",
        None,
        {"Config": {"Labels": {"com.example.key": "SECRET", "b": "c"}}},
    ),
    "rule, a header": call("GET /v1.41/info", headers={"X-Corp-Id": "SECRET"}),
    "rule, a path": call("GET /v1.41/images/corp-SECRET/json"),
    "rule, a list": call("GET /v1.41/containers/json?all=corp-SECRET", None, [{"Image": "corp-SECRET"}]),
    "rule, output": lambda connection, secret: output(connection, f"corp-{secret}"),
    "rule, events": progress("GET /v1.41/events", {"Type": "x", "Action": "corp-SECRET"}),
    "rule, text": call("GET /v1.41/_ping", None, b"corp-SECRET"),
}
