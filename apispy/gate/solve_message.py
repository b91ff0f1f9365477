"""What a build asks for, read from BuildKit's messages so strictly that a daemon cannot read them otherwise. Sans-IO.

``grpc_schema`` names the fields that apispy shows, and others are only counted. For a rule that is too little: a field
that is not in these tables is refused, and so is one that comes twice (a daemon merges messages, and takes the last of
other values), text that is not UTF-8, and a number where text belongs. Sources: buildkit's control.proto,
gateway.proto and ops.proto.
"""

from typing import Any

from apispy.decoders.grpc_schema import Field, fields_in
from apispy.decoders.protobuf import LENGTH, VARINT, ProtobufError, wire_fields
from apispy.engine.requested_builds import ENTITLEMENTS, SOLVES
from apispy.gate.strict_request import Doubt, json_body

MAX_DEPTH = 8
"""Levels of messages in messages."""

MAX_NUMBER = (1 << 31) - 1
"""The largest number. A daemon cuts larger ones to 32 bits where it expects one of a few."""

MESSAGES = {
    "Control/Solve": "1 Ref text, 2 Definition Definition, 3 Exporter text, 4 ExporterAttrs map, 5 Session text,"
    " 6 Frontend text, 7 FrontendAttrs map, 8 Cache CacheOptions, 9 Entitlements text*, 10 FrontendInputs Input*,"
    " 11 Internal number, 13 Exporters Typed*, 14 EnableSessionExporter number",
    "LLBBridge/Solve": "1 Definition Definition, 2 Frontend text, 3 FrontendOpt map, 5 allowResultReturn number,"
    " 6 allowResultArrayRef number, 10 Final number, 11 ExporterAttr unread, 12 CacheImports Typed*,"
    " 13 FrontendInputs Input*, 14 Evaluate number",
    "CacheOptions": "4 Exports Typed*, 5 Imports Typed*",
    "Typed": "1 Type text, 2 Attrs map",
    "Input": "1 key text, 2 value Definition",
    "Definition": "1 def Op*, 2 metadata unread*, 3 Source unread",
    "Op": "1 inputs unread*, 2 exec ExecOp, 3 source SourceOp, 4 file unread, 6 merge unread, 7 diff unread,"
    " 10 platform unread, 11 constraints unread",
    "ExecOp": "1 meta Meta, 2 mounts unread*, 3 network number, 4 security number, 5 secretenv unread*,"
    " 6 cdiDevices Device*",
    "Meta": "1 args unread*, 2 env unread*, 3 cwd unread, 4 user unread, 5 proxy_env unread, 6 extraHosts HostIP*,"
    " 7 hostname unread, 9 ulimit unread*, 10 cgroupParent unread, 11 removeMountStubsRecursive number,"
    " 12 validExitCodes unread*",
    "HostIP": "1 Host text, 2 IP text",
    "SourceOp": "1 identifier text, 2 attrs map",
    "Device": "1 name text, 2 optional number",
}  # fmt: skip
"""The fields of each message: number, name, type; a ``*`` marks a list. ``unread``: nothing in it decides."""


_TABLES = {name: fields_in(rows) for name, rows in MESSAGES.items()}


def read_solve(operation: str, data: bytes) -> dict[str, Any]:
    """Read the message of a method of SOLVES, in the form that ``engine.requested_builds`` takes. Raises Doubt."""
    assert operation in SOLVES
    try:
        value = _message(operation, data, MAX_DEPTH)
    except ProtobufError:
        raise Doubt("its message is not protobuf") from None
    for one in value.get("Entitlements", ()):
        if one.partition("=")[0] not in ENTITLEMENTS:
            raise Doubt("it asks for an entitlement that apispy does not know")
    if value.get("EnableSessionExporter"):
        raise Doubt("it leaves its outputs to the session")
    for options in (value.get("FrontendAttrs", {}), value.get("FrontendOpt", {})):
        if text := options.get("cache-imports"):
            try:
                json_body(text.encode())
            except Doubt:
                raise Doubt("its option cache-imports is not JSON, or has a field twice") from None
    inputs = value.pop("FrontendInputs", [])
    return value | {"FrontendInputs": [one.get("value", {}) for one in inputs]}


def _message(name: str, data: bytes, depth: int) -> dict[str, Any]:
    if not depth:
        raise Doubt("its message is nested too deeply")
    table, value = _TABLES[name], dict[str, Any]()
    for number, kind, content in wire_fields(data):
        field = table.get(number)
        if field is None:
            raise Doubt(f"its message has a field that apispy does not know: {name} {number}")
        if field.type == "map":
            key, text = _entry(content, kind)
            entries = value.setdefault(field.name, {})
            if key in entries:
                raise Doubt(f"its message has an entry twice, in {field.name}")
            entries[key] = text
        elif field.repeated:
            value.setdefault(field.name, []).append(_value(field, kind, content, depth))
        elif field.name in value:
            raise Doubt(f"its message has a field twice: {field.name}")
        else:
            value[field.name] = _value(field, kind, content, depth)
    return value


def _value(field: Field, kind: int, content: int | bytes, depth: int) -> Any:
    if field.type == "unread":
        return None
    if field.type == "number":
        if kind != VARINT or not isinstance(content, int) or content > MAX_NUMBER:
            raise Doubt(f"its message has no number in {field.name}, or one that is too large")
        return content
    data = _bytes(content, kind, field.name)
    return _text(data, field.name) if field.type == "text" else _message(field.type, data, depth - 1)


def _entry(content: int | bytes, kind: int) -> tuple[str, str]:
    """Read an entry of a map: 1 key, 2 value."""
    parts = dict[int, str]()
    for number, of_part, part in wire_fields(_bytes(content, kind, "a map")):
        if number not in (1, 2) or number in parts:
            raise Doubt("its message has an entry of a map that is not one")
        parts[number] = _text(_bytes(part, of_part, "a map"), "a map")
    return parts.get(1, ""), parts.get(2, "")


def _bytes(content: int | bytes, kind: int, name: str) -> bytes:
    if kind != LENGTH or not isinstance(content, bytes):
        raise Doubt(f"its message has a number in {name}")
    return content


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Doubt(f"its message has text that is not UTF-8, in {name}") from None
