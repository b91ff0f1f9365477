"""The curl command for an operation, with placeholders in capitals."""

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
"""Response formats that curl writes to a terminal only with ``--output -``."""

IMPOSSIBLE = {
    "h2c": "# curl cannot do this: the connection speaks gRPC after the upgrade",
    "websocket": "# curl cannot do this: it is a WebSocket; try websocat",
}
PODMAN_VERSION = "5.0.0"
"""The version in the path of Podman's own operations, if none was typed."""

PLACEHOLDERS = {"images": "IMAGE", "distribution": "IMAGE", "exec": "EXEC"}
"""Placeholder after a path segment; by default the segment itself without its plural s."""

TYPICAL_QUERY: dict[str, dict[str, str]] = {
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
"""Optional parameters without which a call does nothing useful."""

TYPICAL_HEADERS = {"ImagePush": ["X-Registry-Auth: e30="]}
"""Headers without which engines refuse a call. e30= is {}: no credentials."""

MOMENT = "(now"
"""The beginning of a value that a docker command computes from the time when it runs: "(now - 5m)"."""

_NAME = re.compile(r"(\w*)/\{(\w+)\}")


def curl_command(question: Question, version: str) -> str:
    """Return one line for a POSIX shell that calls the local daemon, or a comment if curl cannot."""
    operation = question.operation
    if why := IMPOSSIBLE.get(operation.response):
        return why
    method = {"GET": [], "HEAD": ["--head"]}.get(operation.method, ["-X", operation.method or "GET"])
    streams = ["--no-buffer"] if operation.opens != "no" else []
    output = ["--output", "-"] if operation.response in BINARY else []
    query = _query(question, version)
    if operation.tag == "Podman":
        version = (question.call and question.call.version) or PODMAN_VERSION
    url = f"http://localhost/v{version}{_path(question)}" + (f"?{query}" if query else "")
    words = [
        "curl",
        "-sS",
        "--unix-socket",
        SOCKET,
        *method,
        *(word for header in TYPICAL_HEADERS.get(operation.id, ()) for word in ("-H", header)),
        *_body(question, version),
        *streams,
        *output,
        url,
    ]
    return " ".join(shlex.quote(word) for word in words)


def _path(question: Question) -> str:
    """Format the path with the typed names, or with placeholders."""
    typed = question.call.arguments if question.call else {}

    def name(found: re.Match[str]) -> str:
        value = typed.get(found[2], "")
        usable = value and not value.startswith("{")
        return (
            f"{found[1]}/{quote(value, safe='/:@', errors='replace') if usable else _placeholder(found[1])}"
        )

    return _NAME.sub(name, question.operation.path)


def _placeholder(part: str) -> str:
    return PLACEHOLDERS.get(part, part.removesuffix("s").upper() or "NAME")


def _query(question: Question, version: str) -> str:
    """Format the typed query, or the typical one, and add missing required parameters."""
    typed = question.call.query if question.call else ()
    pairs = list(typed or TYPICAL_QUERY.get(question.operation.id, {}).items())
    pairs = [(name, name.upper() if value.startswith(MOMENT) else value) for name, value in pairs]
    names = {name for name, _ in pairs}
    for row in parameters_of(question.operation.id, version):
        if row.place == "query" and row.required and row.name not in names:
            pairs.append((row.name, row.name.upper()))
    return urlencode(pairs, errors="replace")


def _body(question: Question, version: str) -> list[str]:
    operation = question.operation
    if not takes_body(operation, version):
        return []
    if operation.request == "tar":
        if "fromImage" in _query(question, version):  # a pull sends no archive
            return []
        return ["-H", "Content-Type: application/x-tar", "--data-binary", "@FILE.tar"]
    return ["-H", "Content-Type: application/json", "-d", json.dumps(_example(operation, version))]


def _example(operation: Operation, version: str) -> dict[str, str]:
    """Return an example body: its important or required top-level strings."""
    shape = request_shape(operation.id, version)
    shown = {name.removeprefix("body.") for name in operation.shows}
    fields = shape.fields if shape else ()
    return {
        field.name: field.name.upper()
        for field in fields
        if field.shape.kind == "string" and (field.required or field.name in shown)
    }
