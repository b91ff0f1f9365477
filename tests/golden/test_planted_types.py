"""A secret is planted in each secret field of each operation's request, under every Content-Type and Content-Encoding.

What a client declares may be wrong: ``curl -d`` says that JSON is a form. Nothing that a body holds is shown because
of what its type claims.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from planted_secrets import Place
from sessions import Wire
from test_golden import VIEWS
from test_planted import CORE, Everything, codings

from apispy.capture.format import to_json
from apispy.engine import OPERATIONS
from apispy.outputs import Console, DecodedCall, JsonLines, Output
from apispy.pipeline import Pipeline
from apispy.redaction import Redactor

TYPES = {
    "none": "",
    "json": "application/json",
    "json, other case": "Application/JSON",
    "json, charset": "application/json; charset=utf-16",
    "form": "application/x-www-form-urlencoded",
    "form, other case": "Application/X-WWW-Form-URLEncoded; charset=UTF-8",
    "text": "text/plain",
    "multipart": "multipart/form-data; boundary=x",
    "tar": "application/x-tar",
    "octets": "application/octet-stream",
    "frames": "application/vnd.docker.raw-stream",
    "lines": "application/x-ndjson",
}
CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "plain": ("", lambda data: data),
    "identity": ("identity", lambda data: data),
    "gzip": ("gzip", gzip.compress),
    "gzip, not declared": ("", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "declared, but not done": ("gzip", lambda data: data),
    "cut off": ("gzip", lambda data: gzip.compress(data, 0)[:-9]),
    "unknown": ("br", lambda data: data),
    "twice": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
}


def multipart(data: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="config"\r\n'
    return head + b"Content-Type: application/json\r\n\r\n" + data + b"\r\n--x--\r\n"


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "with white space": lambda data: b" \r\n\t" + data,
    "with a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "in other case": lambda data: data.swapcase().replace(CORE.upper().encode(), CORE.encode()),
    "in UTF-16": lambda data: data.decode().encode("utf-16"),
    "with more behind it": lambda data: data + b"&a=b",
    "in parts": multipart,
}


def written(steps: list[str], secret: str) -> Any:
    """The value whose field at *steps* is secret."""
    if not steps:
        return secret
    return {steps[0]: [f"A={secret}"] if steps[0] in ("Env", "env") else written(steps[1:], secret)}


SECRET_FIELDS = sorted(
    {
        (row.id, row.method, row.path, field.removeprefix("request").removeprefix("."))
        for row in OPERATIONS
        for field in row.secrets
        if field.startswith("request")
    }
)
GENERIC = [
    ("NetworkCreate", "POST", "/networks/create", "Options.password"),
    ("ContainerUpdate", "POST", "/containers/{id}/update", "deep.identitytoken"),
    ("ContainerAttach", "POST", "/images/create", "password"),
    ("ImageLoad", "POST", "/images/load", "registrytoken"),
    ("ImageBuild", "POST", "/build", "auth.password"),
    ("PutContainerArchive", "PUT", "/containers/{id}/archive", "JoinToken"),
    ("unknown", "POST", "/unheard", "Password"),
]
"""What is secret in every body, planted where the table of operations says nothing."""


def place(method: str, path: str, body: bytes, kind: str, coding: str) -> Place:
    def talk(connection: Any, secret: str) -> None:
        target = path.replace("{", "").replace("}", "")
        fields = [f"Content-Type: {kind}"] if kind else []
        fields += [f"Content-Encoding: {coding}"] if coding else []
        head = "\r\n".join([f"{method} /v1.41{target} HTTP/1.1", "Host: d", *fields])
        connection.client(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), 40):
            connection.client(body[start : start + 40])
        connection.answer("200 OK")

    return talk


class Bodies(Output):
    """Writes down the bodies that are kept, unpacked, as who reads a capture may do."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def write(self, reading: DecodedCall) -> None:
        self._write(json.dumps(to_json(reading.exchange)))
        for body in reading.exchange.streams.values():
            data = body.data
            self._write(data.decode("utf-16", "replace"))
            for _ in range(2):
                for unpack in (gzip.decompress, zlib.decompress):
                    try:
                        data = unpack(data)
                    except (OSError, EOFError, zlib.error):
                        continue
                    self._write(data.decode("latin-1"))


OUTPUTS: dict[str, Callable[[Callable[[str], None]], Output]] = {
    "console-vvv": lambda write: Console(write, verbosity=3),
    "json-vvv": lambda write: JsonLines(write, verbosity=3),
    "curl": VIEWS["console-curl"],
    "everything": Everything,
    "bodies": Bodies,
}


def leaks_of(talk: Place) -> set[str]:
    wire = Wire()
    talk(wire.connect(), CORE)
    texts: dict[str, list[str]] = {name: [] for name in OUTPUTS}
    pipeline = Pipeline([make(texts[name].append) for name, make in OUTPUTS.items()], redactor=Redactor())
    for event in wire.events:
        pipeline.feed(event)
    pipeline.close()
    return {name for name, parts in texts.items() for coding in codings(CORE) if coding in "".join(parts)}


@pytest.mark.parametrize(("name", "method", "path", "field"), SECRET_FIELDS + GENERIC)
def test_no_declared_type_or_coding_shows_a_secret(name: str, method: str, path: str, field: str) -> None:
    data = json.dumps(written(field.split(".") if field else [], f"s{CORE}1")).encode()
    bodies = [
        (kind, coding, form)
        for kind in TYPES
        for coding in CODINGS
        for form in FORMS
        if form == "as it is" or coding in ("plain", "gzip")
    ]
    leaks = [
        (kind, coding, form, found)
        for kind, coding, form in bodies
        if (
            found := leaks_of(
                place(method, path, CODINGS[coding][1](FORMS[form](data)), TYPES[kind], CODINGS[coding][0])
            )
        )
    ]
    assert not leaks


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, not declared"])
@pytest.mark.parametrize("target", ["/v1.41/networks/x", "/unheard", "/v1.41/containers/json"])
def test_no_coding_of_an_answer_shows_a_secret(target: str, coding: str) -> None:
    declared, pack = CODINGS[coding]
    data = pack(json.dumps({"Options": {"password": f"s{CORE}1"}}).encode())

    def talk(connection: Any, secret: str) -> None:
        connection.ask(f"GET {target}")
        connection.answer("200 OK", data, f"Content-Encoding: {declared}\r\n" if declared else "")

    assert not leaks_of(talk)
