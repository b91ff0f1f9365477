"""The fields of the filter language: how to read each from a call, and which part of the call it needs."""

from collections.abc import Callable, Iterable
from typing import Any

from apispy.engine import requested_access
from apispy.engine.effects import EFFECTS, effects
from apispy.engine.operations import BY_ID
from apispy.engine.versions import parse as parse_version
from apispy.filters import asked, grpc_items, value_types
from apispy.filters.subject import Part, Subject
from apispy.filters.subject_names import containers, images, images_one_by_one
from apispy.filters.value_types import Predicate, ValueType
from apispy.model import Direction, Item
from apispy.structs import Struct


class Field(Struct, frozen=True):
    """A field. ``values`` reads its values from a call; a test holds if it holds for one of them."""

    name: str
    kind: ValueType
    known: Part  # the part of a call that it needs
    values: Callable[[Subject], Iterable[Any]]
    does: str  # one sentence for docs/filters.md
    example: str
    alias: str = ""
    flag: Callable[[Subject], bool] | None = None  # the test of a bare name, if the field allows one
    known_values: Callable[[], Iterable[str]] | None = None  # all values that it can have, if these are known
    early: Callable[[Subject, Predicate], bool | None] | None = (
        None  # a test that may need less than ``known``
    )
    items: Callable[[Subject, Predicate], Iterable[tuple[Direction, Item]]] | None = None  # those that match
    # For rules that refuse requests (``rule_matching``):
    each: Callable[[Subject], Iterable[Iterable[Any]]] | None = (
        None  # the names of each thing, if one has several
    )
    includes: Callable[[Subject, str], bool] | None = (
        None  # whether something wider than the pattern is asked for
    )


def _status(subject: Subject) -> tuple[int, ...]:
    response = subject.exchange.response
    return () if response is None else (response.status,)


def _version(subject: Subject) -> tuple[tuple[int, int], ...]:
    version = parse_version(subject.call.version or "")
    return () if version is None else (version,)


def _bytes(*ways: str) -> Callable[[Subject], tuple[int]]:
    return lambda subject: (sum(body.size for way, body in subject.exchange.streams.items() if way in ways),)


def _any(values: Callable[[Subject], Iterable[Any]]) -> Callable[[Subject], bool]:
    return lambda subject: any(True for _ in values(subject))


def _singly(values: Callable[[Subject], Iterable[Any]]) -> Callable[[Subject], Iterable[tuple[Any]]]:
    return lambda subject: ((value,) for value in values(subject))


PRIVILEGED = asked.yes_if(requested_access.is_privileged)
PATHS = asked.listed(requested_access.host_paths)
SOCKET = asked.yes_if(requested_access.mounts_socket)
DEVICES = asked.listed(requested_access.devices)
CAPABILITIES = asked.listed(requested_access.capabilities)
NETWORKS = asked.namespaces("network")
HOSTS = asked.listed(requested_access.extra_hosts)
CONTEXTS = asked.listed(requested_access.contexts)
OUTPUTS = asked.one_by_one(requested_access.outputs)
CACHES = asked.one_by_one(requested_access.caches)


def _joined(each: Callable[[Subject], list[list[str]]]) -> Callable[[Subject], Iterable[str]]:
    return lambda subject: (name for names in each(subject) for name in names)


TABLE = (
    Field("op", value_types.GLOB, Part.HEAD, lambda it: (it.call.operation.id or "?",),
          "Docker's name of the operation; `?` for an unknown one.", "op:Container*", "operation",
          known_values=lambda: ("?", *BY_ID)),
    Field("tag", value_types.GLOB, Part.HEAD, lambda it: (it.call.operation.tag,),
          "The chapter of Docker's reference: Container, Image, Network, ...", "tag:Image",
          known_values=lambda: {row.tag for row in BY_ID.values()}),
    Field("method", value_types.GLOB, Part.HEAD, lambda it: (it.exchange.request.method,),
          "The request's method.", "method:GET"),
    Field("path", value_types.GLOB, Part.HEAD, lambda it: (it.call.path,),
          "The request's path, without version and query.", "path:/containers/*"),
    Field("version", value_types.VERSION, Part.HEAD, _version,
          "The API version that the client named; 1.9 is before 1.10.", "version<1.41"),
    Field("client", value_types.GLOB, Part.HEAD, lambda it: (it.exchange.client,),
          "The client, as `--json` describes it.", "client:*docker*"),
    Field("container", value_types.GLOB, Part.HEAD, containers,
          "The container of the request, also of an exec: its name or its ID, full or of 12 digits, "
          "if the session has shown that name and ID belong together.", "container:web"),
    Field("image", value_types.GLOB, Part.BODY, images,
          "The image that the request names, with or without its tag.", "image:busybox*", each=images_one_by_one,
          includes=asked.includes_image),
    Field("effect", value_types.GLOB, Part.HEAD, lambda it: effects(it.call),
          f"What the call does to the daemon: {', '.join(EFFECTS)}.", "effect:change",
          known_values=lambda: EFFECTS),
    Field("privileged", value_types.GLOB, Part.BODY, PRIVILEGED,
          "Alone: the request asks for a privileged container, program or build.", "privileged",
          flag=_any(PRIVILEGED), known_values=lambda: (asked.YES,)),
    Field("bind", value_types.GLOB, Part.BODY, PATHS,
          "A path of the host that the request mounts; alone: it mounts one.", "bind:/etc*",
          flag=_any(PATHS), each=_singly(PATHS), includes=asked.includes_path),
    Field("socket", value_types.GLOB, Part.BODY, SOCKET,
          "Alone: the request mounts docker.sock or the like, or a directory that usually has it: /, /run, /var.",
          "socket", flag=_any(SOCKET),
          known_values=lambda: (asked.YES,)),
    Field("device", value_types.GLOB, Part.BODY, DEVICES,
          "A device of the host that the request asks for; alone: it asks for one.", "device:/dev/kvm",
          flag=_any(DEVICES), each=_singly(DEVICES), includes=asked.includes_device),
    Field("cap", value_types.GLOB, Part.BODY, CAPABILITIES,
          "A capability that the request adds, without CAP_; alone: it adds one.", "cap:SYS_ADMIN",
          flag=_any(CAPABILITIES),
          each=_singly(CAPABILITIES), includes=asked.includes_capability),
    Field("user", value_types.GLOB, Part.BODY, asked.users,
          "The user of the program that the request describes, without its group; root stands for 0.", "user:root",
          includes=asked.includes_user),
    Field("network", value_types.GLOB, Part.BODY, NETWORKS,
          "A network that the request puts a container or a build in, by its mode or by name.", "network:host",
          each=_singly(NETWORKS)),
    Field("addhost", value_types.GLOB, Part.BODY, HOSTS,
          "A name that the request adds for a host, with its address: `db=10.0.0.7`; alone: it adds one.",
          "addhost:*=10.*", flag=_any(HOSTS), each=_singly(HOSTS)),
    Field("context", value_types.GLOB, Part.BODY, CONTEXTS,
          "What the daemon reads a context of a build from, if the client does not send it: a URL or an image; "
          "alone: there is one.", "context:https://*", flag=_any(CONTEXTS), each=_singly(CONTEXTS)),
    Field("output", value_types.GLOB, Part.BODY, _joined(OUTPUTS),
          "An output that the request names for a build: its type (image, local, tar, oci, docker, moby, registry), or "
          "push; alone: it names one.", "output:push", flag=_any(_joined(OUTPUTS)), each=OUTPUTS),
    Field("cache", value_types.GLOB, Part.BODY, _joined(CACHES),
          "A cache that a build reads or writes elsewhere: its type (registry, local, s3, ...) or its name; "
          "alone: there is one.", "cache:registry", flag=_any(_joined(CACHES)), each=CACHES),
    *(Field(kind, value_types.GLOB, Part.BODY, asked.namespaces(kind), does, f"{kind}:host") for kind, does in (
        ("pid", "The container's process namespace: PidMode."),
        ("ipc", "The container's IPC namespace: IpcMode."),
        ("uts", "The container's namespace of host names: UTSMode."),
        ("userns", "The container's user namespace: UsernsMode."),
    )),
    Field("time", value_types.TIME, Part.HEAD, lambda it: (it.exchange.started,),
          "When the call began: a time of day, or a date and time; local time unless it ends in a zone.",
          "time>=12:00"),
    Field("status", value_types.NUMBER, Part.RESPONSE, _status, "The response's status.", "status>=400"),
    Field("duration", value_types.DURATION, Part.END, lambda it: (it.exchange.duration,),
          "From the call's first byte to its end.", "duration>=200ms", "slow"),
    Field("size", value_types.SIZE, Part.END, _bytes("response", "to_client"),
          "Bytes of the response body, and bytes that a tunnel carried to the client.", "size>1MB",
          "received"),
    Field("sent", value_types.SIZE, Part.END, _bytes("request", "to_server"),
          "Bytes of the request body, and bytes that a tunnel carried to the daemon.", "sent>=64KiB"),
    Field("error", value_types.TEXT, Part.END, lambda it: it.errors,
          "A text in the daemon's error message; alone: the call failed.", "error:denied",
          flag=lambda it: it.failed),
    Field("grpc", value_types.GLOB, Part.END, grpc_items.methods,
          "A gRPC method that was called, in a tunnel of BuildKit or as a call of its own: its name, "
          "with its service (Control/Solve), or in full.",
          "grpc:Solve", early=grpc_items.early_method, items=grpc_items.items_of_methods),
    Field("buildstep", value_types.GLOB, Part.END, grpc_items.steps,
          "The name of a step of a build, with or without its number: `[2/3] RUN make`, `RUN make`.",
          'buildstep:"RUN make*"', items=grpc_items.items_of_steps),
    Field("note", value_types.TEXT, Part.END, lambda it: it.notes,
          "A text in apispy's notes on the call; alone: there is a note.", "note:ignores",
          flag=lambda it: bool(it.notes)),
)  # fmt: skip

FIELDS: dict[str, Field] = {name: field for field in TABLE for name in (field.name, field.alias) if name}

WORD = Field("", value_types.TEXT, Part.HEAD, lambda it: (it.call.operation.id, it.call.path),
             "A word alone is searched in the operation's name and in the path.", "inspect")  # fmt: skip
