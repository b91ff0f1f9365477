"""What the flags and arguments of a docker command become: query parameters and fields of the body."""

from itertools import groupby

from apispy.learn.explain.docker_cli import CommandLine, Flag
from apispy.learn.explain.docker_flags import ARGUMENTS, CLIENT_ONLY, FLAGS, Targets
from apispy.learn.explain.records import FlagUse


def flag_uses(line: CommandLine) -> tuple[FlagUse, ...]:
    """Return what the flags of a command become, in the order in which they were first typed."""
    operation, targets = FLAGS.get(line.name, ("", {}))
    if not operation:
        return ()
    order = {flag.name: number for number, flag in reversed(list(enumerate(line.flags)))}
    ordered = sorted(line.flags, key=lambda flag: order[flag.name])
    uses: list[FlagUse] = []
    for name, group in groupby((flag for flag in ordered if flag.known), key=lambda flag: flag.name):
        uses += _uses(operation, list(group), targets.get(name, ()), line.name)
    return (*uses, *_arguments(line, operation))


def _uses(operation: str, flags: list[Flag], targets: Targets, command: str) -> list[FlagUse]:
    typed = " ".join(flag.typed for flag in flags)
    texts = [flag.text for flag in flags]
    name = flags[0].name
    if not targets:
        client = name in CLIENT_ONLY.get(command, ())
        note = "stays in the client" if client else "not translated here: apispy run -vv shows what is sent"
        return [FlagUse(_shown(flags[0]), operation, "", "", None, note)]
    found = []
    for path, convert in targets:
        try:
            value = convert(texts)
        except (ValueError, KeyError, IndexError, ArithmeticError) as error:
            return [FlagUse(typed, operation, "", "", None, f"docker refuses this value: {error}")]
        if value is not None and value not in ([], {}):
            place = "query" if path.startswith("?") else "body"
            found.append(FlagUse(typed, operation, place, path.removeprefix("?"), value))
    return _without_secrets(name, found, flags)


def _without_secrets(name: str, uses: list[FlagUse], flags: list[Flag]) -> list[FlagUse]:
    """Shorten what was typed to the name, where the value may be a secret."""
    if name not in SECRET:
        return uses
    typed = " ".join(dict.fromkeys(_shown(flag) for flag in flags))
    return [FlagUse(typed, use.operation, use.place, use.name, use.value) for use in uses]


SECRET = frozenset(["--env", "--log-opt", "--health-cmd", "--opt"])
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
