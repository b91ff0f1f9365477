"""The lines of a capture: a header, an exchange, a notice, or facts about the daemon."""

import json
import re
from collections.abc import Callable
from typing import Any

from apispy import json_codec
from apispy.capture.exchange_summary import ExchangeSummary, summarize, summarize_usual
from apispy.capture.format import FORMAT, from_json, to_json, with_documents
from apispy.capture.migrate import check_format, migrate
from apispy.capture.typed_line import Contents, read_typed
from apispy.capture.validation import MAX_SECONDS, JsonObject, Malformed, malformed
from apispy.model import Exchange
from apispy.structs import Struct, field

SIGNATURE = "apispy"
"""The value of the field "capture" in a header."""


class Header(Struct, frozen=True):
    """The first line of a session."""

    apispy: str  # version that wrote it
    started: float  # Unix seconds
    redacted: bool = True  # secrets were removed before anything was written
    upstream: str = ""  # the daemon's address
    body_limit: int = 1 << 20  # bytes of each body that are kept
    curl: dict[str, dict[str, Any]] = field(default_factory=dict)  # targets of curl commands: "direct", "via"
    format: int = FORMAT


class Notice(Struct, frozen=True):
    """A message about the session, which belongs to no call."""

    at: float  # Unix seconds
    text: str


class Daemon(Struct, frozen=True):
    """What the daemon reports about itself: {"version", "api_version", "min_api_version", "os", "arch"}."""

    about: dict[str, str]


Line = Header | Exchange | Notice | Daemon


_EMBEDDED = {"$json": 0}
"""Stands for JSON that is embedded as it is. Nothing else in a line is an object with this name: in ``item_json`` names
with $ are strings, and all other objects have fixed names."""

_ENCODER = json.JSONEncoder(allow_nan=False)
_MARK = json.dumps(_EMBEDDED).encode()


def encode_line(line: Line) -> bytes:
    """Encode a line in pure ASCII, with its line feed. Raises ValueError for a value that JSON cannot hold."""
    embedded: list[bytes] = []

    def embed(content: bytes) -> Any:
        embedded.append(content)
        return _EMBEDDED

    text = _ascii(_ENCODER.encode(_to_json(line, embed)).encode())
    if not embedded:
        return text + b"\n"
    first, *others = text.split(_MARK)
    parts = [
        part for content, after in zip(embedded, others, strict=True) for part in (_ascii(content), after)
    ]
    return b"".join([first, *parts, b"\n"])


_NOT_ASCII = re.compile("[\x7f-\U0010ffff]+")


def _ascii(text: bytes) -> bytes:
    """JSON in pure ASCII without DEL: characters in strings are escaped as JSON does it."""
    if text.isascii() and b"\x7f" not in text:
        return text
    return _NOT_ASCII.sub(_escaped, text.decode()).encode("ascii")


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1].replace("\x7f", "\\u007f")


def _to_json(line: Line, embed: Callable[[bytes], Any]) -> dict[str, Any]:
    match line:
        case Exchange():
            return to_json(line, embed)
        case Notice(at, text):
            return {"notice": text, "at": at}
        case Daemon(about):
            return {"daemon": about}
    return {
        "capture": SIGNATURE,
        "format": line.format,
        "apispy": line.apispy,
        "started": line.started,
        "redacted": line.redacted,
        "upstream": line.upstream,
        "body_limit": line.body_limit,
        "curl": line.curl,
    }


def read_line(data: bytes, version: int) -> Line:
    """Read a line. Raises Malformed.

    *version* is the format in the header before it, or 0 for the first line of a file.
    """
    if version == FORMAT and (usual := read_typed(data)) is not None:
        return usual
    return _read_line(data, version, from_json)


def read_documents(data: bytes, version: int, contents: Contents) -> Line:
    """Read a line like ``read_line``, with bodies that need not be parsed again. *contents*: those of the capture."""
    if version == FORMAT and (usual := read_typed(data, contents)) is not None:
        return usual
    return _read_line(data, version, with_documents)


def read_summary(data: bytes, version: int) -> Header | ExchangeSummary | Notice | Daemon:
    """Read a line like ``read_line``, but only the summary of an exchange."""
    if version == FORMAT and (usual := summarize_usual(data)) is not None:
        return usual
    return _read_line(data, version, summarize)


def _read_line[T](
    data: bytes, version: int, read_exchange: Callable[[Any], T]
) -> Header | T | Notice | Daemon:
    value = _parse(data)
    if "capture" in value:
        return _read_header(value)
    if not version:
        raise Malformed(
            f'expected the header of a capture, {{"capture": "{SIGNATURE}", ...}}, found something else'
        )
    record = JsonObject(value := migrate(value, version))
    if "exchange" in value:
        return read_exchange(value)
    if "notice" in value:
        return Notice(record.seconds("at"), record.text("notice"))
    if "daemon" in value:
        return Daemon(_read_texts(record.object("daemon")))
    raise malformed("the line", "an exchange, a notice, a daemon or a header", list(value))


def _parse(data: bytes) -> dict[str, Any]:
    try:
        value = json_codec.read(data)
    except UnicodeDecodeError as error:
        raise Malformed(f"expected UTF-8, found the byte {data[error.start]:#04x} at {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"expected JSON, found something else: {error}") from None
    return JsonObject(value).value


def _read_header(value: dict[str, Any]) -> Header:
    record = JsonObject(value)
    record.one_of("capture", (SIGNATURE,))
    version = check_format(value.get("format"))
    record = JsonObject(migrate(value, version))
    curl = record.object("curl")
    return Header(
        apispy=record.text("apispy"),
        started=record.seconds("started"),
        redacted=record.flag("redacted", True),
        upstream=record.text("upstream"),
        body_limit=record.integer("body_limit"),
        curl={name: curl.object(name).value for name in curl.value},
        format=version,
    )


def _read_texts(record: JsonObject) -> dict[str, str]:
    return {name: record.text(name) for name in record.value}


_STARTED = re.compile(rb'\{"exchange": \d+, "started": (\d+(?:\.\d+)?(?:e[+-]?\d+)?), ')


def peek_start_time(data: bytes) -> float | None:
    """Return the start time of the exchange on a line without parsing the line.

    Returns None if that is not possible; then the line must be parsed.
    """
    found = _STARTED.match(data)
    started = float(found[1]) if found else MAX_SECONDS
    return started if started < MAX_SECONDS else None
