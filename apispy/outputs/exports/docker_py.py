"""Which method of docker-py's APIClient makes a call, and its arguments. Source: docker-py 7, docker/api/*.py."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apispy.outputs.base import Reading
from apispy.outputs.curl import LEFT_OUT

Convert = Callable[[str], Any]
"""From a query's value to an argument. Raises ValueError for one that docker-py cannot be given."""


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    path: tuple[str, ...] = ()  # the path's arguments that it takes, in order
    query: dict[str, tuple[str, Convert]] | None = None  # query parameter: (keyword, its value)
    body: bool = False  # it takes the JSON body as its first argument


def flag(value: str) -> bool:
    return value.strip().lower() not in ("", "0", "no", "false", "none")


def filters(value: str) -> dict[str, list[str]]:
    """Both forms that clients send: {"name": ["a"]} and {"name": {"a": true}}."""
    found = json.loads(value)
    if not isinstance(found, dict) or not all(isinstance(values, list | dict) for values in found.values()):
        raise ValueError("no filters")
    return {name: [str(word) for word in values] for name, values in found.items()}


FILTERS: dict[str, tuple[str, Convert]] = {"filters": ("filters", filters)}

METHODS: dict[str, Method] = {
    "ContainerList": Method("containers", (), {"all": ("all", flag), "limit": ("limit", int), "size": ("size", flag),
                                              **FILTERS}),
    "ContainerCreate": Method("create_container_from_config", (),
                              {"name": ("name", str), "platform": ("platform", str)}, body=True),
    "ContainerInspect": Method("inspect_container", ("id",)),
    "ContainerStart": Method("start", ("id",)),
    "ContainerStop": Method("stop", ("id",), {"t": ("timeout", int)}),
    "ContainerRestart": Method("restart", ("id",), {"t": ("timeout", int)}),
    "ContainerKill": Method("kill", ("id",), {"signal": ("signal", str)}),
    "ContainerPause": Method("pause", ("id",)),
    "ContainerUnpause": Method("unpause", ("id",)),
    "ContainerRename": Method("rename", ("id",), {"name": ("name", str)}),
    "ContainerDelete": Method("remove_container", ("id",),
                              {"v": ("v", flag), "link": ("link", flag), "force": ("force", flag)}),
    "ContainerTop": Method("top", ("id",), {"ps_args": ("ps_args", str)}),
    "ContainerChanges": Method("diff", ("id",)),
    "ContainerPrune": Method("prune_containers", (), FILTERS),
    "ExecInspect": Method("exec_inspect", ("id",)),
    "ImageList": Method("images", (), {"all": ("all", flag), **FILTERS}),
    "ImageInspect": Method("inspect_image", ("name",)),
    "ImageHistory": Method("history", ("name",)),
    "ImageDelete": Method("remove_image", ("name",), {"force": ("force", flag), "noprune": ("noprune", flag)}),
    "NetworkList": Method("networks", (), FILTERS),
    "NetworkInspect": Method("inspect_network", ("id",)),
    "NetworkDelete": Method("remove_network", ("id",)),
    "VolumeList": Method("volumes", (), FILTERS),
    "VolumeInspect": Method("inspect_volume", ("name",)),
    "VolumeDelete": Method("remove_volume", ("name",), {"force": ("force", flag)}),
    "SystemInfo": Method("info"),
    "SystemVersion": Method("version"),
    "SystemPing": Method("ping"),
    "SystemDataUsage": Method("df"),
}  # fmt: skip
"""By operation. What is missing takes its arguments in another form than the API does, or streams."""


SENT_ANYWAY = LEFT_OUT | {b"content-type", b"accept"}


def arguments(reading: Reading) -> tuple[str, list[Any], dict[str, Any]] | None:
    """(method, positional, named) if docker-py has a method that makes just this call, else None."""
    method = METHODS.get(reading.call.operation.id)
    extra = [name for name, _ in reading.exchange.request.headers if name.lower() not in SENT_ANYWAY]
    if method is None or extra or reading.exchange.request.body.cut:
        return None
    try:
        body = [_body(reading)] if method.body else []
        named = _named(reading, method.query or {})
    except (ValueError, LookupError, RecursionError):
        return None
    if not method.body and reading.exchange.request.body.size:
        return None
    return method.name, [*body, *[reading.call.arguments.get(name, "") for name in method.path]], named


def _body(reading: Reading) -> Any:
    return json.loads(reading.exchange.request.body.data)


def _named(reading: Reading, known: dict[str, tuple[str, Convert]]) -> dict[str, Any]:
    """The query as keywords. Raises LookupError for a parameter that the method does not take, or one given twice."""
    found: dict[str, Any] = {}
    for name, value in reading.call.query:
        keyword, convert = known[name]
        if keyword in found:
            raise LookupError(name)
        found[keyword] = convert(value)
    return found
