"""The fields that a filter may ask for: where each is found, and with what of a call it is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apispy.engine.versions import parse as parse_version
from apispy.filters import value_types
from apispy.filters.subject import Part, Subject
from apispy.filters.subject_names import containers, images
from apispy.filters.value_types import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """``values`` gives what a call has of it; a test holds if it does for one of them, so of none never."""

    name: str
    kind: Kind
    known: Part
    values: Callable[[Subject], Iterable[Any]]
    does: str  # in one sentence, for docs/filters.md
    example: str
    alias: str = ""
    flag: Callable[[Subject], bool] | None = None  # what the bare name asks, if it may stand alone


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
          "Docker's name of the operation; of a call that is not known `?`.", "op:Container*", "operation"),
    Field("tag", value_types.GLOB, Part.HEAD, lambda it: (it.call.operation.tag,),
          "The chapter of Docker's reference: Container, Image, Network, ...", "tag:Image"),
    Field("method", value_types.GLOB, Part.HEAD, lambda it: (it.exchange.request.method,),
          "The request's method.", "method:GET"),
    Field("path", value_types.GLOB, Part.HEAD, lambda it: (it.call.path,),
          "The request's path, without version and query.", "path:/containers/*"),
    Field("version", value_types.VERSION, Part.HEAD, _version,
          "The API version that the client named; 1.9 is before 1.10.", "version<1.41"),
    Field("client", value_types.GLOB, Part.HEAD, lambda it: (it.exchange.client,),
          "Who asked, as `--json` says it.", "client:*docker*"),
    Field("container", value_types.GLOB, Part.HEAD, containers,
          "The container that the request is about, also through an exec: its name or its id, long or of 12 digits, "
          "as far as the session told what belongs together.", "container:web"),
    Field("image", value_types.GLOB, Part.BODY, images,
          "The image that the request names, with or without its tag.", "image:busybox*"),
    Field("time", value_types.TIME, Part.HEAD, lambda it: (it.exchange.started,),
          "When the call began: the time of any day, or a date and time; local, unless it ends in a zone.",
          "time>=12:00"),
    Field("status", value_types.NUMBER, Part.ANSWER, _status, "The answer's status.", "status>=400"),
    Field("duration", value_types.DURATION, Part.END, lambda it: (it.exchange.duration,),
          "From the call's first byte to its end.", "duration>=200ms", "slow"),
    Field("size", value_types.SIZE, Part.END, _bytes("response", "to_client"),
          "Bytes of the answer, head not counted, and of what a tunnel carried to the client.", "size>1MB",
          "received"),
    Field("sent", value_types.SIZE, Part.END, _bytes("request", "to_server"),
          "Likewise the other way.", "sent>=64KiB"),
    Field("error", value_types.TEXT, Part.END, lambda it: it.errors,
          "A text in what the daemon says went wrong; alone: the call failed.", "error:denied",
          flag=lambda it: it.failed),
    Field("note", value_types.TEXT, Part.END, lambda it: it.notes,
          "A text in what apispy remarks on the call; alone: it remarks anything.", "note:ignores",
          flag=lambda it: bool(it.notes)),
)  # fmt: skip

FIELDS: dict[str, Field] = {name: field for field in TABLE for name in (field.name, field.alias) if name}

WORD = Field("", value_types.TEXT, Part.HEAD, lambda it: (it.call.operation.id, it.call.path),
             "A word alone is looked for in the operation's name and in the path.", "inspect")  # fmt: skip
