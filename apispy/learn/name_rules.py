"""Which calls reveal the name of an ID, and which reveal whether a program has a terminal.

Paths are dotted; the first part says where to look: ``response`` and ``request`` are the JSON bodies, ``query`` and
``path`` the query parameters and path arguments of the call. ``*`` is every element of a list.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from apispy.engine.json_fields import field_value
from apispy.structs import Struct


class NameRule(Struct, frozen=True):
    """The value at path *name* is the name of the ID at path *id*. Both paths cross the same lists."""

    id: str
    name: str


NAMES: dict[str, tuple[NameRule, ...]] = {
    "ContainerCreate": (NameRule("response.Id", "query.name"),),
    "ContainerRename": (NameRule("path.id", "query.name"),),
    "ContainerInspect": (
        NameRule("response.Id", "response.Name"),
        NameRule("response.Image", "response.Config.Image"),
    ),
    "ContainerList": (
        NameRule("response.*.Id", "response.*.Names"),
        NameRule("response.*.ImageID", "response.*.Image"),
    ),
    "SystemEvents": (NameRule("response.Actor.ID", "response.Actor.Attributes.name"),),
    "SystemDataUsage": (
        NameRule("response.Containers.*.Id", "response.Containers.*.Names"),
        NameRule("response.Images.*.Id", "response.Images.*.RepoTags"),
    ),
    "ImageInspect": (NameRule("response.Id", "response.RepoTags"),),
    "ImageList": (NameRule("response.*.Id", "response.*.RepoTags"),),
    "ImageCommit": (NameRule("response.Id", "query.repo"),),
    "ImageTag": (NameRule("path.name", "query.repo"),),
    "NetworkCreate": (NameRule("response.Id", "request.Name"),),
    "NetworkInspect": (NameRule("response.Id", "response.Name"),),
    "NetworkList": (NameRule("response.*.Id", "response.*.Name"),),
    "NodeInspect": (NameRule("response.ID", "response.Description.Hostname"),),
    "NodeList": (NameRule("response.*.ID", "response.*.Description.Hostname"),),
    "ServiceCreate": (NameRule("response.ID", "request.Name"),),
    "ServiceInspect": (NameRule("response.ID", "response.Spec.Name"),),
    "ServiceList": (NameRule("response.*.ID", "response.*.Spec.Name"),),
    "SecretCreate": (NameRule("response.ID", "request.Name"),),
    "SecretInspect": (NameRule("response.ID", "response.Spec.Name"),),
    "SecretList": (NameRule("response.*.ID", "response.*.Spec.Name"),),
    "ConfigCreate": (NameRule("response.ID", "request.Name"),),
    "ConfigInspect": (NameRule("response.ID", "response.Spec.Name"),),
    "ConfigList": (NameRule("response.*.ID", "response.*.Spec.Name"),),
    "PluginInspect": (NameRule("response.Id", "response.Name"),),
    "PluginList": (NameRule("response.*.Id", "response.*.Name"),),
}
"""By operation. If there are several names (``Names``, ``RepoTags``), the first one counts."""

TERMINALS: dict[str, NameRule] = {
    "ContainerCreate": NameRule("response.Id", "request.Tty"),
    "ContainerInspect": NameRule("response.Id", "response.Config.Tty"),
    "ContainerExec": NameRule("response.Id", "request.Tty"),
    "ExecStart": NameRule("path.id", "request.Tty"),
    "ExecInspect": NameRule("response.ID", "response.ProcessConfig.tty"),
}
"""By operation: the path that says whether the program has a terminal."""

TTY_DEFAULTS_TO_FALSE = frozenset(("ContainerCreate", "ContainerExec"))
"""Operations whose body may omit Tty, which is then false."""


def values_at(parts: Mapping[str, Any], path: list[str]) -> Iterator[Any]:
    """Yield every value at *path*, as above. A missing value is None.

    Fields of bodies are found regardless of case, as Go's encoding/json finds them; parameters are not.
    """
    value, names = parts.get(path[0]), path[1:]
    if path[0] in ("query", "path"):
        yield (value or {}).get(".".join(names))
    else:
        yield from _in_body(value, names)


def _in_body(value: Any, names: list[str]) -> Iterator[Any]:
    for index, name in enumerate(names):
        if name == "*":
            rest = names[index + 1 :]
            for element in value if isinstance(value, list) else ():
                if len(rest) == 1:  # as in long lists
                    yield field_value(element, rest[0])
                else:
                    yield from _in_body(element, rest)
            return
        value = field_value(value, name)
    yield value
