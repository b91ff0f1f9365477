"""The gist of a saved exchange: what statistics need of it, its bodies left as they stand in the line.

A whole exchange is some hundred objects, and most of the work of reading a capture; of its gist there is one.
"""

from dataclasses import dataclass
from typing import Any, get_args

from apispy.capture.content import ENCODINGS
from apispy.capture.format import from_json
from apispy.capture.item_json import value_of
from apispy.capture.validation import LARGEST, LATEST
from apispy.model import End, Exchange

ENDS = get_args(End)


@dataclass(slots=True)
class ExchangeSummary:
    """As much of an exchange as statistics need. Sizes are bytes of bodies and tunnels, heads not counted."""

    method: str
    target: str
    started: float  # Unix seconds
    duration: float  # seconds
    end: str
    status: int | None  # None: no answer
    answered: float  # when the answer's head was complete, in seconds since the exchange began
    sent: int
    received: int
    line: Any = None  # the JSON value that it was made of, if it comes out of a capture

    def whole(self) -> Exchange:
        """The exchange. Raises Malformed if the content of a body is not as long as its chunks, or is none."""
        return from_json(self.line)


class _Unusual(Exception):
    """Whether this is wrong or only rare is for ``from_json`` to say."""


def summarize(line: Any) -> ExchangeSummary:
    """The gist of the exchange in the JSON value *line*.

    Raises Malformed for what ``from_json`` refuses, with the same words, except that the content of bodies is not
    looked at: whether it is of the encoding named, and as long as the chunks.
    """
    try:
        return _plain(line)
    except (_Unusual, LookupError, TypeError, ValueError, AttributeError):
        return summarize_exchange(from_json(line), line)


def summarize_exchange(exchange: Exchange, line: Any = None) -> ExchangeSummary:
    """The gist of an exchange, which comes from *line* or was not saved."""
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


def _plain(line: Any) -> ExchangeSummary:
    """Quick, and picky: what is as apispy writes it mostly is taken, of anything else something is raised."""
    request, response, tunnel = line["request"], line["response"], line["tunnel"]
    _require(type(line["exchange"]) is int and 1 <= line["exchange"] <= LARGEST)
    _whole(line["connection"])
    _seconds(line["started"], line["duration"], request["at"])
    _strings(line["client"], line["upstream"], request["method"], request["target"], request["version"])
    _require(line["end"] in ENDS and line["problems"] == [])
    for one in _list(line["redactions"]):
        _strings(one["place"], one["token"], one["kind"])
    _headers(request["headers"])
    sent, received, status, answered = _body(request["body"]), 0, None, 0.0
    if response is not None:
        status, answered = response["status"], response["at"]
        _whole(status)
        _seconds(answered)
        _strings(response["reason"], response["version"])
        _headers(response["headers"])
        received = _body(response["body"])
    if tunnel is not None:
        _strings(tunnel["protocol"])
        sent += _body(tunnel["to_server"])
        received += _body(tunnel["to_client"])
    return ExchangeSummary(
        request["method"],
        request["target"],
        line["started"],
        line["duration"],
        line["end"],
        status,
        answered,
        sent,
        received,
        line,
    )


def _require(right: bool) -> None:
    if not right:
        raise _Unusual


def _whole(value: Any) -> None:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise _Unusual


def _seconds(*values: Any) -> None:
    for value in values:
        if (type(value) is not float and type(value) is not int) or not 0 <= value <= LATEST:
            raise _Unusual


def _strings(*values: Any) -> None:
    for value in values:
        if type(value) is not str:
            raise _Unusual


def _list(value: Any) -> Any:
    if type(value) is not list:
        raise _Unusual
    return value


def _headers(pairs: Any) -> None:
    for pair in _list(pairs):
        name, value = pair
        if type(pair) is not list or not (name.isascii() and value.isascii()):
            raise _Unusual


USUAL = frozenset(("size", "ended_at", "chunks", "encoding", "content", "tail", "sha256", "shown", "seen"))


def _body(body: Any) -> int:
    """Its size."""
    size = body["size"]
    _whole(size)
    if body["ended_at"] is not None:
        _seconds(body["ended_at"])
    if len(body) > 2:
        _require(USUAL.issuperset(body) and type(body.get("sha256", "")) is str)
        _require(type(body.get("shown", True)) is bool)
        _content(body)
    return int(size)


def _content(body: Any) -> None:
    chunks = _list(body.get("chunks", []))
    for chunk in chunks:
        at, length = chunk
        if type(chunk) is not list:
            raise _Unusual
        _seconds(at)
        _whole(length)
    if chunks:
        encoding, content = body["encoding"], body["content"]
        _require(encoding in ENCODINGS and (encoding == "json" or type(content) is str))
    for one in _list(body.get("seen", [])):
        _seconds(one["at"])
        _item(one)


def _item(item: Any) -> None:
    """One of what was read in bytes that are not kept. A value that is no list and no object is what it is."""
    _strings(item["kind"], item["label"])
    start, stop = _list(item["span"])
    _whole(start)
    _whole(stop)
    if type(item["value"]) in (dict, list):
        value_of(item["value"], "")
    for child in _list(item.get("children", [])):
        _item(child)
