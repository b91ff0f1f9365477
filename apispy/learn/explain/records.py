"""The records of an explanation, from which text and JSON are made."""

from typing import Any, Literal

from apispy.engine import Call, Operation
from apispy.engine.parameters import Parameter
from apispy.structs import Struct

Kind = Literal["operation", "request line", "curl line", "docker command", "pasted text", "search"]
Part = Literal["operation", "parameter", "body", "answer", "status"]
Json = dict[str, Any]
Side = Literal["request", "response"]


class Question(Struct, frozen=True):
    """One call to explain. *call* is None if only an operation was named."""

    operation: Operation
    call: Call | None = None
    headers: tuple[str, ...] = ()  # names only: values may be credentials
    body: str = ""  # as typed; "@file" for a file
    media_type: str = ""  # the declared type of the body, as curl would declare it; "" for none
    version: str | None = None  # the API version typed with an operation that was only named


class Hit(Struct, frozen=True):
    """A search result: an operation, and where the words were found."""

    operation: Operation
    # "parameter filters", "body HostConfig.RestartPolicy", ...; () for its ID and description
    where: tuple[str, ...]


class Topic(Struct, frozen=True):
    """A page about a concept or an error message. *words* are found by a search; *see* are operations to read next."""

    title: str
    words: tuple[str, ...]
    text: str
    source: str
    see: tuple[str, ...] = ()


class FlagUse(Struct, frozen=True):
    """What a flag or an argument of a docker command becomes in a call, or changes in the calls."""

    typed: str  # "-p 80:80"; without the value if it may be secret
    operation: str  # ID, "Control/Solve" for a gRPC call, "" for none
    place: str  # "query", "header", "body", "message" of a gRPC call, "calls", or "" for none
    name: str  # "filters", "HostConfig.PortBindings"; of calls "added", "gone", "more", "fewer"
    value: Any  # the JSON value; None for one that is not sent any more; of calls a list of their names
    note: str = ""  # why it has no place; of calls the condition


class Interpretation(Struct, frozen=True):
    """The meaning of the typed words: calls in order, or search results."""

    kind: Kind
    questions: tuple[Question, ...] = ()
    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[FlagUse, ...] = ()  # of a docker command
    topics: tuple[Topic, ...] = ()
    ordered: bool = True  # whether the calls are made in this order every time


class FieldRow(Struct, frozen=True):
    """A field of a body. *path* is dotted: "Mounts[].Target" is in each element, "Networks{}.ID" in each value."""

    path: str
    type: str  # "string", "array of Mount", "map of string", ...
    plain_type: str  # without object names, which differ between versions for no reason
    required: bool
    nullable: bool
    enum: tuple[str, ...]
    first: str = ""  # version; "": since the operation exists, or since bodies are documented
    last: str = ""  # version; "": until now, or as long as the operation exists
    secret: bool = False


class TypedArgument(Struct, frozen=True):
    """A parameter, header or body field that was typed, and its explanation."""

    place: str  # "path", "query", "header", "body"
    name: str
    value: str  # "" for headers and body fields, which may be secret
    decoded: Any  # the JSON value of a parameter that is JSON, else None
    type: str  # "" if unknown
    meaning: str
    note: str  # "unknown to API 1.18", "documented since API 1.22"; "" if valid


class ResponseInfo(Struct, frozen=True):
    """The response with one status."""

    status: int
    phrase: str  # "OK", "Not Found"
    type: str  # type of the JSON body; "" for none
    fields: tuple[FieldRow, ...]


class Change(Struct, frozen=True):
    """A change of one operation in *version*."""

    version: str
    operation: str  # id
    what: Literal["added", "removed", "changed"]
    part: Part
    name: str
    before: str = ""  # description in the older version
    after: str = ""  # description in *version*


class Explanation(Struct, frozen=True):
    """The explanation of one operation in one API version."""

    operation: Operation
    api: str  # API version
    engines: str  # engines that support it
    notes: tuple[str, ...]  # caveats, such as a version other than the requested one
    typed: tuple[TypedArgument, ...]
    parameters: tuple[Parameter, ...]
    request_framing: str
    request_type: str  # type of a JSON body; "" for none
    body: tuple[FieldRow, ...]
    response_framing: str
    responses: tuple[ResponseInfo, ...]
    changes: tuple[Change, ...]
    curl: str  # a command, or a comment with the reason why there is none
    link: str  # "" if the reference does not have it
