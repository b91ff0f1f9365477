"""The ``filters`` parameter: which names each operation takes, and which values the daemon refuses.

The daemon reads two encodings: ``{"status": {"running": true}}`` and the older ``{"status": ["running"]}``. In the
first, a value that is ``false`` is not a negation. All values of one parameter must use the same encoding.
Names and values were tried on dockerd 20.10.24 and 28.5.2; names that are newer are from the API descriptions.
"""

import json
import re
from typing import Any, Literal

from apispy.engine.versions import between, nearest
from apispy.structs import Struct
from apispy.suggestions import most_similar

BOOLEAN = ("true", "false", "1", "0")
"""The values of a boolean filter. Engine 20.10 takes only the words, for most filters."""

_LABELS = {"label": (), "label!": ()}
_CONTAINER_STATES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")
_HEALTH = ("none", "starting", "healthy", "unhealthy")

FILTERS: dict[str, dict[str, tuple[str, ...]]] = {
    "ContainerList": {
        **dict.fromkeys(
            (
                "ancestor",
                "before",
                "exited",
                "expose",
                "id",
                "isolation",
                "label",
                "name",
                "network",
                "publish",
            ),
            (),
        ),
        "since": (),
        "volume": (),
        "health": _HEALTH,
        "is-task": BOOLEAN,
        "status": _CONTAINER_STATES,
    },
    "ImageList": {
        **dict.fromkeys(("before", "label", "reference", "since", "until"), ()),
        "dangling": BOOLEAN,
    },
    "NetworkList": {
        **dict.fromkeys(("driver", "id", "label", "name", "scope"), ()),
        "dangling": BOOLEAN,
        "type": ("custom", "builtin"),
    },
    "VolumeList": {**dict.fromkeys(("driver", "label", "name"), ()), "dangling": BOOLEAN},
    "PluginList": {"capability": (), "enabled": BOOLEAN},
    "NodeList": {
        **dict.fromkeys(("id", "label", "name", "node.label", "role"), ()),
        "membership": ("accepted", "pending"),
    },
    "ServiceList": dict.fromkeys(("id", "label", "mode", "name", "runtime"), ()),
    "TaskList": dict.fromkeys(
        ("_up-to-date", "desired-state", "id", "label", "name", "node", "runtime", "service"), ()
    ),
    "SecretList": dict.fromkeys(("id", "label", "name", "names"), ()),
    "ConfigList": dict.fromkeys(("id", "label", "name"), ()),
    "ImageSearch": {"is-automated": BOOLEAN, "is-official": BOOLEAN, "stars": ()},
    "SystemEvents": dict.fromkeys(
        (
            *(
                "config",
                "container",
                "daemon",
                "event",
                "image",
                "label",
                "network",
                "node",
                "plugin",
                "scope",
            ),
            *("secret", "service", "type", "volume"),
        ),
        (),
    ),
    "ContainerPrune": {**_LABELS, "until": ()},
    "ImagePrune": {**_LABELS, "dangling": BOOLEAN, "until": ()},
    "NetworkPrune": {**_LABELS, "until": ()},
    "VolumePrune": {**_LABELS, "all": BOOLEAN},
    "BuildPrune": {
        **_LABELS,
        **dict.fromkeys(
            ("description", "id", "inuse", "parent", "private", "shared", "type", "until", "unused-for"), ()
        ),
    },
}
"""The filters of each operation that has some, by name: the allowed values, or () where any text is allowed."""

UNCHECKED = frozenset(("SystemEvents",))
"""Operations that ignore filters they do not know. All others refuse them."""

FIRST = {
    ("ImageList", "until"): "1.44",
    ("VolumePrune", "all"): "1.42",
}
"""The first API version with a filter, where that is not the first version of its operation."""

EXAMPLE = '{"status":["running"]}'

_NAME = re.compile(r"[\w.!-]{1,40}")


class FilterProblem(Struct, frozen=True):
    """What is wrong with a ``filters`` parameter: a sentence for the author of the call.

    It quotes no value of the parameter.
    """

    kind: Literal["refused", "ignored", "not negated"]
    text: str


def filter_problems(
    operation_id: str, text: str, version: str | None = None, ignored: str = "Docker ignores it"
) -> tuple[FilterProblem, ...]:
    """Find what the daemon refuses or ignores in *text*, the value of ``filters``; () if all is well. Never raises.

    *version* is the API version of the daemon; None for the newest. *ignored* says what the daemon does with a filter
    that it ignores. Only the form is checked for an operation that is not in ``FILTERS``.
    """
    if not text:
        return ()
    try:
        value = json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return (_refused(f"are not JSON{_suggested(text)}"),)
    if value is None:
        return ()
    if not isinstance(value, dict):
        return (_refused(f"must be a JSON object of lists, such as {EXAMPLE}"),)
    return (*_malformed(value), *_by_name(operation_id, value, version, ignored))


def filter_names(text: str) -> frozenset[str]:
    """Return the names in *text*, the value of ``filters``; none if it is wrong."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(value) if isinstance(value, dict) else frozenset()


def _reject_constant(constant: str) -> None:
    raise ValueError(constant)


def _refused(text: str) -> FilterProblem:
    return FilterProblem("refused", f"the daemon refuses these filters: they {text}")


def _suggested(text: str) -> str:
    """What to type in place of ``status=running``, the form of the docker CLI's --filter."""
    name, equals, _ = text.partition("=")
    if equals and _NAME.fullmatch(name):
        return f'; the form NAME=VALUE is the CLI\'s, the API takes {{"{name}":["VALUE"]}}'
    return f", such as {EXAMPLE}"


def _malformed(value: dict[str, Any]) -> tuple[FilterProblem, ...]:
    """Check that all values are lists of text, or all objects of booleans. Go reads null as an empty value."""
    parts = [part for part in value.values() if part is not None]
    lists = [part for part in parts if isinstance(part, list)]
    objects = [part for part in parts if isinstance(part, dict)]
    if len(lists) + len(objects) < len(parts):
        return (_refused(f"must have a list of text for each name, such as {EXAMPLE}"),)
    if lists and objects:
        return (_refused("mix lists and objects: use a list for every name"),)
    if any(one is not None and not isinstance(one, str) for part in lists for one in part):
        return (_refused(f"must have only text in their lists, such as {EXAMPLE}"),)
    if any(one is not None and not isinstance(one, bool) for part in objects for one in part.values()):
        return (_refused('must have only true in their objects, such as {"status":{"running":true}}'),)
    if any(one is False for part in objects for one in part.values()):
        text = "false in a filter is not a negation: most filters treat it like true"
        return (FilterProblem("not negated", text),)
    return ()


def _by_name(
    operation_id: str, value: dict[str, Any], version: str | None, ignored: str
) -> tuple[FilterProblem, ...]:
    known = FILTERS.get(operation_id)
    if known is None:
        return ()
    problems = []
    for name, part in value.items():
        if name not in known:
            problems.append(_unknown(operation_id, name, known, ignored))
        elif (first := FIRST.get((operation_id, name))) and not between(
            first, nearest(version), nearest(None)
        ):
            text = f"the filter {name} of {operation_id} is available since API {first}"
            problems.append(FilterProblem("refused", text))
        elif known[name] and any(one not in known[name] for one in _texts(part)):
            allowed = ", ".join(known[name])
            text = f"the daemon refuses this value of the filter {name}: {operation_id} takes {allowed}"
            problems.append(FilterProblem("refused", text))
    return tuple(problems)


def _unknown(operation_id: str, name: str, known: dict[str, tuple[str, ...]], ignored: str) -> FilterProblem:
    quoted = f"filter {name!r}" if _NAME.fullmatch(name) else "filter of that name"
    likely = most_similar(name, known)
    suggestion = f"; did you mean {likely}?" if likely else f"; it has {', '.join(sorted(known))}"
    if operation_id in UNCHECKED:
        return FilterProblem("ignored", f"{operation_id} has no {quoted}, so {ignored}{suggestion}")
    return FilterProblem("refused", f"{operation_id} has no {quoted}, so the daemon refuses it{suggestion}")


def _texts(part: Any) -> list[str]:
    return [one for one in part if isinstance(one, str)] if isinstance(part, list | dict) else []
