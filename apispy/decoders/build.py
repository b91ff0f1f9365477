"""What the messages of one call say about a build, put together: options, steps, files, results.

The call is a tunnel of BuildKit, or a gRPC call of its own. The messages of both directions may come in any order: a
finished call has them one direction after the other.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from apispy.decoders.build_answer import answer_in, place_of
from apispy.decoders.grpc_body import grpc_error
from apispy.decoders.grpc_messages import CARRIERS, messages_of
from apispy.decoders.grpc_schema import message_of
from apispy.engine.json_fields import as_dict
from apispy.model import REDACTED, Direction, Exchange, Item
from apispy.structs import Struct, field

MAX_STEPS = 2000
"""Steps of one call that are remembered."""

MAX_FILES = 2000
"""Paths of one transfer that are remembered; further ones are only counted."""

MAX_LISTED = 200
"""Images, secrets, hosts and warnings that are remembered."""

BUILD_ARGUMENT = "build-arg:"

QUESTION = "requestid"
"""The option by which a client asks a frontend something instead of building, as with --check."""

STATUS = "/moby.buildkit.v1.Control/Status"
SOLVE = "/moby.buildkit.v1.Control/Solve"
FILE_SYNC = "/moby.filesync.v1.FileSync/DiffCopy"


class Step(Struct):
    """A step of a build. It may run more than once: *runs* has the end of each by its start, in Unix seconds."""

    name: str = ""
    cached: bool = False
    error: str = ""
    runs: dict[float, float] = field(default_factory=dict)
    started: float | None = None  # of the last run
    is_running: bool = False

    @property
    def began(self) -> float:
        """When it began first; infinite for a step that has not begun."""
        return min(self.runs, default=math.inf if self.started is None else self.started)

    @property
    def seconds(self) -> float:
        return sum(max(0.0, end - start) for start, end in self.runs.items())

    def update(self, vertex: dict[str, Any]) -> None:
        """Take the present state of the step: a vertex of a StatusResponse."""
        self.name = vertex.get("name", self.name)
        self.cached = vertex.get("cached", self.cached)
        self.error = vertex.get("error", self.error)
        started, completed = vertex.get("started"), vertex.get("completed")
        if started is not None:
            self.started = started
            if completed is not None and (started in self.runs or len(self.runs) < MAX_LISTED):
                self.runs[started] = completed
        self.is_running = started is not None and completed is None


class Transfer(Struct):
    """Files that the client sends: *paths* are offered, by their place in the list; *sent* is the size of each sent."""

    directory: str = ""
    paths: list[tuple[str, int]] = field(default_factory=list)  # path, size
    offered: int = 0
    sent: dict[int, int] = field(default_factory=dict)
    bytes_sent: int = 0
    files_sent: int = 0

    def packet(self, packet: dict[str, Any]) -> None:
        kind = packet.get("type", 0)
        if kind == 0 and "stat" in packet:
            self.offered += 1
            if len(self.paths) < MAX_FILES:
                self.paths.append((packet["stat"].get("path", ""), packet["stat"].get("size", 0)))
        elif kind == 2:
            self.files_sent += 1
            self.bytes_sent += packet.get("data", 0)
            if len(self.sent) < MAX_FILES:
                self.sent[packet.get("ID", 0)] = packet.get("data", 0)

    def files(self) -> list[tuple[str, int]]:
        """The path and size of each file that was sent."""
        return [
            (self.paths[number][0] if number < len(self.paths) else "", size)
            for number, size in self.sent.items()
        ]


class Build:
    """What is known of the builds in one call."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []  # of Solve, with the options of the frontend
        self.steps: dict[str, Step] = {}  # by digest
        self.transfers: dict[int, Transfer] = {}  # by stream
        self.images: dict[int, dict[str, str]] = {}  # by stream: {"reference", "digest"}
        self.secrets: list[str] = []
        self.agents: list[str] = []
        self.hosts: list[str] = []
        self.warnings: list[dict[str, Any]] = []
        self.result: dict[str, str] = {}
        self.error: dict[str, Any] = {}
        self._methods: dict[int, str] = {}

    def add(self, item: Item) -> None:
        """Take the next item of either direction."""
        if item.kind in CARRIERS:
            self.head(item.value)
        for message in messages_of(item):
            self.message(message)

    def head(self, value: dict[str, Any]) -> None:
        """Take the value of an item, without its messages."""
        stream, method, error = value.get("stream"), value.get("method"), value.get("error_message")
        if not isinstance(stream, int):
            return
        if isinstance(method, str):
            self._begin(stream, method, value.get("headers", ()))
        if isinstance(error, str) and self._methods.get(stream) == SOLVE:
            self.failed(value)

    def failed(self, value: dict[str, Any]) -> None:
        """Take the error of a build: {"error_message", "source"}."""
        self.error = {"message": value["error_message"]} | as_dict(value.get("source"))

    def _begin(self, stream: int, method: str, headers: Any) -> None:
        if len(self._methods) < MAX_STEPS:
            self._methods[stream] = method
        fields = _fields(headers)
        if method == FILE_SYNC:
            self.transfer(stream).directory = fields.get("dir-name", "")
        if agent := fields.get("buildkit.ssh.id"):
            _list(self.agents, agent)

    def transfer(self, stream: int) -> Transfer:
        if stream not in self.transfers and len(self.transfers) >= MAX_LISTED:
            return Transfer()
        return self.transfers.setdefault(stream, Transfer())

    def step(self, digest: str) -> Step:
        if digest not in self.steps and len(self.steps) >= MAX_STEPS:
            return Step()
        return self.steps.setdefault(digest, Step())

    def message(self, value: dict[str, Any]) -> None:
        """Take a message: the value of a child of an item."""
        message, stream = value["message"], value["stream"]
        match message_of(value["method"], request=value["part"] == "request"):
            case "SolveRequest" | "FrontendSolveRequest":
                _list(self.requests, request_of(message))
            case "SolveResponse":
                self.result |= message.get("ExporterResponse", {})
            case "StatusResponse":
                for vertex in message.get("vertexes", ()):
                    self.step(vertex.get("digest", "")).update(vertex)
                for warning in message.get("warnings", ()):
                    _list(self.warnings, warning_of(warning))
            case "WarnRequest":
                _list(self.warnings, warning_of(message))
            case "FrontendSolveResponse":
                self._check(answer_in(message))
            case "Packet":
                self.transfer(stream).packet(message)
            case _:
                self._about_client_and_images(value)

    def _check(self, answer: dict[str, Any]) -> None:
        """Take what a check found."""
        for warning in warnings_of_check(answer):
            _list(self.warnings, warning)
        self.error |= error_of_check(answer)

    def _about_client_and_images(self, value: dict[str, Any]) -> None:
        message, stream = value["message"], value["stream"]
        match message_of(value["method"], request=value["part"] == "request"):
            case "GetSecretRequest":
                _list(self.secrets, message.get("ID", ""))
            case "CheckAgentRequest":
                _list(self.agents, message.get("ID", ""))
            case "CredentialsRequest" | "FetchTokenRequest":
                _list(self.hosts, message.get("Host", ""))
            case "ResolveImageConfigRequest":
                self._image(stream, reference=message.get("Ref", ""))
            case "ResolveSourceMetaRequest":
                self._image(stream, reference=message.get("Source", {}).get("identifier", ""))
            case "ResolveImageConfigResponse":
                self._image(stream, digest=message.get("Digest", ""))
            case "ResolveSourceMetaResponse":
                self._image(stream, digest=message.get("Image", {}).get("Digest", ""))

    def _image(self, stream: int, **known: str) -> None:
        if stream in self.images or len(self.images) < MAX_LISTED:
            self.images.setdefault(stream, {}).update(known)

    def ordered_steps(self) -> list[Step]:
        """Return the steps in the order in which they began."""
        return sorted(self.steps.values(), key=lambda step: step.began)

    @property
    def question(self) -> str:
        """What the frontend is asked about a Dockerfile, instead of a build: "frontend.lint"; "" for a build."""
        asked = [str(request.get("options", {}).get(QUESTION, "")) for request in self.requests]
        return next((one for one in asked if one), "")

    def __bool__(self) -> bool:
        return bool(self.summary())

    def summary(self) -> dict[str, Any]:
        """Return what is known as JSON, without what is empty."""
        files = [
            {"directory": transfer.directory, "path": path, "size": size}
            for transfer in self.transfers.values()
            for path, size in transfer.files()
        ]
        found = {
            "requests": self.requests,
            "steps": [_as_json(step) for step in self.ordered_steps()],
            "files": files,
            "images": [image for image in self.images.values() if image],
            "secrets": self.secrets,
            "ssh": self.agents,
            "registries": self.hosts,
            "warnings": self.warnings,
            "result": {name: value for name, value in self.result.items() if value != REDACTED},
            "error": self.error,
        }
        return {name: value for name, value in found.items() if value}


def build_of(items: Iterable[Item]) -> Build:
    """Return what the items of a finished call say about a build."""
    build = Build()
    for item in items:
        build.add(item)
    return build


def build_of_call(exchange: Exchange, items: Mapping[Direction, Iterable[Item]]) -> Build:
    """Return what a finished call says about a build. *items* are those of its streams."""
    build = build_of(item for of_stream in items.values() for item in of_stream)
    if exchange.request.target == SOLVE and (error := grpc_error(exchange)):
        build.failed(error)
    return build


def request_of(message: dict[str, Any]) -> dict[str, Any]:
    """The options of a Solve request: of its frontend, its caches and its outputs; without what is empty."""
    options = message.get("FrontendAttrs") or message.get("FrontendOpt") or {}
    cache = message.get("Cache", {})
    exporters = message.get("Exporters", [])
    if not exporters and message.get("Exporter"):  # before BuildKit 0.13
        exporters = [{"Type": message["Exporter"], "Attrs": message.get("ExporterAttrs", {})}]
    found = {
        "frontend": message.get("Frontend", ""),
        "options": {name: text for name, text in options.items() if not name.startswith(BUILD_ARGUMENT)},
        "build_arguments": [
            name.removeprefix(BUILD_ARGUMENT) for name in options if name.startswith(BUILD_ARGUMENT)
        ],
        "cache_from": [_typed(entry) for entry in cache.get("Imports", ())],
        "cache_to": [_typed(entry) for entry in cache.get("Exports", ())],
        "outputs": [_typed(entry) for entry in exporters],
        "entitlements": message.get("Entitlements", []),
    }
    return {name: value for name, value in found.items() if value}


def warning_of(message: dict[str, Any]) -> dict[str, Any]:
    """A warning: its text, and the file and line that it is about, if it names one."""
    found: dict[str, Any] = {"text": message.get("short", "")}
    if name := message.get("info", {}).get("filename"):
        found["file"] = name
    ranges = message.get("ranges", ())
    if ranges and (line := ranges[0].get("start", {}).get("line")):
        found["line"] = line
    return found


def warnings_of_check(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The warnings in an Answer, like those of a build, which begin with the name of the rule too."""
    return [
        {"text": f"{one.get('ruleName', '')}: {one.get('detail', '')}"} | place_of(answer, one)
        for one in answer.get("warnings", ())
    ]


def error_of_check(answer: dict[str, Any]) -> dict[str, Any]:
    """The error in an Answer, of a Dockerfile that cannot be built: {"message", "file", "line"}; {} if it has none."""
    error = answer.get("buildError", {})
    return {"message": error["message"]} | place_of(answer, error) if error.get("message") else {}


def _typed(entry: dict[str, Any]) -> dict[str, str]:
    """An exporter or a cache: {"type": "registry", "ref": ...}."""
    attributes: dict[str, str] = entry.get("Attrs", {})
    return {"type": entry.get("Type", "")} | attributes


def _as_json(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"name": step.name, "cached": step.cached, "seconds": round(step.seconds, 6)}
    return found | ({"error": step.error} if step.error else {})


def _fields(headers: Any) -> dict[str, str]:
    """The header fields of an item whose values are text; an edited capture may have anything."""
    found = {}
    for pair in headers if isinstance(headers, list | tuple) else ():
        match pair:
            case [str() as name, str() as value]:
                found[name] = value
    return found


def _list(values: list[Any], value: Any) -> None:
    if value and value not in values and len(values) < MAX_LISTED:
        values.append(value)
