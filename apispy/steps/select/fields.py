"""The fields that a filter may ask for: where each is found, and with what of a call it is known."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from apispy.engine.versions import parse as parse_version
from apispy.steps.select import kinds
from apispy.steps.select.kinds import Kind
from apispy.steps.select.names import containers, images
from apispy.steps.select.subject import Part, Subject


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
    Field("op", kinds.GLOB, Part.HEAD, lambda it: (it.call.operation.id or "?",),
          "Docker's name for the operation; `?` for an unknown call.", "op:Container*", "operation"),
    Field("tag", kinds.GLOB, Part.HEAD, lambda it: (it.call.operation.tag,),
          "The section of Docker's reference: Container, Image, Network, ...", "tag:Image"),
    Field("method", kinds.GLOB, Part.HEAD, lambda it: (it.exchange.request.method,),
          "The request method.", "method:GET"),
    Field("path", kinds.GLOB, Part.HEAD, lambda it: (it.call.path,),
          "The request path, without version and query.", "path:/containers/*"),
    Field("version", kinds.VERSION, Part.HEAD, _version,
          "The API version that the client named; 1.9 is before 1.10.", "version<1.41"),
    Field("client", kinds.GLOB, Part.HEAD, lambda it: (it.exchange.client,),
          "The client, as in `--json`.", "client:*docker*"),
    Field("container", kinds.GLOB, Part.HEAD, containers,
          "The container that the request is about, also through an exec: its name, or its ID in full or 12 digits. "
          "Either finds the other if the session has shown that they belong together.", "container:web"),
    Field("image", kinds.GLOB, Part.BODY, images,
          "The image that the request names, with or without its tag.", "image:busybox*"),
    Field("time", kinds.TIME, Part.HEAD, lambda it: (it.exchange.started,),
          "When the call began: a time on any day, or a date and time; local, unless it ends in a zone.",
          "time>=12:00"),
    Field("status", kinds.NUMBER, Part.ANSWER, _status, "The response status.", "status>=400"),
    Field("duration", kinds.DURATION, Part.END, lambda it: (it.exchange.duration,),
          "Time from the call's first byte to its end.", "duration>=200ms", "slow"),
    Field("size", kinds.SIZE, Part.END, _bytes("response", "to_client"),
          "Bytes of the response body, and of what a tunnel carried to the client.", "size>1MB",
          "received"),
    Field("sent", kinds.SIZE, Part.END, _bytes("request", "to_server"),
          "Bytes of the request body, and of what a tunnel carried to the daemon.", "sent>=64KiB"),
    Field("error", kinds.TEXT, Part.END, lambda it: it.errors,
          "Text in the daemon's error message; alone: the call failed.", "error:denied",
          flag=lambda it: it.failed),
    Field("note", kinds.TEXT, Part.END, lambda it: it.notes,
          "Text in apispy's notes on the call; alone: there is any note.", "note:ignores",
          flag=lambda it: bool(it.notes)),
)  # fmt: skip

FIELDS: dict[str, Field] = {name: field for field in TABLE for name in (field.name, field.alias) if name}

WORD = Field("", kinds.TEXT, Part.HEAD, lambda it: (it.call.operation.id, it.call.path),
             "A bare word is searched for in the operation's name and in the path.", "inspect")  # fmt: skip
