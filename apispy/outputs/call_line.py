"""The line that shows a call and its result."""

import math
from collections.abc import Callable

from apispy import units
from apispy.outputs.arguments import arguments, shell_quoted
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import bytes_received, problems_beyond_errors
from apispy.outputs.escaping import escape
from apispy.outputs.grpc import goaway_summary
from apispy.outputs.outcome import outcome
from apispy.outputs.style import Piece
from apispy.structs import Struct

OPERATION_WIDTH = 16  # "ContainerInspect"; a few longer names shift their line to the right
TIME_WIDTH = len("12:00:01.123 ")
MAX_VALUE_LENGTH = 200  # characters of one argument; -vv shows all of it

ARROW = Piece("-> ", "dim")

SELF_EXPLANATORY_STATUSES = (101, 200, 201, 204)
"""Statuses whose reason phrase is not shown."""


def request_pieces(decoded: DecodedCall, time_text: str, number: str = "") -> list[Piece]:
    """Format what is known when a call begins: time, operation, method, path, arguments.

    *time_text* is what ``time_of_day`` or ``time_since`` returns.
    """
    pieces = [Piece(f"{time_text} ", "dim"), *untimed_request(decoded)]
    return [*pieces, Piece(f" {number}", "dim")] if number else pieces


def untimed_request(decoded: DecodedCall) -> list[Piece]:
    """Format the operation, method, path and arguments of a call."""
    request, call = decoded.exchange.request, decoded.call
    path = request.target.partition("?")[0] if call.known else request.target
    return [
        Piece(f"{call.operation.id or '?':{OPERATION_WIDTH}} ", "bold"),
        Piece(f"{escape(request.method):4} {escape(decoded.label(path))}"),
        *[Piece(f" {name}={_value(decoded.label(value))}") for name, value in arguments(decoded).items()],
    ]


def result_pieces(decoded: DecodedCall, shorten: Callable[[str], str] = lambda error: error) -> list[Piece]:
    """Format the result: status, outcome in words, size and duration. *shorten* is applied to error messages."""
    words = (
        "; ".join(decoded.label(shorten(_error(error))) for error in decoded.errors)
        or outcome(decoded)
        or _reason(decoded)
    )
    pieces = [ARROW, Piece(_status(decoded), _status_style(decoded))]
    if words:
        pieces.append(Piece(" " + escape(words), "bad" if decoded.errors else ""))
    if measures := _measures(decoded):
        pieces.append(_in_brackets(measures))
    if ending := _ending(decoded):
        pieces.append(Piece(ending, "dim" if decoded.exchange.end == "left" else "warn"))
    return pieces


class LineOfRepeats(Struct, frozen=True):
    """What the lines of calls that repeat each other have in common. Such calls are complete, and have no tunnel."""

    request: list[Piece]
    result: list[Piece]
    sizes: list[str]

    def request_pieces(self, time_text: str) -> list[Piece]:
        """The same as the function of this name."""
        return [Piece(f"{time_text} ", "dim"), *self.request]

    def result_pieces(self, duration: float) -> list[Piece]:
        """The same as the function of this name."""
        return [*self.result, _in_brackets([*self.sizes, units.duration(duration)])]


def line_of_repeats(decoded: DecodedCall) -> LineOfRepeats | None:
    """What *decoded* has in common with the calls that repeat it; None if their lines may differ otherwise."""
    exchange = decoded.exchange
    if decoded.errors or exchange.end != "complete" or exchange.tunnel is not None or _ending(decoded):
        return None
    *sizes, _ = _measures(decoded)
    *result, _ = result_pieces(decoded)
    return LineOfRepeats(untimed_request(decoded), result, sizes)


def plain_line(decoded: DecodedCall, *, ended: bool = False) -> str:
    """Format the line without its time; once the call has *ended*, with its result and its notes, a line each."""
    operation, address, *values = (piece.text for piece in request_pieces(decoded, "")[1:])
    line = " ".join((*operation.split(), *address.split())) + "".join(values)  # without padding
    if not ended:
        return line
    result = "".join(piece.text for piece in result_pieces(decoded))
    return "\n".join([f"{line} {result}", *(f"note: {escape(note)}" for note in decoded.notes)])


def time_since(at: float, before: float) -> str:
    """Format the seconds from one Unix time to another, as wide as ``time_of_day``; negative if *at* is earlier."""
    return f"{at - before:+12.3f}"


def time_of_day(at: float) -> str:
    """Format the local time of day, to the millisecond. *at*: Unix seconds."""
    millis = round(at * 1000) if math.isfinite(at) else 0
    local = units.local_time(millis // 1000)
    return f"{local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}.{millis % 1000:03}"


def _in_brackets(measures: list[str]) -> Piece:
    return Piece(f" ({', '.join(measures)})", "dim")


def _value(value: str) -> str:
    more = len(value) - MAX_VALUE_LENGTH
    if more > 0:
        value = value[:MAX_VALUE_LENGTH]
    return escape(shell_quoted(value)) + (f"...(+{more})" if more > 0 else "")


def _status(decoded: DecodedCall) -> str:
    response = decoded.exchange.response
    return str(response.status) if response else "no response"


def _status_style(decoded: DecodedCall) -> str:
    if decoded.errors or (status := decoded.exchange.response) is None or status.status >= 400:
        return "bad"
    return "warn" if decoded.exchange.end == "cut" else "good"


def _reason(decoded: DecodedCall) -> str:
    """Return the reason phrase of an unusual status."""
    response = decoded.exchange.response
    return "" if response is None or response.status in SELF_EXPLANATORY_STATUSES else response.reason


def _error(text: str) -> str:
    """Join the lines of an error message of the daemon."""
    return " ".join(text.split())


def _measures(decoded: DecodedCall) -> list[str]:
    """Format sizes, and the duration unless the ending has it. The sent size is shown for streams only."""
    exchange, down = decoded.exchange, bytes_received(decoded)
    up = 0 if decoded.call.operation.request in ("", "json") else exchange.request.body.size
    if exchange.tunnel is not None:
        up = exchange.tunnel.to_server.size
    found = [units.size(down)] if down else []
    if up:
        found = [f"{units.size(up)} up", f"{units.size(down)} down"]
    return [*found, units.duration(exchange.duration)] if exchange.end == "complete" else found


def _ending(decoded: DecodedCall) -> str:
    """Describe an ending other than a complete one, and problems."""
    exchange = decoded.exchange
    why = escape("; ".join(problems_beyond_errors(decoded)))
    if exchange.end == "left":
        return f", ended after {units.duration(exchange.duration)}: {goaway_summary(decoded) or why}"
    if exchange.end == "cut":
        return f", cut after {units.duration(exchange.duration)}" + (f": {why}" if why else "")
    if exchange.end == "open":
        return f", still open after {units.duration(exchange.duration)}"
    if goaway := goaway_summary(decoded):
        return f", ended by {goaway}"
    return f", note: {why}" if why else ""
