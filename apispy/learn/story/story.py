"""The story: objects (containers, images, networks, ...), and what the calls did to each, in bounded memory."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from apispy.engine import Call
from apispy.engine.json_fields import field_value, value_at
from apispy.learn.name_registry import SHORT_ID_LENGTH
from apispy.learn.read_call import ReadCall
from apispy.learn.story.builds import BuildPart, OwnCalls, build_part
from apispy.learn.story.docker_command import COMPOSE_LABEL, DockerLine, docker_line
from apispy.learn.story.phrases import phrase, state_of
from apispy.model import Direction
from apispy.recent import remember
from apispy.structs import Struct, field

MAX_OBJECTS = 2000
"""Objects that are kept; calls on more are only counted."""

MAX_STEPS = 60
"""Steps of one object that are kept; its last ones replace each other."""

MAX_FAILURES = 50

MAX_TEXT = 300
"""Characters of names and texts that are kept: clients choose them."""

MAX_LINE = 8192
"""Characters of a docker command that are kept."""

KINDS = {
    "Container": "containers",
    "Exec": "containers",
    "Image": "images",
    "Distribution": "images",
    "Session": "builds",
    "Network": "networks",
    "Volume": "volumes",
    "Swarm": "swarm",
    "Node": "nodes",
    "Service": "services",
    "Task": "tasks",
    "Secret": "secrets",
    "Config": "configs",
    "Plugin": "plugins",
}
"""By tag of an operation: the section of its objects. Calls without an object are counted under "other"."""

DONE = {
    "ImageInspect": "looked up",
    "ImageCreate": "pulled",
    "ImagePush": "pushed",
    "ImageBuild": "built",
    "ContainerCreate": "created",
    "NetworkCreate": "created",
    "VolumeCreate": "created",
    "ContainerStart": "started",
    "ExecStart": "with an exec",
    "ContainerStop": "stopped",
}
"""What the summary says of operations, in its order."""

CREATED = ("ContainerCreate", "NetworkCreate", "VolumeCreate")
REMOVED = ("ContainerDelete", "NetworkDelete", "VolumeDelete")
PRUNED = {
    "ContainerPrune": ("containers", "ContainersDeleted"),
    "NetworkPrune": ("networks", "NetworksDeleted"),
    "VolumePrune": ("volumes", "VolumesDeleted"),
}


BUILDKIT, FAILED = "BuildKit", "build failed"

_DIGITS = frozenset("0123456789abcdef")


class ToldCall(ReadCall, Protocol):
    """A decoded call, and how it ended and what its objects are called."""

    @property
    def errors(self) -> tuple[str, ...]: ...
    @property
    def failed(self) -> bool: ...
    def label(self, text: str, /) -> str: ...
    def aliases(self, name: str, /) -> tuple[str, ...]: ...


class Step(Struct):
    """A call, or several alike that followed each other on the same object."""

    text: str
    operation: str
    started: float  # Unix seconds
    ended: float  # of the last of them
    number: str  # of the first: "#3", or "run.jsonl #3" if there are several files
    calls: int = 1
    failed: bool = False
    states: list[str] = field(default_factory=list)  # states of a container, each once in a row
    build: BuildPart | None = None

    @property
    def at(self) -> float:
        """The moment that the step is about: the end of a wait, the beginning of any other call."""
        return self.ended if self.operation == "ContainerWait" else self.started


class Thing(Struct):
    """An object, and what was done to it."""

    kind: str  # a value of KINDS
    name: str  # "" for a container without a known name
    id: str = ""
    steps: list[Step] = field(default_factory=list)
    more: int = 0  # calls beyond MAX_STEPS
    line: DockerLine | None = None
    run_line: DockerLine | None = None  # replaces ``line`` if the container is started
    created: bool = False
    removed: bool = False
    about: list[str] = field(default_factory=list)  # image, networks, what it waits for

    @property
    def title(self) -> str:
        if not self.name:
            return self.id or "(unknown)"
        return f"{self.name} ({self.id})" if self.id else self.name

    @property
    def calls(self) -> int:
        return sum(step.calls for step in self.steps) + self.more


class Failure(Struct, frozen=True):
    """A call that failed."""

    number: str
    what: str  # "ContainerStart of web (c12250feba24)"
    error: str


class Story:
    """Collects what calls did, in the order in which they end."""

    def __init__(self) -> None:
        self.calls = 0
        self.failed = 0
        self.began = float("inf")
        self.ended = 0.0
        self.failures: list[Failure] = []
        self.other: Counter[str] = Counter()  # calls without an object, by operation
        self.beyond = 0  # calls on objects beyond MAX_OBJECTS
        self._things: dict[tuple[str, str], Thing] = {}
        self._execs: dict[str, str] = {}  # ID of an exec: key of its container
        self._own_calls = OwnCalls()
        self._followed: OrderedDict[str, list[Step]] = (
            OrderedDict()
        )  # steps of the story by the ID of their build

    @property
    def things(self) -> list[Thing]:
        """The objects, by kind and then by the time of their first step. Steps are in the order of their start."""
        order = list(dict.fromkeys(KINDS.values()))
        for thing in self._things.values():
            thing.steps.sort(key=lambda step: step.at)
        return sorted(
            self._things.values(),
            key=lambda one: (order.index(one.kind), one.steps[0].started if one.steps else 0),
        )

    @property
    def left_behind(self) -> list[Thing]:
        """Containers, networks and volumes that were created and not removed."""
        return [thing for thing in self.things if thing.created and not thing.removed]

    @property
    def summary(self) -> list[tuple[str, str]]:
        """What was done to how many objects of each kind: ("containers", "2 created, 2 started, 2 removed")."""
        found: dict[str, Counter[str]] = {}
        for thing in self.things:
            done = {
                DONE[step.operation] for step in thing.steps if step.operation in DONE and not step.failed
            }
            if any(step.build and step.build.is_built and not step.failed for step in thing.steps):
                done.add("built")
            if thing.removed:
                done.add("removed")
            found.setdefault(thing.kind, Counter()).update(done)
        order = list(dict.fromkeys((*DONE.values(), "removed")))
        return [
            (kind, ", ".join(f"{counts[verb]} {verb}" for verb in order if counts[verb]))
            for kind, counts in found.items()
            if counts
        ]

    def add(self, decoded: ToldCall, source: str = "") -> None:
        """Add a call. *source* is the name of its file if there are several."""
        exchange = decoded.exchange
        self.calls += 1
        self.began = min(self.began, exchange.started)
        self.ended = max(self.ended, exchange.started + exchange.duration)
        number = f"{source} #{exchange.id}".lstrip()
        asked, answers = _json(decoded, "request"), _json(decoded, "response")
        build = self._build(decoded)
        thing = self._thing(decoded, asked[0] if asked else None, answers, build)
        if decoded.failed:
            self._fail(decoded, thing, number)
        if thing is not None:
            self._tell(thing, decoded, number, asked[0] if asked else None, answers, build)
        self._prune(decoded, answers)

    # -- objects --

    def _thing(
        self, decoded: ToldCall, asked: Any, answers: list[Any], build: BuildPart | None
    ) -> Thing | None:
        """Return the object of a call; None, and count the call, if it has none."""
        operation = decoded.call.operation
        kind = "builds" if build or operation.id == "ImageBuild" else KINDS.get(operation.tag, "")
        name = BUILDKIT if build else _cut(_name(decoded, asked, answers, self._execs)) if kind else ""
        if not name:
            self.other[operation.id or "unknown calls"] += 1
            return None
        forms = decoded.aliases(name)
        identity = next((form for form in map(_short, forms) if _is_short_id(form)), forms[0])
        key = next((form for form in forms if (kind, form) in self._things), identity)
        if (kind, key) not in self._things and len(self._things) >= MAX_OBJECTS:
            self.beyond += 1
            return None
        thing = self._things.setdefault((kind, key), Thing(kind, ""))
        _identify(thing, forms)
        if operation.id == "ContainerExec" and answers and len(self._execs) < MAX_OBJECTS * 10:
            self._execs[str(field_value(answers[0], "Id"))] = key
        return thing

    def _prune(self, decoded: ToldCall, answers: list[Any]) -> None:
        kind, listed = PRUNED.get(decoded.call.operation.id, ("", ""))
        removed = field_value(answers[0], listed) if kind and answers else None
        for name in removed if isinstance(removed, list) else ():
            for form in decoded.aliases(str(name)):
                if thing := self._things.get((kind, _short(form))):
                    thing.removed = True

    # -- steps --

    def _fail(self, decoded: ToldCall, thing: Thing | None, number: str) -> None:
        self.failed += 1
        if len(self.failures) < MAX_FAILURES:
            what = decoded.call.operation.id or f"{decoded.exchange.request.method} {decoded.call.path}"
            on = f" of {thing.title}" if thing else ""
            self.failures.append(Failure(number, _cut(f"{what}{on}"), _cut(decoded.label(_error(decoded)))))

    def _build(self, decoded: ToldCall) -> BuildPart | None:
        """Return what a connection of BuildKit, or a gRPC call of its own, has of a build; None if it has nothing."""
        if decoded.exchange.tunnel:
            is_builder = KINDS.get(decoded.call.operation.tag) == "builds"
            return _build(decoded) if is_builder else None
        build = self._own_calls.part(decoded, MAX_TEXT, failed=decoded.failed)
        if build and not build.phrase:  # a call before this one belongs to a build that failed
            for step in self._followed.get(build.id, ()):
                step.text, step.failed = FAILED, True
            return None
        return build

    def _tell(
        self,
        thing: Thing,
        decoded: ToldCall,
        number: str,
        asked: Any,
        answers: list[Any],
        build: BuildPart | None,
    ) -> None:
        exchange, operation = decoded.exchange, decoded.call.operation.id
        status = exchange.response.status if exchange.response else None
        failed = decoded.failed or bool(build and build.failed)
        if build:
            text = FAILED if failed else build.phrase
        else:
            text = f"{operation} failed" if failed else phrase(decoded.call, asked, answers, status)
        step = Step(
            _cut(decoded.label(text)), operation, exchange.started, exchange.started + exchange.duration, number,
            failed=failed, build=build if build and build.steps else None,
        )  # fmt: skip
        if operation == "ContainerInspect" and (state := state_of(answers)):
            step.states = [state]
        if operation == "ContainerStart":
            thing.line = thing.run_line or thing.line
        if not decoded.failed:
            _change(thing, decoded.call, asked, answers)
        if build and build.id and build.steps:
            remember(self._followed, build.id, [*self._followed.get(build.id, ()), step], MAX_OBJECTS)
        _append(thing, step)


def _append(thing: Thing, step: Step) -> None:
    last = thing.steps[-1] if thing.steps else None
    if last and not last.build and not step.build and (last.text, last.failed) == (step.text, step.failed):
        last.calls += 1
        last.ended = max(last.ended, step.ended)
        last.states += [state for state in step.states if state not in last.states[-1:]][
            : MAX_STEPS - len(last.states)
        ]
    elif len(thing.steps) < MAX_STEPS:
        thing.steps.append(step)
    else:
        thing.more += 1


def _build(decoded: ToldCall) -> BuildPart | None:
    """Return what a connection of BuildKit has of a build; None if it has nothing of one."""
    part = build_part((item for items in decoded.items.values() for item in items), MAX_TEXT)
    return part if part.phrase else None


def _change(thing: Thing, call: Call, asked: Any, answers: list[Any]) -> None:
    """Note what a call that did not fail changed."""
    operation = call.operation.id
    if operation in CREATED:
        thing.created, thing.removed = True, False
        thing.about = [_cut(text) for text in _about(asked)] if operation == "ContainerCreate" else []
        if operation == "ContainerCreate":
            thing.line = _line(call, asked, started=False)
            thing.run_line = _line(call, asked, started=True)
    elif operation in (*REMOVED, "ImageDelete") or (
        operation == "ContainerWait" and call.value("condition") == "removed"
    ):
        thing.removed = True
    elif operation == "ContainerRename":
        thing.name = _cut(call.value("name")) or thing.name


def _line(call: Call, body: Any, *, started: bool) -> DockerLine | None:
    """Return the docker command for a container; None if it is too long to keep."""
    line = docker_line(body, name=call.value("name"), platform=call.value("platform"), started=started)
    return line if len(line.text) <= MAX_LINE else None


def _about(body: Any) -> Iterator[str]:
    """Yield what a container depends on: image, networks, volumes, other containers."""
    if isinstance(image := field_value(body, "Image"), str):
        yield f"from {image}"
    labels = field_value(body, "Labels")
    waits = labels.get(f"{COMPOSE_LABEL}depends_on") if isinstance(labels, dict) else None
    for part in waits.split(",") if isinstance(waits, str) else ():
        service, *conditions = part.split(":")
        if service:
            condition = conditions[0].removeprefix("service_") if conditions else ""
            yield f"after {service} ({condition})" if condition else f"after {service}"
    mode = value_at(body, "HostConfig.NetworkMode")
    if isinstance(mode, str) and mode not in ("", "default", "bridge", "none", "host"):
        yield f"on network {mode}" if not mode.startswith("container:") else f"in the network of {mode[10:]}"


def _identify(thing: Thing, forms: Iterable[str]) -> None:
    """Note the name and the ID among the forms of a name."""
    for form in forms:
        if _is_short_id(_short(form)):
            thing.id = thing.id or _short(form)
        elif not thing.name:
            thing.name = form


def _name(decoded: ToldCall, asked: Any, answers: list[Any], execs: dict[str, str]) -> str:
    """Return a name or ID of the object of a call; "" if it has none."""
    call = decoded.call
    operation = call.operation.id
    if operation in ("ExecStart", "ExecInspect", "ExecResize"):
        return execs.get(call.arguments.get("id", ""), call.arguments.get("id", ""))
    if call.arguments:
        return next(iter(call.arguments.values()))
    match operation:
        case "ContainerCreate" | "NetworkCreate":
            identity = field_value(answers[0], "Id") if answers else None
            name = call.value("name") or field_value(asked, "Name")
            return str(identity or name or "(without a name)")
        case "VolumeCreate":
            return str(
                (field_value(answers[0], "Name") if answers else "") or field_value(asked, "Name") or ""
            )
        case "ImageCreate" if image := call.value("fromImage"):
            tag = call.value("tag")
            return image + (f"{'@' if ':' in tag else ':'}{tag}" if tag else "")
        case "ImageBuild":
            return call.value("t") or "(without a tag)"
        case "Session" | "Grpc":
            return BUILDKIT
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."


def _short(name: str) -> str:
    """Return the first digits of an ID; any other name unchanged."""
    return name[:SHORT_ID_LENGTH] if len(name) == 64 and _DIGITS.issuperset(name) else name


def _is_short_id(name: str) -> bool:
    return len(name) == SHORT_ID_LENGTH and _DIGITS.issuperset(name)


def _json(decoded: ToldCall, direction: Direction) -> list[Any]:
    return [item.value for item in decoded.items.get(direction, ()) if item.kind == "json"]


def _error(decoded: ToldCall) -> str:
    response = decoded.exchange.response
    status = f"{response.status} " if response and response.status >= 400 else ""
    if decoded.errors:
        return f"{status}{decoded.errors[0]}"
    return f"{status}{response.reason}".strip() if status and response else "ended early"
