"""A fault as it is typed, ``op:ContainerStart status=500 times=1``: a filter, and what is done with what it matches."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from apispy.errors import UsageError
from apispy.filters import Filter, Part
from apispy.filters.fields import FIELDS, TABLE
from apispy.gate.actions import Action, DropAfter, Garbage, Reset, RespondWith
from apispy.gate.settings import ACTS, DELAY, SETTINGS

_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\S)+', re.DOTALL)
_SETTING = re.compile(r"([A-Za-z][A-Za-z-]*)=(.*)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class FaultRule:
    """``which`` None: every request. At least one of ``act`` and ``delay`` (seconds) does something."""

    text: str  # as typed, blanks made one
    which: Filter | None
    act: Action | None
    delay: float = 0.0
    times: int | None = None
    every: int = 1
    probability: float = 1.0

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> FaultRule:
    """Raises UsageError, which says what cannot be understood and what to type."""
    settings: dict[str, str] = {}
    words: list[str] = []
    for word in _WORD.findall(text):
        found = _SETTING.fullmatch(word)
        name = found[1].lower() if found else word
        if not found and (word not in SETTINGS or SETTINGS[word].expects):
            words.append(word)
        elif name in settings:
            raise _error(text, f"{name} stands there twice; leave one of them out")
        else:
            settings[name] = found[2] if found else ""
    values = {name: _value(text, name, typed) for name, typed in settings.items()}
    acts = [setting.name for setting in ACTS if setting.name in values]
    _check(text, values, acts)
    tidy = " ".join(_WORD.findall(text))
    return FaultRule(
        tidy,
        _filter(text, " ".join(words)),
        _act(acts[0], values, tidy) if acts else None,
        values.get("delay", 0.0),
        values.get("times"),
        values.get("every", 1),
        values.get("probability", 1.0),
    )


def _value(text: str, name: str, typed: str) -> Any:
    setting = SETTINGS.get(name)
    if setting is None:
        if name in FIELDS:
            raise _error(text, f"{name}= is not known; a filter is written {FIELDS[name].example}")
        near = difflib.get_close_matches(name, SETTINGS, 1)
        meant = f"; {near[0]} perhaps" if near else ""
        raise _error(text, f"there is no setting {name}{meant}. Settings: {', '.join(SETTINGS)}")
    if not setting.expects:
        if typed:
            raise _error(text, f"{name} has no value; type {name} alone")
        return True
    if typed.startswith('"') and not _QUOTED.fullmatch(typed):
        raise _error(text, f'the text after {name}= begins with " and does not end with one')
    quoted = _QUOTED.fullmatch(typed)
    typed = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else typed
    value = setting.read(typed)
    if value is None:
        found = typed or "nothing"
        raise _error(
            text, f"expected {setting.expects} after {name}=, found {found}; as in {setting.example}"
        )
    return value


def _check(text: str, values: dict[str, Any], acts: list[str]) -> None:
    if not acts and not values.get("delay"):
        known = ", ".join(setting.example for setting in (*ACTS, DELAY))
        raise _error(text, f"it says not what to do; add one of {known}")
    if len(acts) > 1:
        raise _error(text, f"{' and '.join(acts)} cannot both be done; leave one of them out")
    if "message" in values and acts != ["status"]:
        raise _error(text, "message= is what an answer says; add status=, as in status=500")


def _act(name: str, values: dict[str, Any], tidy: str) -> Action:
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
    except UsageError as error:
        raise _error(text, str(error)) from None
    if found.needs_response:
        later = ", ".join(field.name for field in TABLE if field.known & (Part.RESPONSE | Part.END))
        raise _error(
            text, f"a fault is decided on the request; {later} are known only later and cannot be asked here"
        )
    return found


def _error(text: str, says: str) -> UsageError:
    told = f"--fault '{text}': {says}" if "\n" not in text else f"--fault: {says}"
    harmless = "".join(char if char.isprintable() or char == "\n" else " " for char in told)
    return UsageError(f"{harmless}\nFaults: docs/faults.md")
