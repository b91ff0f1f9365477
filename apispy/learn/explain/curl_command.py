"""The curl line for an operation, with what is to be filled in in capitals."""

import json
import re
import shlex
from urllib.parse import quote, urlencode

from apispy.engine import Operation
from apispy.engine.parameters import parameters_of
from apispy.engine.shapes import request_shape
from apispy.learn.explain.body_fields import takes_body
from apispy.learn.explain.records import Question

SOCKET = "/var/run/docker.sock"
BINARY = ("tar", "stdio", "raw")
"""Formats of answers that curl must be told to write to a terminal."""

IMPOSSIBLE = {
    "h2c": "# curl cannot do this: the connection speaks gRPC after the upgrade",
    "websocket": "# curl cannot do this: it is a WebSocket; try websocat",
}
PLACEHOLDERS = {"images": "IMAGE", "distribution": "IMAGE", "exec": "EXEC"}
"""What stands for the name after a part of the path; else the part itself, without its plural s."""

USUAL: dict[str, dict[str, str]] = {
    "ImageCreate": {"fromImage": "IMAGE", "tag": "latest"},
    "ImageBuild": {"t": "IMAGE"},
    "ImageTag": {"repo": "IMAGE", "tag": "TAG"},
    "ImageCommit": {"container": "CONTAINER", "repo": "IMAGE"},
    "ImageGetAll": {"names": "IMAGE"},
    "ContainerLogs": {"stdout": "1", "stderr": "1"},
    "ServiceLogs": {"stdout": "1", "stderr": "1"},
    "TaskLogs": {"stdout": "1", "stderr": "1"},
    "ContainerAttach": {"stream": "1", "stdout": "1", "stderr": "1"},
    "BuildCancel": {"id": "BUILDID"},
}
"""Parameters without which a call does nothing useful, though they need not be there."""

_NAME = re.compile(r"(\w*)/\{(\w+)\}")


def curl_command(asked: Question, version: str) -> str:
    """One line for a POSIX shell that calls the daemon on this machine; a comment if curl cannot do it."""
    operation = asked.operation
    if why := IMPOSSIBLE.get(operation.response):
        return why
    method = {"GET": [], "HEAD": ["--head"]}.get(operation.method, ["-X", operation.method or "GET"])
    streams = ["--no-buffer"] if operation.opens != "no" else []
    output = ["--output", "-"] if operation.response in BINARY else []
    query = _query(asked, version)
    url = f"http://localhost/v{version}{_path(asked)}" + (f"?{query}" if query else "")
    words = ["curl", "-sS", "--unix-socket", SOCKET, *method, *_body(asked, version), *streams, *output, url]
    return " ".join(shlex.quote(word) for word in words)


def _path(asked: Question) -> str:
    """With the names that were given, else with placeholders."""
    given = asked.call.arguments if asked.call else {}

    def name(found: re.Match[str]) -> str:
        value = given.get(found[2], "")
        usable = value and not value.startswith("{")
        return (
            f"{found[1]}/{quote(value, safe='/:@', errors='replace') if usable else _placeholder(found[1])}"
        )

    return _NAME.sub(name, asked.operation.path)


def _placeholder(part: str) -> str:
    return PLACEHOLDERS.get(part, part.removesuffix("s").upper() or "NAME")


def _query(asked: Question, version: str) -> str:
    """The query that was given, else the usual one, and the parameters without which the daemon refuses."""
    given = asked.call.query if asked.call else ()
    pairs = list(given or USUAL.get(asked.operation.id, {}).items())
    names = {name for name, _ in pairs}
    for row in parameters_of(asked.operation.id, version):
        if row.place == "query" and row.required and row.name not in names:
            pairs.append((row.name, row.name.upper()))
    return urlencode(pairs, errors="replace")


def _body(asked: Question, version: str) -> list[str]:
    operation = asked.operation
    if not takes_body(operation, version):
        return []
    if operation.request == "tar":
        if "fromImage" in _query(asked, version):  # a pull has no archive
            return []
        return ["-H", "Content-Type: application/x-tar", "--data-binary", "@FILE.tar"]
    return ["-H", "Content-Type: application/json", "-d", json.dumps(_example(operation, version))]


def _example(operation: Operation, version: str) -> dict[str, str]:
    """The texts at the top of the body that matter or must be there."""
    shape = request_shape(operation.id, version)
    shown = {name.removeprefix("body.") for name in operation.shows}
    fields = shape.fields if shape else ()
    return {
        field.name: field.name.upper()
        for field in fields
        if field.shape.kind == "string" and (field.required or field.name in shown)
    }
