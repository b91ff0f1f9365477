"""An OpenAPI 3.1 document of the calls that were seen: paths as templates, shapes merged, redacted examples."""

import json
from collections import Counter
from typing import Any

from apispy.engine import Call
from apispy.engine.parameters import parameters
from apispy.engine.shapes import Shape, request_shape, response_shape
from apispy.engine.versions import nearest
from apispy.learn.drift.schema import SeenSchema
from apispy.learn.permissions.paths import parts_of
from apispy.learn.read_call import ReadCall
from apispy.model import Body, Direction, Headers
from apispy.structs import Struct, field

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The methods that OpenAPI has."""

MAX_OPERATIONS = 1000
"""Operations that are described; calls of more are counted."""

MAX_NAMES = 100
"""Parameters, statuses and media types that are kept of an operation."""

MAX_EXAMPLE = 2000
"""Characters of the JSON of an example."""


class Content(Struct):
    """The bodies of one media type."""

    schema: SeenSchema = field(default_factory=SeenSchema)
    is_json: bool = False
    example: str = ""


class SeenOperation(Struct):
    """A method on paths of one template."""

    call: Call
    template: str
    calls: int = 0
    query: dict[str, str] = field(default_factory=dict)  # type by name
    headers: set[str] = field(default_factory=set)
    requests: dict[str, Content] = field(default_factory=dict)  # by media type
    with_body: int = 0
    responses: dict[int, dict[str, Content]] = field(default_factory=dict)


class OpenApi:
    """Collects calls, one at a time."""

    def __init__(self) -> None:
        self.calls = 0
        self.left_out = 0  # calls that the document does not describe
        self._versions: Counter[str] = Counter()
        self._operations: dict[tuple[str, str], SeenOperation] = {}

    def add(self, decoded: ReadCall, source: str = "") -> None:
        """Add a call."""
        self.calls += 1
        call, exchange = decoded.call, decoded.exchange
        self._versions[nearest(call.version)] += call.version_known
        seen = self._operation(call, exchange.request.method.lower())
        if seen is None or exchange.response is None:
            self.left_out += 1
            return
        seen.calls += 1
        _note_parameters(seen, call, exchange.request.headers)
        if exchange.request.body.size:
            seen.with_body += 1
            shape = request_shape(call.operation.id, call.version)
            _note_body(
                seen.requests, exchange.request.headers, exchange.request.body, decoded, "request", shape
            )
        status = exchange.response.status
        if status in seen.responses or len(seen.responses) < MAX_NAMES:
            answers = seen.responses.setdefault(status, {})
            shape = response_shape(call.operation.id, status, call.version)
            _note_body(answers, exchange.response.headers, exchange.response.body, decoded, "response", shape)

    def _operation(self, call: Call, method: str) -> SeenOperation | None:
        template = (
            call.operation.path if call.known and "{path}" not in call.operation.path else _template(call)
        )
        key = template, method
        if method not in METHODS or (key not in self._operations and len(self._operations) >= MAX_OPERATIONS):
            return None
        return self._operations.setdefault(key, SeenOperation(call, template))

    def document(self) -> dict[str, Any]:
        """Return the document."""
        version = self._versions.most_common(1)[0][0] if self._versions.total() else ""
        paths: dict[str, Any] = {}
        for (template, method), seen in sorted(self._operations.items()):
            if seen.calls:
                paths.setdefault(template, {})[method] = _described(seen, method)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Docker Engine API, as seen by apispy",
                "version": version or "unknown",
                "description": f"What {self.calls} calls used and what the daemon responded.",
            },
            "servers": [{"url": f"/v{version}" if version else "/"}],
            "paths": paths,
        }


def _template(call: Call) -> str:
    """Return the template of a path of no known operation: what looks like an ID is a parameter."""
    parts = parts_of(call)
    return (
        "/".join(f"{{name{number}}}" if part.name else part.text for number, part in enumerate(parts)) or "/"
    )


def _note_parameters(seen: SeenOperation, call: Call, headers: Headers) -> None:
    known = {(one.place, one.name): one.type for one in parameters(call.operation.id)}
    for name, _ in call.query:
        if name and len(seen.query) < MAX_NAMES:
            seen.query.setdefault(name, known.get(("query", name), "string"))
    seen.headers |= {name for place, name in known if place == "header" and name in headers}


def _note_body(
    contents: dict[str, Content],
    headers: Headers,
    body: Body,
    decoded: ReadCall,
    direction: Direction,
    shape: Shape | None,
) -> None:
    if not body.size:
        return
    media = headers.media_type
    media = media if "/" in media and media.isascii() and media.isprintable() else "application/octet-stream"
    if media not in contents and len(contents) >= MAX_NAMES:
        return
    content = contents.setdefault(media, Content())
    for item in decoded.items.get(direction, ()):
        if item.kind == "json":
            content.is_json = True
            content.schema.add(item.value, shape)
            text = "" if content.example else json.dumps(item.value)
            content.example = content.example or (text if len(text) <= MAX_EXAMPLE else "")


def _described(seen: SeenOperation, method: str) -> dict[str, Any]:
    operation = seen.call.operation
    found: dict[str, Any] = {}
    if operation.id:
        found |= {"operationId": operation.id, "summary": operation.does, "tags": [operation.tag]}
    names = [part[1:-1] for part in seen.template.split("/") if part.startswith("{")]
    rows = [_parameter("path", name, "string") for name in names]
    rows += [_parameter("query", name, type_) for name, type_ in sorted(seen.query.items())]
    rows += [
        _parameter("header", name, "string") for name in sorted(seen.headers) if name.lower() not in _OWN
    ]
    if rows:
        found["parameters"] = rows
    if seen.requests and method not in ("get", "head", "delete", "trace"):
        found["requestBody"] = {"required": seen.with_body == seen.calls, "content": _contents(seen.requests)}
    found["responses"] = {
        str(status): {
            "description": f"Seen with status {status}.",
            **({"content": _contents(one)} if one else {}),
        }
        for status, one in sorted(seen.responses.items())
    }
    return found


_OWN = ("accept", "content-type", "authorization")
"""Headers that OpenAPI describes in other ways."""


def _parameter(place: str, name: str, type_: str) -> dict[str, Any]:
    schema: dict[str, Any] = (
        {"type": "array", "items": {"type": "string"}} if type_ == "array" else {"type": type_}
    )
    return {"name": name, "in": place, "schema": schema, **({"required": True} if place == "path" else {})}


def _contents(contents: dict[str, Content]) -> dict[str, Any]:
    return {media: _content(one) for media, one in sorted(contents.items())}


def _content(content: Content) -> dict[str, Any]:
    if not content.is_json:
        return {}
    found: dict[str, Any] = {"schema": content.schema.schema()}
    return found | ({"example": json.loads(content.example)} if content.example else {})
