"""What stands on one line of a capture: its header, an exchange, a notice, or what is known of the daemon."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apispy.capture.exchange_summary import ExchangeSummary, summarize
from apispy.capture.format import FORMAT, from_json, to_json
from apispy.capture.migrate import check, migrate
from apispy.capture.validation import LATEST, JsonObject, Malformed, malformed
from apispy.model import Exchange

MAKER = "apispy"


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a session."""

    apispy: str  # the version that wrote it
    started: float  # Unix seconds
    redacted: bool = True  # secrets were taken out before anything was written
    upstream: str = ""  # the daemon's address
    body_limit: int = 1 << 20
    curl: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # where printed curl lines go: "direct", "via"
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was said and belongs to no call."""

    at: float  # Unix seconds
    text: str


@dataclass(frozen=True, slots=True)
class Daemon:
    """What the daemon says of itself: {"version", "api_version", "min_api_version", "os", "arch"}."""

    about: dict[str, str]


Line = Header | Exchange | Notice | Daemon

_DECODER = json.JSONDecoder(parse_constant=lambda name: _refuse(name))


def written(line: Line) -> bytes:
    """One line of pure ASCII with its end. Raises ValueError for what JSON cannot hold."""
    text = json.dumps(_value(line), allow_nan=False)
    return text.replace("\x7f", "\\u007f").encode("ascii") + b"\n"


def _value(line: Line) -> dict[str, Any]:
    match line:
        case Exchange():
            return to_json(line)
        case Notice(at, text):
            return {"notice": text, "at": at}
        case Daemon(about):
            return {"daemon": about}
    return {
        "capture": MAKER,
        "format": line.format,
        "apispy": line.apispy,
        "started": line.started,
        "redacted": line.redacted,
        "upstream": line.upstream,
        "body_limit": line.body_limit,
        "curl": line.curl,
    }


def read_line(data: bytes, version: int) -> Line:
    """Raises Malformed. *version* is the format of the header before it, 0 for the first line of a file."""
    return _read_line(data, version, from_json)


def read_summary(data: bytes, version: int) -> Header | ExchangeSummary | Notice | Daemon:
    """The same, but of an exchange only its gist."""
    return _read_line(data, version, summarize)


def _read_line[Told](
    data: bytes, version: int, exchange: Callable[[Any], Told]
) -> Header | Told | Notice | Daemon:
    value = _parsed(data)
    if "capture" in value:
        return _header(value)
    if not version:
        raise Malformed(
            f'expected the header of a capture, {{"capture": "{MAKER}", ...}}, found something else'
        )
    record = JsonObject(value := migrate(value, version))
    if "exchange" in value:
        return exchange(value)
    if "notice" in value:
        return Notice(record.seconds("at"), record.text("notice"))
    if "daemon" in value:
        return Daemon(_texts(record.record("daemon")))
    raise malformed("the line", "an exchange, a notice, a daemon or a header", list(value))


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed(f"expected UTF-8, found the byte {data[error.start]:#04x} at {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"expected JSON, found something else: {error}") from None
    return JsonObject(value).value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _header(value: dict[str, Any]) -> Header:
    record = JsonObject(value)
    record.one_of("capture", (MAKER,))
    version = check(value.get("format"))
    record = JsonObject(migrate(value, version))
    curl = record.record("curl")
    return Header(
        apispy=record.text("apispy"),
        started=record.seconds("started"),
        redacted=record.flag("redacted", True),
        upstream=record.text("upstream"),
        body_limit=record.whole("body_limit"),
        curl={name: curl.record(name).value for name in curl.value},
        format=version,
    )


def _texts(record: JsonObject) -> dict[str, str]:
    return {name: record.text(name) for name in record.value}


_STARTED = re.compile(rb'\{"exchange": \d+, "started": (\d+(?:\.\d+)?(?:e[+-]?\d+)?), ')


def starts_at(data: bytes) -> float | None:
    """When what the line tells of began, seen without reading it all; None if that takes a whole look."""
    found = _STARTED.match(data)
    began = float(found[1]) if found else LATEST
    return began if began < LATEST else None
