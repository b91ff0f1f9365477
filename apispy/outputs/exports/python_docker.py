"""A Python script that makes the calls with docker-py.

A call uses the APIClient method that makes exactly this call, if there is one. Otherwise it is sent unchanged through
the APIClient, which is also a requests session. ``python_text.py`` documents what the script does.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apispy.engine.versions import parse
from apispy.outputs.base import DecodedCall
from apispy.outputs.curl import OMITTED_HEADERS
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.curl import recorded_upstream
from apispy.outputs.exports.python_text import arguments_text, literal, script_text, unchanged_call
from apispy.outputs.exports.script_steps import Script, Step, build_script
from apispy.structs import Struct

IMPORTS = (
    "import base64\nimport json\nimport os\nimport sys\nimport threading\nimport time\n\n"
    "import docker\nimport requests\n"
)

CLIENT = """settings = {{"base_url": RECORDED}} | docker.utils.kwargs_from_env()
api = http = docker.APIClient(**settings, version={version!r})
base = api.base_url
"""

LOWEST = (1, 24)
"""The lowest API version that docker-py supports."""


Convert = Callable[[str], Any]
"""Converts a query value to an argument. Raises ValueError for a value that docker-py does not accept."""


class Method(Struct, frozen=True):
    """A method of docker-py's APIClient that makes one operation's call."""

    name: str
    path: tuple[str, ...] = ()  # path arguments, in order
    query: dict[str, tuple[str, Convert]] | None = None  # by query parameter: (keyword, conversion)
    body: bool = False  # whether the first argument is the JSON body


def flag(value: str) -> bool:
    return value.strip().lower() not in ("", "0", "no", "false", "none")


def filters(value: str) -> dict[str, list[str]]:
    """Parse the two forms that clients send: {"name": ["a"]} and {"name": {"a": true}}."""
    found = json.loads(value)
    if not isinstance(found, dict) or not all(isinstance(values, list | dict) for values in found.values()):
        raise ValueError("not filters")
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
"""By operation. Methods whose arguments differ from those of the API, or that stream, are left out.

Source: docker-py 7, docker/api/*.py.
"""

SENT_BY_DEFAULT = OMITTED_HEADERS | {b"content-type", b"accept"}


def method_call(decoded: DecodedCall) -> tuple[str, list[Any], dict[str, Any]] | None:
    """Return (method, positional, named) if a docker-py method makes exactly this call, else None."""
    method = METHODS.get(decoded.call.operation.id)
    extra = [name for name, _ in decoded.exchange.request.headers if name.lower() not in SENT_BY_DEFAULT]
    if method is None or extra or decoded.exchange.request.body.cut:
        return None
    try:
        body = [_body(decoded)] if method.body else []
        named = _named(decoded, method.query or {})
    except (ValueError, LookupError, RecursionError):
        return None
    if not method.body and decoded.exchange.request.body.size:
        return None
    return method.name, [*body, *[decoded.call.arguments.get(name, "") for name in method.path]], named


def _body(decoded: DecodedCall) -> Any:
    return json.loads(decoded.exchange.request.body.data)


def _named(decoded: DecodedCall, known: dict[str, tuple[str, Convert]]) -> dict[str, Any]:
    """Convert the query to keywords. Raises LookupError for an unknown or repeated parameter."""
    found: dict[str, Any] = {}
    for name, value in decoded.call.query:
        keyword, convert = known[name]
        if keyword in found:
            raise LookupError(name)
        found[keyword] = convert(value)
    return found


@exporter("python", suffix=".py", description="a Python script with docker-py (pip install docker)")
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    calls = build_script(decoded_calls)
    version = _version(calls)
    beginning = f"{IMPORTS}\nRECORDED = {recorded_upstream(calls)!r}\n\n{CLIENT.format(version=version)}"
    return script_text(
        calls, "docker-py: pip install docker", beginning, lambda step: _call(step, calls, version)
    )


def _version(calls: Script) -> str:
    """Return the first API version in a request path that docker-py supports."""
    named = (step.decoded.call.version or "" for step in calls.steps)
    return next((version for version in named if (parse(version) or (0, 0)) >= LOWEST), "auto")


def _call(step: Step, calls: Script, version: str) -> str:
    found = method_call(step.decoded) if step.decoded.call.version == version else None
    if found is None:
        return unchanged_call(step, calls)
    method, positional, named = found
    words = [literal(value, calls) for value in positional]
    words += [f"{name}={literal(value, calls)}" for name, value in named.items()]
    return arguments_text([f"api.{method}", *words])
