"""Records docker commands with a flag and without, and derives what the flag changes in the calls.

test_explain_modern.py runs it, and with --rewrite-golden writes the result as data of ``apispy explain``.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from apispy.engine.operations import BY_ID
from apispy.learn.explain.docker_cli import commands, parse
from apispy.learn.explain.flag_effects import CONVERSIONS, EFFECTS, FIXED, KINDS, Change, converted
from apispy.learn.explain.flag_values import shell_words

from .cli_effect_rows import Group
from .cli_recorder import Recorder, placeholders, write
from .cli_rows import Row

Place = tuple[str, str, str]
"""Of a value: the call, "query", "header", "body", "message" or "answer", and the name."""

IGNORED = ("LLBBridge/", "TraceService/", "Health/", "Control/Status")
"""gRPC calls that are not compared: those of the builder's frontend repeat what Solve has, traces have times."""

UNTOLD = re.compile(r"X-Docker-Expose-Session-(Uuid|Sharedkey|Name)|Definition|unknown")
"""Names of values that are not compared."""


@dataclass
class Traffic:
    """What a command sends: how often each call, and the values at each place, as JSON."""

    calls: Counter[str] = field(default_factory=Counter)
    values: dict[Place, set[str]] = field(default_factory=dict)

    def add(self, call: str, place: str, value: Any, home: str, name: str = "") -> None:
        """Add the values in nested objects and lists, by dotted path; "[]" stands for each element."""
        for path, leaf in leaves(value, name):
            if not UNTOLD.search(path):
                text = placeholders(json.dumps(leaf, sort_keys=True).replace(home, "HOME"))
                path = placeholders(path).replace("explain-project_default", "PROJECT_default")
                self.values.setdefault((call, place, path), set()).add(text)


def traffic(calls: list[dict[str, Any]], home: str) -> Traffic:
    found = Traffic()
    for call in calls:
        name = call["operation"] or f"{call['method']} {call['path']}"
        if name == "SystemPingHead":
            continue
        found.calls[name] += 1
        for key, value in call["query"]:
            found.add(name, "query", READ.get(key, str)(value), home, key)
        for key, value in call["request"]["headers"]:
            if key.startswith("X-"):
                found.add(name, "header", value, home, key)
        found.add(name, "body", call["request"]["body"], home)
        for method, place, message in _messages(call):
            found.calls[method] += place == "message"
            found.add(method, place, message, home)
    return found


def _filters(value: str) -> list[str]:
    """Return what is in ``{"label": {"a=b": true}}``, or with a list in it, as "label=a=b"."""
    return [f"{name}={one}" for name, values in json.loads(value or "{}").items() for one in values]


READ = {"filters": _filters, "buildargs": json.loads, "labels": json.loads, "cachefrom": json.loads}
"""Query parameters that are JSON, of which each part is a value."""


def _messages(call: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield what is compared of the gRPC calls in a tunnel: method as "Service/Method", place, message.

    Of a session, in which the daemon calls the client, that is which methods it calls, and whether it gets a secret
    or an agent.
    """
    for side in ("to_server", "to_client"):
        for message in ((call.get("tunnel") or {}).get(side) or {}).get("messages", ()):
            service, _, name = message["method"].rpartition("/")
            method = f"{service.rpartition('.')[2]}/{name}"
            if method.startswith(IGNORED):
                continue
            if message["part"] == "request":
                yield method, "message", message["message"] if method.startswith("Control/") else None
            elif method == "Secrets/GetSecret":
                yield method, "answer", dict.fromkeys(message["message"], "(the secret)")
            elif (
                method == "SSH/CheckAgent"
            ):  # without an agent it is answered with an error, without a message
                yield method, "answer", {"status": "OK"}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in nested objects and lists, by dotted path; "[]" stands for each element."""
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from leaves(one, f"{path}.{name}".strip("."))
    elif isinstance(value, list) and value:
        for one in value:
            yield from leaves(one, f"{path}[]")
    elif path and value is not None:
        yield path, value


# -- differences


def differences(bare: list[Traffic], flagged: Traffic) -> tuple[dict[Place, list[Any]], dict[str, list[str]]]:
    """Return the values that only *flagged* has, and the calls that it has and *bare* has not, and so on.

    *bare* is the same command twice: what differs between these two says nothing.
    """
    one, other = bare
    named: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for call in dict.fromkeys([*flagged.calls, *one.calls]):
        before, now_made = one.calls[call], flagged.calls[call]
        if before == other.calls[call] and before != now_made and (kind := _kind(call, before, now_made)):
            named[kind].append(call)
    changes: dict[Place, list[Any]] = {}
    for place in {*one.values, *other.values, *flagged.values}:
        without, again, now = (traffic.values.get(place, set()) for traffic in (one, other, flagged))
        new = sorted(now - without)
        lost = not now and not _became_full(place, flagged)
        if without == again != now and (new or lost) and _comparable(place[0], one, flagged):
            changes[place] = [json.loads(text) for text in new]
    return changes, named


def _became_full(place: Place, flagged: Traffic) -> bool:
    """Whether an empty list or map is gone because it has something in it now."""
    call, kind, name = place
    return any(
        one[:2] == (call, kind) and one[2].startswith((f"{name}.", f"{name}[]")) for one in flagged.values
    )


def _comparable(call: str, bare: Traffic, flagged: Traffic) -> bool:
    """Whether a call is in both: of one that is only in one of them, no value is a difference."""
    return bool(bare.calls[call] and flagged.calls[call])


def _kind(call: str, before: int, now: int) -> str:
    if not before:
        return "added"
    if not now:
        return "gone"
    if call.endswith(POLLED) or "/" in call:
        return ""
    return "more" if now > before else "fewer"


POLLED = (
    "List",
    "Inspect",
    "Info",
    "Version",
    "Ping",
    "Logs",
    "Events",
    "Stats",
    "Grpc",
    "Session",
    "Df",
    "DataUsage",
)
"""Ends of the names of calls whose number says nothing: they are made until something has happened."""


# -- what leads from the text to the value


def derived(place: Place, sent: list[Any], texts: list[str], takes_value: bool) -> Change:
    """Return the change with the first conversion that gives what was sent, and "" for none."""
    value: Any = sent if len(sent) > 1 else sent[0] if sent else None
    for name in dict.fromkeys((_generic(place[2], texts[0]), place[2])):
        for to in ("after equals",) if "{name}" in name else _conversions(texts[0], takes_value):
            change = Change(place[0], place[1], name, to, value)
            if _gives(change, texts, place[2], sent):
                return change
    return Change(*place, "", value)


def _generic(path: str, text: str) -> str:
    """Replace the name before the "=" of a text at the path's end by {name}."""
    name, equals, _ = text.partition("=")
    return f"{path[: -len(name)]}{{name}}" if equals and path.endswith((f".{name}", f":{name}")) else path


def _conversions(text: str, takes_value: bool) -> Iterator[str]:
    if not takes_value:
        yield from FIXED
        return
    if "=" in text:
        yield from (f"field {part.partition('=')[0]}" for part in text.split(","))
    yield from (name for name in CONVERSIONS if name not in FIXED)


def _gives(change: Change, texts: list[str], name: str, sent: list[Any]) -> bool:
    try:
        pairs = [converted(change, text) for text in texts]
    except (ValueError, KeyError, IndexError):
        return False
    values = [value for _, value in pairs] if "[]" in name else [pairs[-1][1]]
    return pairs[-1][0] == name and [_typed(value) for value in values] == [_typed(value) for value in sent]


def _typed(value: Any) -> tuple[type, Any]:
    return type(value), value


# -- recording


def examples(group: Group) -> list[str]:
    """Return the flags of each example; the first two are none: the baseline."""
    parts = group.examples.strip().replace("\n", "|").split("|")
    return ["", "", *(part.strip() for part in parts if part.strip())]


def rows(group: Group) -> list[Row]:
    found = []
    for number, flags in enumerate(examples(group)):
        line = " ".join(f"{group.env} {group.line.replace('@', flags)}".split())
        before = [group.first] if not number else []
        found.append(Row(line, "; ".join(filter(None, [*before, group.each])), seconds=group.seconds))
    return found


def effect_recordings(recorder: Recorder, groups: tuple[Group, ...]) -> list[dict[str, Any]]:
    """Record the examples of all groups, as the entries of the data file."""
    recorded = recorder.record(tuple(row for group in groups for row in rows(group)))
    return entries(groups, [calls for _, calls in recorded], recorder.refusals, recorder.home)


def entries(
    groups: tuple[Group, ...], recorded: list[list[dict[str, Any]]], refusals: list[str], home: str
) -> list[dict[str, Any]]:
    """Derive the entries from the calls and the refusals of each row."""
    found: list[dict[str, Any]] = []
    remaining = iter(zip(recorded, refusals, strict=True))
    for group in groups:
        (first, refused), (second, _) = next(remaining), next(remaining)
        bare = [traffic(first, home), traffic(second, home)]
        for flags in examples(group)[2:]:
            calls, refusal = next(remaining)
            made = entry(group, flags, bare, traffic(calls, home))
            found.append(without_losses(made) if refusal and not refused else made)
    agree(found)
    return sorted(found, key=lambda one: (one["command"], one["flag"], one["line"]))


def agree(entries: list[dict[str, Any]]) -> None:
    """Give the examples of a flag one conversion where one leads to what was sent in all of them."""
    alike: dict[tuple[str, ...], list[tuple[list[Any], str]]] = {}
    for entry in entries:
        flags = parse(shell_words(entry["line"])).flags
        text = [flag.text for flag in flags if flag.name == entry["flag"]][-1]
        for change in entry.get("changes", ()):
            if change[3] and not isinstance(change[4], list):
                key = (entry["command"], entry["flag"], entry.get("when", ""), *change[:3])
                alike.setdefault(key, []).append((change, text))
    for changes in alike.values():
        for to in {change[3]: None for change, _ in changes}:
            if all(
                _gives(Change(*change[:3], to, None), [text], change[2], [change[4]])
                for change, text in changes
            ):
                for change, _ in changes:
                    change[3] = to
                break


def without_losses(made: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of an example that failed: what was not sent any more says nothing about the flag."""
    changes = [change for change in made.get("changes", ()) if change[-1] is not None]
    left = {name: value for name, value in made.items() if name not in ("gone", "fewer", "changes")}
    if changes:
        left["changes"] = changes
    return left | ({} if {"changes", "added", "more"} & {*left} else {"failed": True})


def entry(group: Group, flags: str, bare: list[Traffic], flagged: Traffic) -> dict[str, Any]:
    line = re.sub(r"\$\(.*?\)", "NODE", " ".join(group.line.replace("@", flags).split()))
    parsed = parse(shell_words(line))
    alone = parse(
        [*shell_words(re.sub(r" @.*", "", re.sub(r"\$\(.*?\)", "NODE", group.line))), *shell_words(flags)]
    )
    tested = alone.flags[len(parse(shell_words(group.line.partition("@")[0])).flags) :]
    name = tested[0].name
    texts = [flag.text for flag in tested if flag.name == name]
    takes_value = bool(commands()[parsed.typed_name]["flags"][name])
    changes, named = differences(bare, flagged)
    made = sorted((derived(place, sent, texts, takes_value) for place, sent in changes.items()),
                  key=lambda change: (change.call, change.place, change.name))  # fmt: skip
    made = [one for one in made if one.to or _tells(one, made, bare[0], named)]
    if parsed.name.startswith("docker compose"):
        named = {kind: [call for call in calls if not _only_looks(call)] for kind, calls in named.items()}
        made = [one for one in made if one.to or not _only_looks(one.call)]
    found: dict[str, Any] = {"command": parsed.name, "flag": name, "line": line, "when": group.when}
    found["changes"] = [[one.call, one.place, one.name, one.to, one.sent] for one in made]
    found |= {kind: sorted(calls) for kind, calls in named.items()}
    return {key: value for key, value in found.items() if value}


def _tells(change: Change, made: list[Change], bare: Traffic, named: dict[str, list[str]]) -> bool:
    """Whether a value that does not follow from what was typed says something.

    It does not if it is that of a call that is made more or less often, nor if it comes along with one that follows,
    because the object with both is new.
    """
    if change.call in (*named["more"], *named["fewer"]):
        return False
    for other in made:
        parts = other.name.split(".") if other.to and other.call == change.call else []
        for number in range(1, len(parts)):
            parent = ".".join(parts[:number]) + "."
            if change.name.startswith(parent) and not any(
                place[0] == change.call and place[2].startswith(parent) for place in bare.values
            ):
                return False
    return True


def _only_looks(call: str) -> bool:
    """Whether a call changes nothing: Compose makes these as often as it likes."""
    return call in BY_ID and BY_ID[call].method in ("GET", "HEAD")


def write_effects(entries: list[dict[str, Any]]) -> None:
    write(
        EFFECTS,
        sorted(entries, key=lambda one: (one["command"], one["flag"], one["line"], one.get("when", ""))),
    )
