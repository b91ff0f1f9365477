"""The summary of a saved exchange: what statistics need, without decoding the bodies.

Reading a whole exchange creates about a hundred objects, and is most of the work of reading a capture. A summary is one
object, which makes ``apispy show --stats`` several times as fast.
"""

from typing import Any, get_args

from apispy import json_codec
from apispy.capture.content import ENCODINGS
from apispy.capture.format import from_json
from apispy.capture.item_json import check_shape, decode_value
from apispy.capture.typed_line import TypedBody, read_outline
from apispy.capture.validation import MAX_INTEGER, MAX_SECONDS
from apispy.json_codec import Raw, ReformattedFloat
from apispy.model import End, Exchange
from apispy.structs import Struct

ENDS = get_args(End)


class ExchangeSummary(Struct):
    """What statistics need of an exchange. Sizes are bytes of bodies and tunnels, without heads."""

    method: str
    target: str
    started: float  # Unix seconds
    duration: float  # seconds
    end: str
    status: int | None  # None: no response
    response_at: float  # when the response's head was complete, in seconds since the exchange began
    sent: int
    received: int
    saved: Any = None  # the JSON value from which it was read, or its bytes, if it comes from a capture

    @property
    def line(self) -> Any:
        """The JSON value from which it was read. It is parsed if only the summary was read until now."""
        if isinstance(self.saved, bytes):
            self.saved = json_codec.read(self.saved)
        return self.saved

    def exchange(self) -> Exchange:
        """Read the whole exchange. Raises Malformed if a body's content is invalid or not as long as its chunks."""
        return from_json(self.line)


def summarize(line: Any) -> ExchangeSummary:
    """Summarize the exchange in the JSON value *line*.

    Raises Malformed, with the same message, for everything that ``from_json`` rejects, except that the content of
    bodies is not checked: neither its encoding nor that it is as long as the chunks.
    """
    try:
        return _summarize_usual(line)
    except (_Unusual, LookupError, TypeError, ValueError, AttributeError):
        return summarize_exchange(from_json(line), line)


def summarize_exchange(exchange: Exchange, line: Any = None) -> ExchangeSummary:
    """Summarize an exchange that was read from *line*, or that was not saved."""
    response, tunnel = exchange.response, exchange.tunnel
    return ExchangeSummary(
        exchange.request.method,
        exchange.request.target,
        exchange.started,
        exchange.duration,
        exchange.end,
        response.status if response else None,
        response.at if response else 0.0,
        exchange.request.body.size + (tunnel.to_server.size if tunnel else 0),
        (response.body.size if response else 0) + (tunnel.to_client.size if tunnel else 0),
        line,
    )


# -- The fastest path: what most lines are, of which only the fields of the summary are read --


def summarize_usual(data: bytes) -> ExchangeSummary | None:
    """Summarize the exchange on a line of the current format without parsing its bodies.

    None if the line is wrong or merely rare: ``summarize`` decides about it.
    """
    line = read_outline(data)
    if line is None:
        return None
    request, response, tunnel = line["request"], line["response"], line["tunnel"]
    try:
        if b"\\u" in data:  # only an escape stands for anything but ASCII
            _check_headers(request["headers"])
            _check_headers(response["headers"] if response else [])
        sent, received = _usual_size(request["body"]), _usual_size(response["body"]) if response else 0
        if tunnel is not None:
            sent += _usual_size(tunnel["to_server"])
            received += _usual_size(tunnel["to_client"])
    except (_Unusual, KeyError):
        return None
    return _checked_summary(line, sent, received, data)


QUOTE = ord('"')


def _usual_size(body: TypedBody[Raw]) -> int:
    """Return the size of a body. Raises _Unusual for what its types do not say."""
    if "trailers" in body or "seen" in body:
        raise _Unusual
    if body.get("chunks"):
        encoding, content = body["encoding"], body["content"]
        if encoding != "json" and memoryview(content)[0] != QUOTE:
            raise _Unusual
    return body["size"]


# -- The fast path: lines as apispy usually writes them --
#
# The checks below accept only what ``from_json`` accepts. They raise on anything wrong or merely rare, and
# ``from_json`` then decides which of the two it is. They check types with ``type(...) is``, which is quick, and
# excludes booleans from numbers.


SECONDS = (float, int, ReformattedFloat)
"""Types of a time in seconds."""


class _Unusual(Exception):
    """The line is wrong, or right but rare."""


def _summarize_usual(line: Any) -> ExchangeSummary:
    """Summarize a line that passes all checks. Raises _Unusual, or what indexing untrusted JSON raises."""
    request, response, tunnel = line["request"], line["response"], line["tunnel"]
    _check_call(line)
    _check_request(request)
    sent = _body_size(request["body"])
    received = 0
    if response is not None:
        _check_response(response)
        received = _body_size(response["body"])
    if tunnel is not None:
        _check_strings(tunnel["protocol"])
        sent += _body_size(tunnel["to_server"])
        received += _body_size(tunnel["to_client"])
    return _checked_summary(line, sent, received, line)


def _checked_summary(line: Any, sent: int, received: int, saved: Any) -> ExchangeSummary:
    """Make the summary of a line that has passed the checks."""
    request, response = line["request"], line["response"]
    status, response_at = (None, 0.0) if response is None else (response["status"], response["at"])
    return ExchangeSummary(
        request["method"],
        request["target"],
        line["started"],
        line["duration"],
        line["end"],
        status,
        response_at,
        sent,
        received,
        saved,
    )


def _check_numbers(line: Any) -> None:
    """Check the numbers of the exchange itself."""
    _check_integer(line["exchange"], least=1)
    _check_integer(line["connection"])
    _check_seconds(line["started"])
    _check_seconds(line["duration"])


def _check_call(line: Any) -> None:
    """Check everything in a line except its request, response and tunnel."""
    _check_numbers(line)
    _check_strings(line["client"], line["upstream"])
    if line["end"] not in ENDS or line["problems"] != []:
        raise _Unusual
    for redaction in _checked_list(line["redactions"]):
        _check_strings(redaction["place"], redaction["token"], redaction["kind"])


def _check_request(request: Any) -> None:
    _check_strings(request["method"], request["target"], request["version"])
    _check_seconds(request["at"])
    _check_headers(request["headers"])


def _check_response(response: Any) -> None:
    _check_integer(response["status"])
    _check_strings(response["reason"], response["version"])
    _check_seconds(response["at"])
    _check_headers(response["headers"])


def _check_headers(pairs: Any) -> None:
    for pair in _checked_list(pairs):
        name, value = pair
        if type(pair) not in (list, tuple) or not (name.isascii() and value.isascii()):
            raise _Unusual


USUAL_BODY_FIELDS = frozenset(
    ("size", "ended_at", "chunks", "encoding", "content", "tail", "sha256", "shown", "seen")
)
"""All fields of a body but the trailers, which are rare."""


def _body_size(body: Any) -> int:
    """Check a body, and return its size."""
    size: int = body["size"]
    _check_integer(size)
    if body["ended_at"] is not None:
        _check_seconds(body["ended_at"])
    if len(body) > 2:
        _check_optional_fields(body)
    return size


def _check_optional_fields(body: Any) -> None:
    """Check all of a body but its size and end. The content itself is not decoded."""
    if not USUAL_BODY_FIELDS.issuperset(body):
        raise _Unusual
    if type(body.get("sha256", "")) is not str or type(body.get("shown", True)) is not bool:
        raise _Unusual
    chunks = _checked_list(body.get("chunks", []))
    for chunk in chunks:
        at, length = chunk
        if type(chunk) is not list:
            raise _Unusual
        _check_seconds(at)
        _check_integer(length)
    if chunks:
        encoding, content = body["encoding"], body["content"]
        if encoding not in ENCODINGS or (encoding != "json" and type(content) is not str):
            raise _Unusual
    for item in _checked_list(body.get("seen", [])):
        _check_seconds(item["at"])
        _check_item(item)


def _check_item(item: Any) -> None:
    """Check an item that was decoded from bytes that are not kept."""
    _check_strings(item["kind"], item["label"])
    start, stop = _checked_list(item["span"])
    _check_integer(start)
    _check_integer(stop)
    value = item["value"]
    if type(value) in (dict, list):  # any other value stands for itself
        value = decode_value(value, "")
    check_shape(item["kind"], item["label"], value, "")
    for child in _checked_list(item.get("children", [])):
        _check_item(child)


def _check_integer(value: Any, least: int = 0) -> None:
    if type(value) is not int or not least <= value <= MAX_INTEGER:
        raise _Unusual


def _check_seconds(value: Any) -> None:
    if type(value) not in SECONDS or not 0 <= value <= MAX_SECONDS:
        raise _Unusual


def _check_strings(*values: Any) -> None:
    for value in values:
        if type(value) is not str:
            raise _Unusual


def _checked_list(value: Any) -> Any:
    if type(value) is not list:
        raise _Unusual
    return value
