"""Which calls tell the name that belongs to an id, and which tell that a program runs in a terminal.

Places are dotted paths whose first part says where to look: ``response`` and ``request`` are the JSON bodies, ``query``
and ``path`` the call's parameters and path arguments. ``*`` is every element of a list.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """The value at *name* belongs to the id at *id*. Both go through the same lists."""

    id: str
    name: str


NAMES: dict[str, tuple[Rule, ...]] = {
    "ContainerCreate": (Rule("response.Id", "query.name"),),
    "ContainerRename": (Rule("path.id", "query.name"),),
    "ContainerInspect": (
        Rule("response.Id", "response.Name"),
        Rule("response.Image", "response.Config.Image"),
    ),
    "ContainerList": (
        Rule("response.*.Id", "response.*.Names"),
        Rule("response.*.ImageID", "response.*.Image"),
    ),
    "SystemEvents": (Rule("response.Actor.ID", "response.Actor.Attributes.name"),),
    "SystemDataUsage": (
        Rule("response.Containers.*.Id", "response.Containers.*.Names"),
        Rule("response.Images.*.Id", "response.Images.*.RepoTags"),
    ),
    "ImageInspect": (Rule("response.Id", "response.RepoTags"),),
    "ImageList": (Rule("response.*.Id", "response.*.RepoTags"),),
    "ImageCommit": (Rule("response.Id", "query.repo"),),
    "ImageTag": (Rule("path.name", "query.repo"),),
    "NetworkCreate": (Rule("response.Id", "request.Name"),),
    "NetworkInspect": (Rule("response.Id", "response.Name"),),
    "NetworkList": (Rule("response.*.Id", "response.*.Name"),),
    "NodeInspect": (Rule("response.ID", "response.Description.Hostname"),),
    "NodeList": (Rule("response.*.ID", "response.*.Description.Hostname"),),
    "ServiceCreate": (Rule("response.ID", "request.Name"),),
    "ServiceInspect": (Rule("response.ID", "response.Spec.Name"),),
    "ServiceList": (Rule("response.*.ID", "response.*.Spec.Name"),),
    "SecretCreate": (Rule("response.ID", "request.Name"),),
    "SecretInspect": (Rule("response.ID", "response.Spec.Name"),),
    "SecretList": (Rule("response.*.ID", "response.*.Spec.Name"),),
    "ConfigCreate": (Rule("response.ID", "request.Name"),),
    "ConfigInspect": (Rule("response.ID", "response.Spec.Name"),),
    "ConfigList": (Rule("response.*.ID", "response.*.Spec.Name"),),
    "PluginInspect": (Rule("response.Id", "response.Name"),),
    "PluginList": (Rule("response.*.Id", "response.*.Name"),),
}
"""By operation. The first of several names counts (``Names``, ``RepoTags``)."""

TERMINALS: dict[str, Rule] = {
    "ContainerCreate": Rule("response.Id", "request.Tty"),
    "ContainerInspect": Rule("response.Id", "response.Config.Tty"),
    "ContainerExec": Rule("response.Id", "request.Tty"),
    "ExecStart": Rule("path.id", "request.Tty"),
    "ExecInspect": Rule("response.ID", "response.ProcessConfig.tty"),
}
"""By operation: where it says whether the output is a terminal's. A create body without it means no."""

ABSENT_IS_NO = frozenset(("ContainerCreate", "ContainerExec"))
"""Operations whose body need not name Tty: left out, it is false."""
