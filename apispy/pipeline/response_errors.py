"""Finds the daemon's error messages, wherever in a response they are."""

from collections.abc import Iterable
from typing import Any

from apispy import lazy
from apispy.decoders.grpc_body import grpc_error, grpc_status
from apispy.engine.operation import Call
from apispy.model import Direction, Exchange, Item
from apispy.outputs.grpc import status_name
from apispy.structs import replace

RESPONSE_STREAMS: tuple[Direction, ...] = ("response", "to_client")

CANCELLED = "context canceled"
"""Go's error for a request whose client has left."""

EXEC_ERROR = lazy.pattern(
    rb"(?:OCI runtime exec failed: |(?:Error: )?[Ee]xec command [0-9a-f]{64} (?:has already run|is already running)"
    rb"|unable to find (?:user|group) )[^\n]*\r\n"
)
"""Errors of ExecStart after its response head. Measured with the engines 20.10.24 and 28.5.2."""


def error_in(item: Item) -> str:
    """The error message in one item of a successful response; "" if there is none.

    Progress streams end in ``{"errorDetail": {"message"}, "error"}`` after a 200; ``wait`` has
    ``{"Error": {"Message"}}``. A failed gRPC call of a build has it in its trailers.
    """
    if item.kind == "h2c" and isinstance(item.value, dict):
        return _of_build(item.value)
    if item.kind != "json" or not isinstance(item.value, dict):
        return ""
    for key, name in (("errorDetail", "message"), ("Error", "Message")):
        detail = item.value.get(key)
        if isinstance(detail, dict) and detail.get(name):
            return str(detail[name])
    error = item.value.get("error")
    return error if isinstance(error, str) else ""


def _of_build(value: dict[str, Any]) -> str:
    """The error of a build, and the place in the Dockerfile that it is about."""
    text, source = str(value.get("error_message", "")), value.get("source")
    if text and isinstance(source, dict) and source.keys() >= {"file", "line"}:
        return f"{text} ({source['file']}:{source['line']})"
    return text


def message_of(items: Iterable[Item]) -> str:
    """The message in the body of an error response: JSON since API 1.24, plain text before."""
    text = ""
    for item in items:
        if item.kind == "json" and isinstance(item.value, dict):
            return str(item.value.get("message") or error_in(item))
        if item.kind in ("text", "raw", "stdout"):
            text += _text(item.value)
    return text.strip()


def errors_of(exchange: Exchange, items: Iterable[Item]) -> tuple[str, ...]:
    """The daemon's error messages in one response, followed by the decoders' problems.

    *items* are the items of the response. Problems of a call that was cut are left out: the cut itself is reported.
    """
    items = tuple(items)
    status = exchange.response.status if exchange.response else 0
    found = (
        [message_of(items).removeprefix(f"{status} ")]
        if status >= 400
        else [error_in(item) for item in items]
    )
    found += _system_errors(items)
    if code := grpc_status(exchange):
        found.append(_of_build(grpc_error(exchange)) or f"grpc-status {code} ({status_name(code)})")
    if exchange.end == "complete":
        found += [_text(item.value) for item in items if item.kind == "problem"]
    return tuple(dict.fromkeys(text for text in found if text))


def _system_errors(items: tuple[Item, ...]) -> list[str]:
    """The daemon's messages in frames. A message that arrived in pieces has an item for each."""
    found: list[str] = []
    for item in items:
        if item.kind == "systemerr":
            continues = found and item.span[1] - item.span[0] == len(item.value)  # without a frame's header
            found[-1:] = [found[-1] + _text(item.value)] if continues else [*found[-1:], _text(item.value)]
    return [text.strip() for text in found]


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def is_cancellation(call: Call, error: str) -> bool:
    """Whether *error* ends a call that stays open because its client has left, as `docker wait` does on Ctrl-C."""
    return error == CANCELLED and call.stays_open


def marked_errors(call: Call, items: tuple[Item, ...], size: int) -> tuple[Item, ...]:
    """Return *items*, of a response stream of *size* bytes, with kind "systemerr" if they are an error of the daemon.

    If ExecStart fails after the head of its response, the daemon writes the error to the program's stdout, and then
    ends the stream (moby daemon/server/router/container/exec.go). A program that ran has no such sole output: Unix
    programs do not end lines with CR LF, except on a terminal.
    """
    if (
        call.operation.id != "ExecStart"
        or not items
        or any(item.kind not in ("stdout", "raw") for item in items)
    ):
        return items
    text = b"".join(item.value for item in items)
    if any(item.span[1] - item.span[0] != len(item.value) for item in items[1:]):
        return items  # several frames: the daemon writes one
    if items[0].span[0] or items[-1].span[1] != size or not EXEC_ERROR.fullmatch(text):
        return items
    return tuple(replace(item, kind="systemerr", label="systemerr") for item in items)
