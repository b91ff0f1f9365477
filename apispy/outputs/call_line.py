"""The one line that says what a call was and what came of it."""

import time

from apispy.outputs import units
from apispy.outputs.arguments import arguments, quoted
from apispy.outputs.base import Reading
from apispy.outputs.escaping import escape
from apispy.outputs.outcome import outcome
from apispy.outputs.reading_values import received
from apispy.outputs.style import Piece

OPERATION_WIDTH = 16  # "ContainerInspect"; the few longer names push their line to the right
TIME_WIDTH = len("12:00:01.123 ")
LONGEST_VALUE = 200  # characters of one argument; -vv shows the whole

PLAIN_STATUS = (101, 200, 201, 204)
"""The statuses that need no words of their own."""


def begin(reading: Reading, at: float, number: str = "") -> list[Piece]:
    """Time, operation, method, path and arguments: what is known when a call begins. *at*: Unix seconds."""
    request, call = reading.exchange.request, reading.call
    path = request.target.partition("?")[0] if call.known else request.target
    pieces = [
        Piece(f"{_clock(at)} ", "dim"),
        Piece(f"{call.operation.id or '?':{OPERATION_WIDTH}} ", "bold"),
        Piece(f"{escape(request.method):4} {escape(reading.label(path))}"),
    ]
    pieces += [Piece(f" {name}={_value(reading.label(value))}") for name, value in arguments(reading).items()]
    return [*pieces, Piece(f" {number}", "dim")] if number else pieces


def end(reading: Reading) -> list[Piece]:
    """Status, what came back in words, size and duration."""
    words = (
        "; ".join(reading.label(_error(error)) for error in reading.errors)
        or outcome(reading)
        or _reason(reading)
    )
    pieces = [Piece("-> ", "dim"), Piece(_status(reading), _status_style(reading))]
    if words:
        pieces.append(Piece(" " + escape(words), "bad" if reading.errors else ""))
    if measures := _measures(reading):
        pieces.append(Piece(f" ({', '.join(measures)})", "dim"))
    if ending := _ending(reading):
        pieces.append(Piece(ending, "warn"))
    return pieces


def _clock(at: float) -> str:
    """The local time of day, to the millisecond."""
    millis = round(at * 1000)
    local = time.localtime(millis // 1000)
    return f"{local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}.{millis % 1000:03}"


def _value(value: str) -> str:
    more = len(value) - LONGEST_VALUE
    if more > 0:
        value = value[:LONGEST_VALUE]
    return escape(quoted(value)) + (f"...(+{more})" if more > 0 else "")


def _status(reading: Reading) -> str:
    response = reading.exchange.response
    return str(response.status) if response else "no answer"


def _status_style(reading: Reading) -> str:
    if reading.errors or (status := reading.exchange.response) is None or status.status >= 400:
        return "bad"
    return "warn" if reading.exchange.end == "cut" else "good"


def _reason(reading: Reading) -> str:
    """The status in words, when it is an unusual one and nothing better is known."""
    response = reading.exchange.response
    return "" if response is None or response.status in PLAIN_STATUS else response.reason


def _error(text: str) -> str:
    """On one line, however the daemon wrapped it."""
    return " ".join(text.split())


def _measures(reading: Reading) -> list[str]:
    """Sizes, and the duration unless the ending tells it. Of what goes up, only streams are worth a word."""
    exchange, down = reading.exchange, received(reading)
    up = 0 if reading.call.operation.request in ("", "json") else exchange.request.body.size
    if exchange.tunnel is not None:
        up = exchange.tunnel.to_server.size
    found = [units.size(down)] if down else []
    if up:
        found = [f"{units.size(up)} up", f"{units.size(down)} down"]
    return [*found, units.duration(exchange.duration)] if exchange.end == "complete" else found


def _ending(reading: Reading) -> str:
    """How it ended, if not by itself."""
    exchange = reading.exchange
    why = escape("; ".join(exchange.problems))
    if exchange.end == "cut":
        return f", cut after {units.duration(exchange.duration)}" + (f": {why}" if why else "")
    if exchange.end == "open":
        return f", still open after {units.duration(exchange.duration)}"
    return f", note: {why}" if why else ""
