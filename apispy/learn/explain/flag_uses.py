"""What the flags and arguments of a docker command become: query parameters and fields of the body."""

import json
from collections.abc import Iterable
from itertools import groupby

from apispy.learn.explain.docker_cli import CommandLine, Flag
from apispy.learn.explain.docker_flags import ARGUMENTS, FLAGS, Targets
from apispy.learn.explain.flag_effects import KINDS, Change, Effect, common, converted, effects, form
from apispy.learn.explain.flag_values import HIDDEN
from apispy.learn.explain.records import FlagUse
from apispy.structs import replace

NOT_SENT = "not sent: the recorded calls are the same with it and without"
NOT_RECORDED = "not in the table of this version; apispy run -vv -- {} ... shows what is sent"
FAILED = "not in the table of this version: the command failed with it when it was recorded"
OTHER_VALUE = "not in the table of this version with this value"


def flag_uses(line: CommandLine) -> tuple[FlagUse, ...]:
    """Return what the flags of a command become, in the order in which they were first typed."""
    operation, targets = FLAGS.get(line.name, ("", {}))
    order = {flag.name: number for number, flag in reversed(list(enumerate(line.flags)))}
    ordered = sorted(line.flags, key=lambda flag: order[flag.name])
    uses: list[FlagUse] = []
    for name, group in groupby((flag for flag in ordered if flag.known), key=lambda flag: flag.name):
        flags = list(group)
        uses += _uses(operation, flags, targets[name]) if name in targets else _recorded(line, flags)
    return (*uses, *_arguments(line, operation))


def _uses(operation: str, flags: list[Flag], targets: Targets) -> list[FlagUse]:
    typed = " ".join(flag.typed for flag in flags)
    texts = [flag.text for flag in flags]
    found = []
    for path, convert in targets:
        try:
            value = convert(texts)
        except (ValueError, KeyError, IndexError, ArithmeticError) as error:
            return [FlagUse(typed, operation, "", "", None, f"docker refuses this value: {error}")]
        if value is not None and value not in ([], {}):
            place = "query" if path.startswith("?") else "body"
            found.append(FlagUse(typed, operation, place, path.removeprefix("?"), value))
    return _without_secrets(flags[0].name, found, flags)


# -- what was recorded with a flag and without


def _recorded(line: CommandLine, flags: list[Flag]) -> list[FlagUse]:
    """Return what a flag changed when it was recorded, under each condition."""
    found = effects(line.name, flags[0].name)
    if not found:
        return [FlagUse(_shown(flags[0]), "", "", "", None, NOT_RECORDED.format(line.typed_name))]
    same = tuple(one for one in found if one.texts == [flag.text for flag in flags])
    if all(one.nothing for one in same or found):
        return [FlagUse(_shown(flags[0]), "", "", "", None, NOT_SENT)]
    made: list[FlagUse] = []
    for when in sorted({one.when for one in found}):
        made += _under(when, tuple(one for one in found if one.when == when), flags)
    return _typed(flags, made or [FlagUse("", "", "", "", None, OTHER_VALUE)])


def _under(when: str, found: tuple[Effect, ...], flags: list[Flag]) -> list[FlagUse]:
    """Return what a flag changes under a condition; for an unrecorded value, what all recorded ones change."""
    texts = [flag.text for flag in flags]
    same = [one for one in found if one.texts == texts and not one.failed]
    if same:
        made = [use for one in same for use in _made(one.changes, texts) + _calls(one)]
    elif all(one.nothing for one in found):
        made = []
    else:
        alike = tuple(one for one in found if {*map(form, one.texts)} >= {*map(form, texts)})
        made = _made(common(alike), texts)
        made += _otherwise(found, made, flags) if not when or not made else []
    return [replace(use, note=_note(use, when)) for use in made]


def _note(use: FlagUse, when: str) -> str:
    return when if use.place else f"{when}: {use.note}" if when else use.note


def _made(changes: tuple[Change, ...], texts: list[str]) -> list[FlagUse]:
    """Return the parameters and fields that a flag sets: of a list or map one for each text, else that of the last."""
    uses = []
    for change in changes:
        several = "[]" in change.name or "{name}" in change.name
        for text in texts if several and change.to else texts[-1:]:
            try:
                name, value = converted(change, text) if change.to else (change.name, change.sent)
            except (ValueError, KeyError):
                continue
            uses.append(FlagUse("", change.call, change.place, name, value))
    return uses


def _calls(effect: Effect) -> list[FlagUse]:
    return [FlagUse("", "", "calls", kind, list(calls)) for kind, calls in effect.calls]


def _otherwise(found: tuple[Effect, ...], made: list[FlagUse], flags: list[Flag]) -> list[FlagUse]:
    """Say what of a value the table does not have, and name a recorded value that changes more."""
    known = {(change.call, change.name) for change in common(found)} if made else set()
    more = next((one for one in found if one.calls or _left(one, known)), None)
    notes = []
    if any(change.to.startswith("field ") for one in found for change in one.changes):
        read = {change.to.removeprefix("field ") for one in found for change in one.changes}
        left = {part.partition("=")[0] for flag in flags for part in flag.text.split(",")} - read
        notes += [f"{', '.join(sorted(left))}: {OTHER_VALUE}"] if left else []
    if not made and not notes:
        notes.append(OTHER_VALUE if flags[0].text != "true" else FAILED)
    if more:
        example = " ".join(flag.typed for flag in more.example)
        notes.append(
            f"recorded with {example}: {uses_text(_made(_left(more, known), more.texts) + _calls(more))}"
        )
    return [FlagUse("", "", "", "", None, note) for note in notes]


def _left(effect: Effect, known: set[tuple[str, str]]) -> tuple[Change, ...]:
    return tuple(change for change in effect.changes if (change.call, change.name) not in known)


def _typed(flags: list[Flag], uses: list[FlagUse]) -> list[FlagUse]:
    """Name the flag in *uses*; without its value, and that which was sent, where it may be a secret."""
    secret = flags[0].name in SECRET
    typed = " ".join(dict.fromkeys(_shown(flag) if secret else flag.typed for flag in flags))
    texts = [flag.text for flag in flags]
    return [
        replace(use, typed=typed, value=_hidden(use.value, texts) if secret and use.place != "calls" else use.value)
        for use in uses
    ]  # fmt: skip


def _hidden(value: object, texts: list[str]) -> str:
    """Return the name of a variable, or nothing, with the mark for a value that may be a secret."""
    return f"{str(value).partition('=')[0]}={HIDDEN}" if value in texts and "=" in str(value) else HIDDEN


def uses_text(uses: Iterable[FlagUse], only: str = "") -> str:
    """Format uses: "HostConfig.Init = true; adds ContainerStop (if ...)". Names their calls, except the call *only*."""
    parts = []
    for (call, when), group in groupby(
        uses, key=lambda use: (use.operation, use.note) if use.place else ("", "")
    ):
        text = "; ".join(map(_use_text, group))
        text = f"{call}: {text}" if call not in ("", only) else text
        parts.append(f"{text} ({when})" if when else text)
    return "; ".join(parts)


def _use_text(use: FlagUse) -> str:
    if use.place == "calls":
        return f"{KINDS[use.name]} {', '.join(use.value)}"
    if not use.place:
        return use.note
    name = {"query": f"?{use.name}", "header": f"header {use.name}", "answer": f"answer {use.name}"}.get(
        use.place, use.name
    )
    if use.value is None:
        return f"without {name}"
    if use.name == "filters[]" and isinstance(use.value, str) and "=" in use.value:
        filter_name, _, text = use.value.partition("=")
        return f"?filters={json.dumps({filter_name: {text: True}}, ensure_ascii=False)}"
    value = (
        use.value if isinstance(use.value, str) and use.value else json.dumps(use.value, ensure_ascii=False)
    )
    return f"{name}={value}" if use.place == "query" else f"{name} = {value}"


def _without_secrets(name: str, uses: list[FlagUse], flags: list[Flag]) -> list[FlagUse]:
    """Shorten what was typed to the name, where the value may be a secret."""
    if name not in SECRET:
        return uses
    typed = " ".join(dict.fromkeys(_shown(flag) for flag in flags))
    return [FlagUse(typed, use.operation, use.place, use.name, use.value) for use in uses]


SECRET = frozenset(
    [
        "--env",
        "--env-add",
        "--log-opt",
        "--health-cmd",
        "--opt",
        "--build-arg",
        "--set",
        "--args",
        "--password",
    ]
)
"""Flags whose values may be secrets: they are not repeated."""


def _shown(flag: Flag) -> str:
    """Return a flag without its value."""
    return flag.typed.partition("=")[0].partition(" ")[0]


def _arguments(line: CommandLine, operation: str) -> list[FlagUse]:
    """Return the fields that the arguments after the flags become."""
    found = []
    for start, stop, path, convert in ARGUMENTS.get(line.name, ()):
        texts = list(line.arguments[start:stop])
        if texts:
            typed = texts[0] if len(texts) == 1 else f"{texts[0]} ..."
            place = "query" if path.startswith("?") else "body"
            found.append(FlagUse(typed, operation, place, path.removeprefix("?"), convert(texts)))
    return found
