"""Says in words what came back. One small function per kind of answer, by the name that the operations use.

Every function takes any answer at all, and gives "" for one that it does not understand.
"""

from collections.abc import Callable
from typing import Any

from apispy.outputs import grpc, units
from apispy.outputs.base import Reading
from apispy.outputs.reading_values import at_path, json_lines_of, json_of

OUTCOMES: dict[str, Callable[[Reading], str]] = {}


def outcome(reading: Reading) -> str:
    """What came back, in words: "3 containers", "id c12250feba24", "exit code 0"; "" for nothing to say."""
    response = reading.exchange.response
    if response is None or response.status >= 400:
        return ""
    name, _, noun = reading.call.operation.outcome.partition(":")
    if name == "count":
        return _count(reading, noun)
    function = OUTCOMES.get(name)
    return reading.label(function(reading)) if function else ""


def says(name: str) -> Callable[[Callable[[Reading], str]], Callable[[Reading], str]]:
    def register(function: Callable[[Reading], str]) -> Callable[[Reading], str]:
        OUTCOMES[name] = function
        return function

    return register


def _answer(reading: Reading) -> dict[str, Any]:
    value = json_of(reading, "response")
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(reading: Reading, noun: str) -> str:
    """ "count:NOUNS" counts the answer's elements, "count:NOUNS@Key" those of one of its fields."""
    noun, _, key = noun.partition("@")
    value = json_of(reading, "response")
    if key:
        if not isinstance(value, dict):
            return ""
        value = value.get(key)
    elif not any(item.kind == "json" for item in reading.items.get("response", ())):
        return ""
    if not isinstance(value, list | dict | None):
        return ""
    return units.count(len(value or ()), noun)


@says("id")
def _id(reading: Reading) -> str:
    answer = _answer(reading)
    number = _text(answer.get("Id") or answer.get("ID") or answer.get("id"))
    return f"id {number}" if number else ""


@says("name")
def _name(reading: Reading) -> str:
    return _text(_answer(reading).get("Name")).removeprefix("/")


@says("state")
def _state(reading: Reading) -> str:
    name = _name(reading)
    state = _text(at_path(_answer(reading), "State.Status"))
    code = at_path(_answer(reading), "State.ExitCode")
    if state == "exited":
        return f"{name} exited with code {code}"
    return f"{name} is {state}" if name and state else name


@says("exec-state")
def _exec_state(reading: Reading) -> str:
    answer = _answer(reading)
    if answer.get("Running") is True:
        return "running"
    return "" if answer.get("ExitCode") is None else f"exit code {answer['ExitCode']}"


@says("exit-code")
def _exit_code(reading: Reading) -> str:
    code = _answer(reading).get("StatusCode")
    return "" if code is None else f"exit code {code}"


@says("version")
def _version(reading: Reading) -> str:
    answer = _answer(reading)
    found = (("Engine", _text(answer.get("Version"))), ("API", _text(answer.get("ApiVersion"))))
    return ", ".join(f"{name} {value}" for name, value in found if value)


@says("ping")
def _ping(reading: Reading) -> str:
    response = reading.exchange.response
    version = response.headers.text("Api-Version") if response else ""
    return f"API {version}" if version else ""


@says("info")
def _info(reading: Reading) -> str:
    answer = _answer(reading)
    containers, images = answer.get("Containers"), answer.get("Images")
    if not isinstance(containers, int) or not isinstance(images, int):
        return ""
    running = answer.get("ContainersRunning")
    some = f" ({running} running)" if running else ""
    return f"{units.count(containers, 'containers')}{some}, {units.count(images, 'images')}"


@says("progress")
def _progress(reading: Reading) -> str:
    """The last thing that a pull, push, load or build said."""
    for line in reversed(json_lines_of(reading)):
        said = _text(line.get("status") or line.get("stream")).strip()
        if said:
            return said.splitlines()[-1]
    return ""


@says("events")
def _events(reading: Reading) -> str:
    return _lines(reading, "events")


@says("stats")
def _stats(reading: Reading) -> str:
    return _lines(reading, "samples")


def _lines(reading: Reading, noun: str) -> str:
    words = units.count(len(json_lines_of(reading)), noun)
    if _gapless(reading):
        return words
    return "" if words.startswith("no ") else f"at least {words}"


def _gapless(reading: Reading) -> bool:
    """Whether everything in the answer is among the items; of a very long one, they are its ends only."""
    response = reading.exchange.response
    at = 0
    for item in reading.items.get("response", ()):
        if item.span[0] != at:
            return False
        at = item.span[1]
    return response is None or not response.body.cut or at == response.body.size


@says("space")
def _space(reading: Reading) -> str:
    space = _answer(reading).get("SpaceReclaimed")
    return f"{units.size(space)} reclaimed" if isinstance(space, int) else ""


@says("top")
def _top(reading: Reading) -> str:
    processes = _answer(reading).get("Processes")
    return units.count(len(processes), "processes") if isinstance(processes, list) else ""


@says("size")
def _size(reading: Reading) -> str:
    """For answers whose size is all that there is to say; every view gives that anyway."""
    return ""


@says("changes")
def _changes(reading: Reading) -> str:
    return _count(reading, "changes")


@says("grpc")
def _grpc(reading: Reading) -> str:
    return grpc.calls(reading)
