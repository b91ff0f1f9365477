"""The permissions that calls use: collected one call at a time, in memory that does not grow with their number."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from apispy.decoders.grpc_messages import messages_of
from apispy.decoders.json import first_json
from apispy.engine import Call, lookup
from apispy.engine.effects import TUNNEL
from apispy.engine.operation import Operation
from apispy.engine.requested_access import bind_sources
from apispy.engine.requested_builds import build_of
from apispy.learn.permissions.dangers import dangers
from apispy.learn.permissions.paths import Parts, decoded_path, parts_of, pattern_of
from apispy.learn.read_call import ReadCall
from apispy.model import Exchange
from apispy.structs import Struct, field

MAX_PERMISSIONS = 2000
"""Permissions that are kept. Calls that need more, such as those of a scan, are counted only."""

MAX_KEPT = 50
"""Dangers of one permission, clients, and processes of a client that are kept."""

Level = Literal["read", "write", "dangerous"]

_PROCESS = re.compile(r"(.*) \(pid (\d+)\)")


class Permission(Struct):
    """A method on paths of one form, and the calls that use it."""

    operation: Operation
    method: str
    parts: Parts
    first: str  # the first call: "#3", or "run.jsonl #3" if there are several files
    calls: int = 0
    slashes: set[int] = field(default_factory=set)  # numbers of slashes in the paths
    dangers: dict[str, str] = field(default_factory=dict)  # reason: first call

    @property
    def level(self) -> Level:
        if self.dangers:
            return "dangerous"
        return "read" if self.method in ("GET", "HEAD") else "write"

    @property
    def name(self) -> str:
        """The operation; for an unknown one, the method and path."""
        return self.operation.id or f"{self.method} {pattern_of(self.parts)}"

    @property
    def template(self) -> str:
        return self.operation.path if self.operation.id else pattern_of(self.parts)


class Client(Struct):
    """A client, by its User-Agent and the name of its process, if that is known."""

    agent: str
    process: str
    calls: int = 0
    processes: set[int] = field(default_factory=set)  # process IDs


class Bodies(Struct):
    """What bodies and parameters of the calls contain that a proxy may check."""

    binds: set[str] = field(default_factory=set)  # paths of the host
    capabilities: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    host_modes: set[str] = field(default_factory=set)  # names of fields of HostConfig
    privileged: bool = False
    force_remove: bool = False  # a container was removed with force=1
    volume_remove: bool = False  # ... and with v=1
    root_exec: bool = False
    privileged_exec: bool = False
    registries: set[str] = field(default_factory=set)
    # What builds ask for:
    build_privileged: bool = False
    build_host_network: bool = False
    build_devices: bool = False


class Method(Struct):
    """A gRPC method that was called in a tunnel."""

    path: str
    first: str  # the first call of the tunnel
    calls: int = 0


class Usage:
    """Collects the permissions that calls use."""

    def __init__(self) -> None:
        self.calls = 0
        self.left_out = 0  # calls of permissions beyond MAX_PERMISSIONS
        self.bodies = Bodies()
        self.methods: dict[str, Method] = {}  # of the calls in tunnels, by path
        self._permissions: dict[tuple[str, Parts], Permission] = {}
        self._clients: dict[tuple[str, str], Client] = {}

    def add(self, decoded: ReadCall, source: str = "") -> None:
        """Add a call. *source* is the name of its file if there are several."""
        self.calls += 1
        number = f"{source} #{decoded.exchange.id}".lstrip()
        self._add_client(decoded.exchange)
        permission = self._permission(decoded, number)
        if permission is None:
            self.left_out += 1
            return
        permission.calls += 1
        permission.slashes.add(min(decoded_path(decoded.call).count("/"), MAX_KEPT))
        body = first_json(decoded.items.get("request", ()))
        for reason in dangers(decoded.call, body):
            if len(permission.dangers) < MAX_KEPT:
                permission.dangers.setdefault(reason, number)
        _note_body(self.bodies, decoded.call, body)
        for path in methods_in(decoded):
            if path in self.methods or len(self.methods) < MAX_PERMISSIONS:
                self.methods.setdefault(path, Method(path, number)).calls += 1
        for called, message in messages_in(decoded):
            _note_build(self.bodies, called, message)

    @property
    def permissions(self) -> list[Permission]:
        """The permissions: reads first, dangerous ones last."""
        order = ("read", "write", "dangerous")
        return sorted(
            self._permissions.values(), key=lambda one: (order.index(one.level), one.name, one.method)
        )

    @property
    def clients(self) -> list[Client]:
        """The clients, those with the most calls first."""
        return sorted(self._clients.values(), key=lambda one: (-one.calls, one.agent, one.process))

    def _permission(self, decoded: ReadCall, number: str) -> Permission | None:
        method, parts = decoded.exchange.request.method, parts_of(decoded.call)
        key = method, parts
        if key not in self._permissions:
            if len(self._permissions) >= MAX_PERMISSIONS:
                return None
            self._permissions[key] = Permission(decoded.call.operation, method, parts, number)
        return self._permissions[key]

    def _add_client(self, exchange: Exchange) -> None:
        found = _PROCESS.fullmatch(exchange.client)
        key = exchange.request.headers.text("user-agent"), found[1] if found else ""
        if key not in self._clients and len(self._clients) >= MAX_KEPT:
            key = "others", ""
        client = self._clients.setdefault(key, Client(*key))
        client.calls += 1
        if found and len(client.processes) < MAX_KEPT:
            client.processes.add(int(found[2]))


def methods_in(decoded: ReadCall) -> Iterator[str]:
    """Yield the path of each gRPC call that a client makes in a tunnel."""
    for item in decoded.items.get("to_server", ()) if decoded.call.operation.id == TUNNEL else ():
        if item.kind == "h2c" and isinstance(item.value, dict) and isinstance(item.value.get("method"), str):
            yield item.value["method"]


def messages_in(decoded: ReadCall) -> Iterator[tuple[Call, dict[str, Any]]]:
    """Yield the messages of a client's gRPC calls, in a tunnel or in a call of its own."""
    for items in (decoded.items.get("to_server", ()), decoded.items.get("request", ())):
        for item in items:
            for value in messages_of(item):
                if value["part"] == "request":
                    yield lookup("POST", value["method"]), value["message"]


def _note_build(bodies: Bodies, call: Call, body: Any) -> None:
    build = build_of(call, body)
    if build is not None:
        bodies.build_privileged |= build.is_privileged
        bodies.build_host_network |= "host" in build.networks()
        bodies.build_devices |= any(True for _ in build.devices())


def _note_body(bodies: Bodies, call: Call, body: Any) -> None:
    _note_build(bodies, call, body)
    if not isinstance(body, dict):
        body = {}
    match call.operation.id:
        case "ContainerCreate":
            _note_host_config(bodies, body.get("HostConfig"))
        case "ContainerExec":
            bodies.root_exec |= str(body.get("User") or "root").partition(":")[0] in ("root", "0")
            bodies.privileged_exec |= body.get("Privileged") is True
        case "ContainerDelete":
            bodies.force_remove |= call.flag("force")
            bodies.volume_remove |= call.flag("v")
        case "ImageCreate" if call.value("fromImage"):
            _keep(bodies.registries, [_registry(call.value("fromImage"))])


def _note_host_config(bodies: Bodies, host: Any) -> None:
    if not isinstance(host, dict):
        return
    _keep(bodies.binds, bind_sources(host))
    _keep(bodies.capabilities, _texts(host.get("CapAdd")))
    devices = host.get("Devices")
    paths = (
        [one.get("PathOnHost") for one in devices if isinstance(one, dict)]
        if isinstance(devices, list)
        else []
    )
    _keep(bodies.devices, _texts(paths))
    _keep(
        bodies.host_modes, [name for name, value in host.items() if value == "host" and name.endswith("Mode")]
    )
    bodies.privileged |= host.get("Privileged") is True


def _registry(image: str) -> str:
    """Return the registry of an image's name: "docker.io" if it names none, as the docker CLI decides."""
    first, slash, _ = image.partition("/")
    return first if slash and (set(".:") & set(first) or first == "localhost") else "docker.io"


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _keep(kept: set[str], values: Iterable[str]) -> None:
    for value in values:
        if len(kept) < MAX_KEPT:
            kept.add(value)
