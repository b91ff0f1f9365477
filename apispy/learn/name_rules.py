"""Which calls tell the name that belongs to an id, and which tell that a program runs in a terminal.

Places are dotted paths whose first part says where to look: ``response`` and ``request`` are the JSON bodies, ``query``
and ``path`` the call's parameters and path arguments. ``*`` is every element of a list.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameRule:
    """The value at *name* belongs to the id at *id*. Both go through the same lists."""

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
"""By operation. The first of several names counts (``Names``, ``RepoTags``)."""

TERMINALS: dict[str, NameRule] = {
    "ContainerCreate": NameRule("response.Id", "request.Tty"),
    "ContainerInspect": NameRule("response.Id", "response.Config.Tty"),
    "ContainerExec": NameRule("response.Id", "request.Tty"),
    "ExecStart": NameRule("path.id", "request.Tty"),
    "ExecInspect": NameRule("response.ID", "response.ProcessConfig.tty"),
}
"""By operation: where it says whether the output is a terminal's. A create body without it means no."""

ABSENT_IS_NO = frozenset(("ContainerCreate", "ContainerExec"))
"""Operations whose body need not name Tty: left out, it is false."""
