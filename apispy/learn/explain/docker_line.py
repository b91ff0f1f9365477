"""Finds the calls of a docker command line such as ``docker run -p 80:80 busybox``, and what its flags become."""

import json
import re
from typing import Any
from urllib.parse import quote, urlencode

from apispy.engine import lookup
from apispy.engine.operations import BY_ID
from apispy.errors import UsageError
from apispy.learn.explain.docker_cli import CommandLine, below, commands, near_commands, near_flags, parse
from apispy.learn.explain.docker_flags import CONDITIONS, FLAGS, PLUGINS, UNRECORDED
from apispy.learn.explain.docker_recordings import RecordedCall, Recording, best
from apispy.learn.explain.flag_effects import effects
from apispy.learn.explain.flag_uses import flag_uses
from apispy.learn.explain.flag_values import shell_words
from apispy.learn.explain.records import FlagUse, Interpretation, Question

PING_NOTE = "{} preceded by HEAD /_ping, which returns the API version of the daemon."
TOGETHER_NOTE = "Some of them are made at the same time, and in another order from run to run."

_LINE = re.compile(
    r"(?:[$#%>]\s+)?(?:sudo\s+)?(?:\w+=\S*\s+)*(?:\S*/)?(docker(?:-compose)?(?=\s|$).*)", re.DOTALL
)
_NAME = re.compile(r"\{(\w+)\}")

PART = re.compile(r"[.\[]")
"""What the name of a part of a query parameter has, of which a flag sets only that part: "filters[]"."""

_EACH = re.compile(r"(\S+) \[\1\.\.\.\]|\[\S+\.\.\.\]")  # the usage of a command that takes several names

AT_ONCE = frozenset(["docker image save"])
"""Commands that name all their arguments in one call."""

HUB = "docker.io"
NORMALIZED = {"ImageCreate": "fromImage", "ImageTag": "repo", "ImageCommit": "repo", "ImagePush": "name"}
"""The parameters whose image name the CLI completes: busybox is docker.io/library/busybox."""

Words = dict[str, str]
"""Typed words by the placeholders of a recording."""


def docker_line(text: str) -> Interpretation | None:
    """Return the calls of a docker command in order; None for other text. Raises UsageError if it is unknown."""
    line = _LINE.fullmatch(text)
    if not line:
        return None
    typed = parse(_words(line[1]))
    if no_calls := _no_calls(typed):
        return Interpretation("docker command", notes=no_calls)
    recording, conditional = best(typed)
    if not recording:
        raise UsageError(
            f"{typed.typed_name!r} is a docker command whose calls are not recorded. See them with: "
            f"apispy run -- {typed.typed_name} ..."
        )
    return _interpretation(typed, recording, conditional)


def _words(text: str) -> list[str]:
    found = shell_words(text)
    return ["docker", "compose", *found[1:]] if found[0] == "docker-compose" else found


def _no_calls(line: CommandLine) -> tuple[str, ...]:
    """Say why a command line makes no call; () if it makes some. Raises UsageError for one that does not exist."""
    if line.unknown:
        if plugin := PLUGINS.get(f"{line.name} {line.unknown}"):
            return (plugin,)
        raise UsageError(_unknown(line))
    if line.has("--help"):
        return (f"--help prints the usage of {line.typed_name}. It makes no call.",)
    if line.group:
        names = ", ".join(name.rpartition(" ")[2] for name in below(line.typed_name))
        return (f"{line.typed_name} alone prints its usage and makes no call. Its commands: {names}.",)
    return ()


def _unknown_flags(line: CommandLine) -> list[str]:
    """Say which flags the command does not have. Another version of docker may have them."""
    notes = []
    for name in dict.fromkeys(flag.name for flag in line.flags if not flag.known):
        near = " or ".join(near_flags(line.typed_name, name))
        notes.append(
            f"{line.typed_name} of docker 28.5 has no flag {name}.{f' Did you mean {near}?' if near else ''}"
        )
    return notes


def _unknown(line: CommandLine) -> str:
    typed = f"{line.name} {line.unknown}"
    near = near_commands(typed)
    meant = f" Did you mean {' or '.join(near)}?" if near else f" {line.name} --help lists its commands."
    return f"{typed[:60]!r} is not a docker command.{meant}"


def _interpretation(
    line: CommandLine, recording: Recording, conditional: tuple[Recording, ...]
) -> Interpretation:
    calls = list(recording.calls)
    conditions = {added: other.when for other in conditional for added in _added(calls, other.calls)}
    conditions |= {
        call.operation: why for call in calls if (why := CONDITIONS.get((line.name, call.operation)))
    }
    conditions |= dict(UNRECORDED.get(line.name, ()))
    words = _replacements(recording.line, line)
    uses = flag_uses(line) if calls else ()
    dropped = _dropped(recording.line, line)
    questions = tuple(_question(call, words, uses, dropped) for call in calls if call.operation in BY_ID)
    notes = [PING_NOTE.format("They are" if len(calls) > 1 else "It is")] if recording.ping and calls else []
    notes += [TOGETHER_NOTE] if recording.together and len(calls) > 1 else []
    notes += _repeats(recording.line, line) if calls else []
    if not calls:
        after = " except HEAD /_ping, which returns the API version of the daemon" if recording.ping else ""
        notes = [f"{line.typed_name} makes no call to the daemon{after}."]
    return Interpretation(
        "docker command",
        questions,
        notes=(*_unknown_flags(line), *notes, *_conditions(conditions)),
        flags=uses,
        ordered=not recording.together,
    )


def _conditions(conditions: dict[str, str]) -> list[str]:
    """Format the conditions of calls, those with the same condition together."""
    return [f"{', '.join(one for one, other in conditions.items() if other == why)}: {why}."
            for why in dict.fromkeys(conditions.values())]  # fmt: skip


def _added(calls: list[RecordedCall], others: tuple[RecordedCall, ...]) -> list[str]:
    """Add calls that are missing in *calls*, each after the one before it; return their operations."""
    added: list[str] = []
    at = 0
    for call in others:
        here = next((number for number, one in enumerate(calls) if one.operation == call.operation), None)
        if here is None:
            calls.insert(at, call)
            added.append(call.operation)
            here = at
        at = here + 1
    return added


def _replacements(recorded: CommandLine, typed: CommandLine) -> Words:
    words: Words = {}
    for one, other in zip(recorded.arguments, typed.arguments, strict=False):
        if ":" in one and ":" in other and one[0].isupper():
            words |= dict(zip(one.split(":", 1), other.split(":", 1), strict=True))
        else:
            words[one] = other
    return words


def _dropped(recorded: CommandLine, typed: CommandLine) -> frozenset[str]:
    """Return the query parameters that only flags of the recording set."""
    _, flags = FLAGS.get(recorded.name, ("", {}))
    missing = [flag.name for flag in recorded.flags if not typed.has(flag.name)]
    table = [path[1:] for name in missing for path, _ in flags.get(name, ()) if path.startswith("?")]
    return frozenset(table) | {
        change.name for name in missing for effect in effects(recorded.name, name)
        for change in effect.changes if change.place == "query"
    }  # fmt: skip


def _repeats(recorded: CommandLine, typed: CommandLine) -> list[str]:
    """Say that the calls are made for each of several arguments."""
    usage = commands().get(typed.typed_name, {}).get("usage", "")
    each = _EACH.fullmatch(usage) and len(recorded.arguments) == 1 and recorded.name not in AT_ONCE
    names = ", ".join(typed.arguments)
    return [f"The calls are made for each of {names}."] if each and len(typed.arguments) > 1 else []


def _question(
    call: RecordedCall, words: Words, uses: tuple[FlagUse, ...], dropped: frozenset[str]
) -> Question:
    """Build the call with what was typed in place of the placeholders."""
    row = BY_ID[call.operation]
    query: dict[str, object] = {
        name: _typed(value, words) for name, value in call.query.items() if name not in dropped
    }
    arguments = {name: _typed(value, words) for name, value in call.arguments.items()}
    _split_reference(row.id, query, arguments)
    query |= {
        use.name: use.value
        for use in uses
        if use.operation == row.id and use.place == "query" and not PART.search(use.name)
    }
    pairs = [(name, one if isinstance(one, str) else _json(one))
             for name, value in query.items() for one in (value if isinstance(value, list) else [value])]  # fmt: skip
    if not pairs and not any(value != "ID" for value in arguments.values()):
        return Question(row)
    path = _NAME.sub(lambda found: _argument(arguments.get(found[1], "ID"), found[0]), row.path)
    return Question(
        row, lookup(row.method, f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path)
    )


def _typed(value: str, words: Words) -> str:
    """Return what was typed for a placeholder; other values as they are."""
    return words.get(value.removeprefix(f"{HUB}/library/"), value)


def _json(value: object) -> str:
    """Encode as Go does: without spaces, the names in order."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _split_reference(operation: str, query: dict[str, object], arguments: dict[str, str]) -> None:
    """Split the typed name of an image as the CLI does: fromImage=docker.io/library/busybox&tag=latest."""
    parameter = NORMALIZED.get(operation, "")
    values: dict[str, Any] = arguments if parameter in arguments else query
    image = values.get(parameter)
    if not image or image.isupper():
        return
    name, _, digest = image.partition("@")
    path, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        name = path
    else:
        tag = "latest"
    if "tag" in query:
        query["tag"] = digest or tag
    host, slash, _ = name.partition("/")
    if not slash:
        name = f"{HUB}/library/{name}"
    elif not re.search(r"[.:]|^localhost$", host):
        name = f"{HUB}/{name}"
    values[parameter] = name


def _argument(value: str, template: str) -> str:
    return template if value == "ID" else quote(value, safe="/:@", errors="replace")
