"""The fields of the filter language: how to read each from a call, and which part of the call it needs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apispy.engine.operations import BY_ID
from apispy.engine.versions import parse as parse_version
from apispy.filters import grpc_items, value_types
from apispy.filters.subject import Part, Subject
from apispy.filters.subject_names import containers, images
from apispy.filters.value_types import Predicate, ValueType
from apispy.model import Direction, Item


@dataclass(frozen=True, slots=True)
class Field:
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


def _status(subject: Subject) -> tuple[int, ...]:
    response = subject.exchange.response
    return () if response is None else (response.status,)


def _version(subject: Subject) -> tuple[tuple[int, int], ...]:
    version = parse_version(subject.call.version or "")
    return () if version is None else (version,)


def _bytes(*ways: str) -> Callable[[Subject], tuple[int]]:
    return lambda subject: (sum(body.size for way, body in subject.exchange.streams.items() if way in ways),)


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
          "The image that the request names, with or without its tag.", "image:busybox*"),
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
