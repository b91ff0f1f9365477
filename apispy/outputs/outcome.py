"""Describes responses in words: one small function per kind of response, by the name that operations use.

Every function accepts any response and returns "" for one that it does not understand.
"""

from collections.abc import Callable
from typing import Any

from apispy import units
from apispy.engine.json_fields import as_dict, value_at
from apispy.outputs import grpc
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import first_json, json_objects

OUTCOMES: dict[str, Callable[[DecodedCall], str]] = {}


def outcome(decoded: DecodedCall) -> str:
    """Describe the response: "3 containers", "id c12250feba24", "exit code 0"; "" if there is nothing to add."""
    response = decoded.exchange.response
    if response is None or response.status >= 400:
        return ""
    if decoded.call.stays_open and any(_is_cancelled(value) for value in json_objects(decoded)):
        return "cancelled, because the client left"
    name, _, noun = decoded.call.operation.outcome.partition(":")
    if name == "count":
        return _count(decoded, noun)
    function = OUTCOMES.get(name)
    return decoded.label(function(decoded)) if function else ""


def describes(name: str) -> Callable[[Callable[[DecodedCall], str]], Callable[[DecodedCall], str]]:
    """Decorator: register a function under an outcome name of the operations."""

    def register(function: Callable[[DecodedCall], str]) -> Callable[[DecodedCall], str]:
        OUTCOMES[name] = function
        return function

    return register


def _is_cancelled(value: Any) -> bool:
    """Whether the daemon gave up because the client had left: this is Go's error then."""
    return "context canceled" in (value_at(value, "Error.Message"), value_at(value, "errorDetail.message"))


def _response(decoded: DecodedCall) -> dict[str, Any]:
    return as_dict(first_json(decoded, "response"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(decoded: DecodedCall, noun: str) -> str:
    """Count the elements of the response ("count:NOUNS") or of one of its fields ("count:NOUNS@Key")."""
    noun, _, key = noun.partition("@")
    value = first_json(decoded, "response")
    if key:
        if not isinstance(value, dict):
            return ""
        value = value.get(key)
    elif not any(item.kind == "json" for item in decoded.items.get("response", ())):
        return ""
    if not isinstance(value, list | dict | None):
        return ""
    return units.count(len(value or ()), noun)


@describes("id")
def _id(decoded: DecodedCall) -> str:
    response = _response(decoded)
    number = _text(response.get("Id") or response.get("ID") or response.get("id"))
    return f"id {number}" if number else ""


@describes("name")
def _name(decoded: DecodedCall) -> str:
    return _text(_response(decoded).get("Name")).removeprefix("/")


@describes("state")
def _state(decoded: DecodedCall) -> str:
    name = _name(decoded)
    state = _text(value_at(_response(decoded), "State.Status"))
    code = value_at(_response(decoded), "State.ExitCode")
    if state == "exited":
        return f"{name} exited with code {code}"
    return f"{name} is {state}" if name and state else name


@describes("exec-state")
def _exec_state(decoded: DecodedCall) -> str:
    response = _response(decoded)
    if response.get("Running") is True:
        return "running"
    return "" if response.get("ExitCode") is None else f"exit code {response['ExitCode']}"


@describes("exit-code")
def _exit_code(decoded: DecodedCall) -> str:
    code = _response(decoded).get("StatusCode")
    return "" if code is None else f"exit code {code}"


@describes("version")
def _version(decoded: DecodedCall) -> str:
    response = _response(decoded)
    versions = (("Engine", _text(response.get("Version"))), ("API", _text(response.get("ApiVersion"))))
    return ", ".join(f"{name} {value}" for name, value in versions if value)


@describes("ping")
def _ping(decoded: DecodedCall) -> str:
    response = decoded.exchange.response
    version = response.headers.text("Api-Version") if response else ""
    return f"API {version}" if version else ""


@describes("info")
def _info(decoded: DecodedCall) -> str:
    response = _response(decoded)
    containers, images = response.get("Containers"), response.get("Images")
    if not isinstance(containers, int) or not isinstance(images, int):
        return ""
    running = response.get("ContainersRunning")
    suffix = f" ({running} running)" if running else ""
    return f"{units.count(containers, 'containers')}{suffix}, {units.count(images, 'images')}"


@describes("progress")
def _progress(decoded: DecodedCall) -> str:
    """Return the last message of a pull, push, load or build."""
    for line in reversed(json_objects(decoded)):
        text = _text(line.get("status") or line.get("stream")).strip()
        if text:
            return text.splitlines()[-1]
    return ""


@describes("events")
def _events(decoded: DecodedCall) -> str:
    return _item_count(decoded, "events")


@describes("stats")
def _stats(decoded: DecodedCall) -> str:
    return _item_count(decoded, "samples")


def _item_count(decoded: DecodedCall, noun: str) -> str:
    counted = units.count(len(json_objects(decoded)), noun)
    if _is_complete(decoded):
        return counted
    return "" if counted.startswith("no ") else f"at least {counted}"


def _is_complete(decoded: DecodedCall) -> bool:
    """Whether the items cover the whole response; for a very long one, only its two ends are kept."""
    response = decoded.exchange.response
    at = 0
    for item in decoded.items.get("response", ()):
        if item.span[0] != at:
            return False
        at = item.span[1]
    return response is None or not response.body.cut or at == response.body.size


@describes("space")
def _space(decoded: DecodedCall) -> str:
    space = _response(decoded).get("SpaceReclaimed")
    return f"{units.size(space)} reclaimed" if isinstance(space, int) else ""


@describes("top")
def _top(decoded: DecodedCall) -> str:
    processes = _response(decoded).get("Processes")
    return units.count(len(processes), "processes") if isinstance(processes, list) else ""


@describes("size")
def _size(decoded: DecodedCall) -> str:
    """Return nothing: only the size matters, and every view shows that anyway."""
    return ""


@describes("changes")
def _changes(decoded: DecodedCall) -> str:
    return _count(decoded, "changes")


@describes("grpc")
def _grpc(decoded: DecodedCall) -> str:
    return grpc.call_summary(decoded)


@describes("grpc-call")
def _grpc_call(decoded: DecodedCall) -> str:
    return grpc.outcome_of_call(decoded)
