"""What a build asks for, by either way: the parameters of ``POST /build``, or BuildKit's messages.

The messages are those of ``Control/Solve`` and ``LLBBridge/Solve``, as ``decoders.grpc_schema`` names their fields.
For rules, ``gate.solve_message`` reads the steps in them too (``Definition``). A build whose steps are in a Dockerfile
asks for more than its request says: the daemon reads the Dockerfile later. It still needs the request's permission for
the network and the privileges of the host. Sources: Docker's reference of ImageBuild; buildkit's control.proto,
gateway.proto, ops.proto, util/entitlements and frontend/dockerui.
"""

import csv
import json
from collections.abc import Iterator
from typing import Any

from apispy.engine.json_fields import as_dict, as_list, field_value
from apispy.engine.operation import Call
from apispy.structs import Struct, field

SOLVES = ("Control/Solve", "LLBBridge/Solve")
"""Methods whose message says what a build asks for."""

RESOLVES = ("LLBBridge/ResolveImageConfig", "LLBBridge/ResolveSourceMeta")
"""Methods that name an image in a message that is not read."""

BUILDS = ("ImageBuild", *SOLVES)

HOST_NETWORK, INSECURE, DEVICE = "network.host", "security.insecure", "device"
"""Entitlements: permissions that a build asks for."""

ENTITLEMENTS = (HOST_NETWORK, INSECURE, DEVICE)

SENT_CONTEXTS = ("local:", "input:")
"""Beginnings of contexts that the client sends, or that an earlier part of the build made."""

IMAGE_SCHEME = "docker-image://"

NETWORK_MODES = {1: "host", 2: "none"}
"""The network of a step, by number; 0 is one of its own."""

Attributes = dict[str, str]


class Build(Struct, frozen=True):
    """What one request asks for. ``options`` are those of the frontend, ``steps`` what is read of the build's steps.

    ``has_frontend``: a frontend makes the steps, usually of a Dockerfile.
    """

    entitlements: tuple[str, ...] = ()
    options: Attributes = field(default_factory=dict)
    exporters: tuple[tuple[str, Attributes], ...] = ()
    caches: tuple[tuple[str, str], ...] = ()  # type, reference
    steps: tuple[dict[str, Any], ...] = ()
    hosts: tuple[str, ...] = ()
    has_frontend: bool = False

    @property
    def is_privileged(self) -> bool:
        return INSECURE in map(_name, self.entitlements) or any(one.get("security") for one in self._programs)

    def networks(self) -> Iterator[str]:
        if HOST_NETWORK in map(_name, self.entitlements):
            yield "host"
        yield self.options.get("force-network-mode", "")
        for program in self._programs:
            if number := program.get("network"):
                known = NETWORK_MODES.get(number) if isinstance(number, int) else None
                yield known or f"mode {number}"

    def devices(self) -> Iterator[str]:
        for one in self.entitlements:
            if _name(one) == DEVICE:
                yield one.partition("=")[2] or "any"
        for program in self._programs:
            yield from (str(as_dict(device).get("name", "")) for device in as_list(program.get("cdiDevices")))

    def extra_hosts(self) -> Iterator[str]:
        """Yield "name=address"."""
        yield from self.hosts
        text = self.options.get("add-hosts", "")
        yield from (host_and_address(one) for one in (*text.split(","), *_comma_separated(text)) if one)
        for program in self._programs:
            for host in map(as_dict, as_list(as_dict(program.get("meta")).get("extraHosts"))):
                yield f"{host.get('Host', '')}={host.get('IP', '')}"

    def contexts(self) -> Iterator[str]:
        """Yield the URLs and images that the daemon reads a context from."""
        for name, value in self.options.items():
            if (name == "context" or name.startswith("context:")) and not value.startswith(SENT_CONTEXTS):
                yield value
        for identifier in self._sources():
            if not identifier.startswith(("local://", IMAGE_SCHEME)):
                yield identifier

    def images(self) -> Iterator[str]:
        """Yield the images that the request names: those that it makes, and those that it begins with."""
        for _, attributes in self.exporters:
            yield from filter(None, (one.strip() for one in attributes.get("name", "").split(",")))
        for name in ("source", "build-arg:BUILDKIT_SYNTAX"):
            yield self.options.get(name, "")
        for one in (*self.contexts(), *self._sources()):
            if one.startswith(IMAGE_SCHEME):
                yield one.removeprefix(IMAGE_SCHEME)

    def outputs(self) -> Iterator[list[str]]:
        """Yield the names of each output: its type, and "push" if it goes to a registry."""
        for kind, attributes in self.exporters:
            pushes = attributes.get("push", "false").strip().lower() not in ("false", "f", "0")
            yield [kind, *(["push"] if pushes or kind == "registry" else [])]

    @property
    def _programs(self) -> Iterator[dict[str, Any]]:
        """The steps that run a program."""
        return (as_dict(step.get("exec")) for step in self.steps)

    def _sources(self) -> Iterator[str]:
        for step in self.steps:
            if "source" in step:
                yield str(as_dict(step["source"]).get("identifier", ""))


def build_of(call: Call, body: Any) -> Build | None:
    """Return what a build asks for; None if the call is not a build. Accepts a *body* of any shape."""
    match call.operation.id:
        case "ImageBuild":
            return _of_parameters(call)
        case "Control/Solve":
            return _of_solve(as_dict(body))
        case "LLBBridge/Solve":
            return _of_frontend_solve(as_dict(body))
    return None


def may_use_any_image(call: Call, body: Any) -> bool:
    """Whether images are used that the request does not name, as those in a Dockerfile."""
    build = build_of(call, body)
    return call.operation.id in RESOLVES or (build is not None and build.has_frontend)


def host_and_address(text: str) -> str:
    """Return "name=address" of the forms that clients send: "name:address", "name=address", with or without []."""
    at = min((place for place in (text.find(sign) for sign in ":=") if place >= 0), default=len(text))
    return f"{text[:at].strip()}={text[at + 1 :].strip().strip('[]')}"


def _of_parameters(call: Call) -> Build:
    contexts = {"context": remote} if (remote := call.value("remote")) not in ("", "client-session") else {}
    caches = [("registry", str(one)) for one in _json_list(call, "cachefrom")]
    return Build(
        options={"force-network-mode": call.value("networkmode"), **contexts},
        exporters=_exporters(_json_list(call, "outputs")),
        caches=tuple(caches),
        hosts=tuple(host_and_address(value) for key, value in call.parameters if key == "extrahosts"),
        has_frontend=True,
    )


def _of_solve(body: dict[str, Any]) -> Build:
    options, cache = _texts(body.get("FrontendAttrs")), as_dict(body.get("Cache"))
    older = (
        [{"Type": body.get("Exporter"), "Attrs": body.get("ExporterAttrs")}] if body.get("Exporter") else []
    )
    caches = [*_caches(cache.get("Exports")), *_caches(cache.get("Imports")), *_option_caches(options)]
    return Build(
        entitlements=tuple(one for one in as_list(body.get("Entitlements")) if isinstance(one, str)),
        options=options,
        exporters=_exporters([*older, *as_list(body.get("Exporters"))]),
        caches=tuple(dict.fromkeys(caches)),
        steps=_steps(body),
        has_frontend=bool(body.get("Frontend")),
    )


def _of_frontend_solve(body: dict[str, Any]) -> Build:
    options = _texts(body.get("FrontendOpt"))
    return Build(
        options=options,
        caches=tuple(dict.fromkeys([*_caches(body.get("CacheImports")), *_option_caches(options)])),
        steps=_steps(body),
        has_frontend=bool(body.get("Frontend")),
    )


def _steps(body: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the steps in a definition and in the inputs of a frontend; () where only their size was kept."""
    definitions = [body.get("Definition"), *as_list(body.get("FrontendInputs"))]
    return tuple(
        step for one in definitions for step in as_list(as_dict(one).get("def")) if isinstance(step, dict)
    )


def _exporters(found: list[Any]) -> tuple[tuple[str, Attributes], ...]:
    pairs = [(str(field_value(one, "Type") or ""), _texts(field_value(one, "Attrs"))) for one in found]
    return tuple(pair for at, pair in enumerate(pairs) if pair not in pairs[:at])


def _caches(found: Any) -> Iterator[tuple[str, str]]:
    for one in as_list(found):
        attributes = _texts(field_value(one, "Attrs"))
        yield (
            str(field_value(one, "Type") or ""),
            attributes.get("ref") or attributes.get("src") or attributes.get("dest") or "",
        )


def _option_caches(options: Attributes) -> Iterator[tuple[str, str]]:
    """Yield the caches that options of the frontend name: images by name, and a list in JSON."""
    yield from (("registry", one) for one in options.get("cache-from", "").split(",") if one)
    if text := options.get("cache-imports"):
        found = _json(text)
        yield from _caches(found) if isinstance(found, list) else [("", text)]


def _comma_separated(text: str) -> list[str]:
    """Return the values of a line of CSV, as the frontend reads it; [] if it has none."""
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []


def _json_list(call: Call, name: str) -> list[Any]:
    """Return the list that a parameter has in JSON; a list of its text if it has none."""
    text = call.value(name)
    found = _json(text) if text else []
    return found if isinstance(found, list) else [] if found is None else [text]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _name(entitlement: str) -> str:
    return entitlement.partition("=")[0].strip().lower()


def _texts(value: Any) -> Attributes:
    return {
        key: text for key, text in as_dict(value).items() if isinstance(key, str) and isinstance(text, str)
    }
