"""Fault rules as they are typed, ``op:ContainerStart status=500 times=1``: a filter and settings.

A new setting is a row in one of the tables; docs/faults.md shows them.
"""

import re
from collections.abc import Callable
from typing import Any

from apispy.errors import UsageError
from apispy.filters import Filter
from apispy.filters.fields import FIELDS
from apispy.filters.value_types import read_duration, read_size
from apispy.gate.actions import Action, DropAfter, Garbage, Reset, RespondWith
from apispy.structs import Struct
from apispy.suggestions import most_similar

MAX_DELAY = 24 * 3600.0
"""Seconds."""

_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\S)+', re.DOTALL)
_SETTING = re.compile(r"([A-Za-z][A-Za-z-]*)=(.*)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


# -- settings --


class Setting(Struct, frozen=True):
    """``name=VALUE``; or the name alone if *expects* is empty.

    *expects* describes the value for an error message. *does* is a sentence or two for docs/faults.md. ``read`` returns
    None for a text that is not a valid value.
    """

    name: str
    expects: str
    does: str
    example: str
    read: Callable[[str], Any] = lambda text: True


def _status(text: str) -> int | None:
    return int(text) if re.fullmatch("[2-5][0-9][0-9]", text) else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else None


def _probability(text: str) -> float | None:
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)(%?)", text)
    value = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    return value if 0 < value <= 1 else None


def _delay(text: str) -> float | None:
    seconds = read_duration(text)
    return seconds if seconds is not None and seconds <= MAX_DELAY else None


def _drop_after(text: str) -> int | None:
    size = read_size(text)
    return None if size is None else int(size)


ACTIONS = (
    Setting("status", "a status from 200 to 599",
            "apispy responds with this status, in the form of the daemon's errors. The daemon never sees the request.",
            "status=500", _status),
    Setting("drop-after", "a size (B, kB, MB, GB, KiB, MiB, GiB)",
            "apispy forwards the request, and ends the connection after this many bytes of the response's body or of "
            "the hijacked session. A response that is not longer is not affected.",
            "drop-after=64kB", _drop_after),
    Setting("reset", "",
            "apispy resets the connection (TCP RST; it closes a unix socket, which has no reset). The daemon never "
            "sees the request.",
            "reset"),
    Setting("garbage", "",
            "apispy responds with bytes that are not HTTP, and ends the connection. The daemon never sees the request.",
            "garbage"),
)  # fmt: skip

DELAY = Setting("delay", "a duration up to 24h (us, ms, s, m, h)",
                "apispy waits this long before it forwards the request, or before it does one of the above.",
                "delay=2s", _delay)  # fmt: skip

OPTIONS = (
    Setting("message", "a text",
            "The message of the `status` response, in place of `apispy: fault ...`. Put a text with spaces in double "
            "quotes.",
            'message="no space left on device"', str),
    Setting("times", "a number from 1", "Applies to the first N matching requests only.", "times=1", _count),
    Setting("every", "a number from 1", "Applies to every Nth matching request.", "every=3", _count),
    Setting("probability", "a number up to 1, or a percentage",
            "Applies to each matching request with this probability.", "probability=10%", _probability),
)  # fmt: skip

SETTINGS = {setting.name: setting for setting in (*ACTIONS, DELAY, *OPTIONS)}


# -- rules --


class FaultRule(Struct, frozen=True):
    """A parsed rule. At least one of ``action`` and ``delay`` (seconds) has an effect.

    ``text`` is the rule as typed, with single spaces. A ``filter`` of None matches every request.
    """

    text: str
    filter: Filter | None
    action: Action | None
    delay: float = 0.0
    times: int | None = None
    every: int = 1
    probability: float = 1.0

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> FaultRule:
    """Parse a rule. Raises UsageError, which says what is wrong and what to type."""
    settings: dict[str, str] = {}
    words: list[str] = []
    for word in _WORD.findall(text):
        found = _SETTING.fullmatch(word)
        name = found[1].lower() if found else word
        is_setting = name in SETTINGS and (found or not SETTINGS[name].expects)
        if not is_setting and (not found or name in FIELDS):
            words.append(word)
        elif name in settings:
            raise _error(text, f"{name} is given twice; remove one of them")
        else:
            settings[name] = found[2] if found else ""
    values = {name: _value(text, name, typed) for name, typed in settings.items()}
    actions = [setting.name for setting in ACTIONS if setting.name in values]
    _check(text, values, actions)
    tidy = " ".join(_WORD.findall(text))
    return FaultRule(
        tidy,
        _filter(text, " ".join(words)),
        _action(actions[0], values, tidy) if actions else None,
        values.get("delay", 0.0),
        values.get("times"),
        values.get("every", 1),
        values.get("probability", 1.0),
    )


def _value(text: str, name: str, typed: str) -> Any:
    setting = SETTINGS.get(name)
    if setting is None:
        near = most_similar(name, SETTINGS)
        hint = f"; did you mean '{near}'?" if near else "."
        raise _error(text, f"unknown setting '{name}'{hint} Settings: {', '.join(SETTINGS)}")
    if not setting.expects:
        if typed:
            raise _error(text, f"{name} takes no value; type {name} alone")
        return True
    if typed.startswith('"') and not _QUOTED.fullmatch(typed):
        raise _error(text, f'the text after {name}= starts with " but does not end with "')
    quoted = _QUOTED.fullmatch(typed)
    typed = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else typed
    value = setting.read(typed)
    if value is None:
        found = typed or "nothing"
        raise _error(
            text, f"expected {setting.expects} after {name}=, found {found}; for example {setting.example}"
        )
    return value


def _check(text: str, values: dict[str, Any], actions: list[str]) -> None:
    if not actions and not values.get("delay"):
        known = ", ".join(setting.example for setting in (*ACTIONS, DELAY))
        raise _error(text, f"no action given; add one of {known}")
    if len(actions) > 1:
        raise _error(text, f"{' and '.join(actions)} cannot be combined; remove one of them")
    if "message" in values and actions != ["status"]:
        raise _error(text, "message= needs status=; add it, for example status=500")


def _action(name: str, values: dict[str, Any], tidy: str) -> Action:
    match name:
        case "status":
            return RespondWith(values[name], values.get("message", f"apispy: fault {tidy}"))
        case "drop-after":
            return DropAfter(values[name])
        case "reset":
            return Reset()
    return Garbage()


def _filter(text: str, words: str) -> Filter | None:
    if not words:
        return None
    try:
        found = Filter.parse(words)
        found.check_request_only("a fault")
    except UsageError as error:
        raise _error(text, str(error)) from None
    return found


def _error(text: str, problem: str) -> UsageError:
    message = f"--fault '{text}': {problem}" if "\n" not in text else f"--fault: {problem}"
    printable = "".join(char if char.isprintable() or char == "\n" else " " for char in message)
    return UsageError(f"{printable}\n  Faults: apispy help faults")
