"""What is explained: the records that text and JSON are made from."""

from dataclasses import dataclass
from typing import Any, Literal

from apispy.engine import Call, Operation
from apispy.engine.parameters import Parameter

Kind = Literal["operation", "request line", "curl line", "docker command", "search"]
Part = Literal["operation", "parameter", "body", "answer", "status"]
Side = Literal["request", "response"]


@dataclass(frozen=True, slots=True)
class Question:
    """One call that was asked about; of a mere operation without *call*."""

    operation: Operation
    call: Call | None = None
    headers: tuple[str, ...] = ()  # names; values may be credentials, and are not kept
    body: str = ""  # as typed; a file's name is "@file"


@dataclass(frozen=True, slots=True)
class Hit:
    """An operation that a search found, and where the words stand."""

    operation: Operation
    where: tuple[
        str, ...
    ]  # "parameter filters", "body HostConfig.RestartPolicy", ...; () for its id and sentence


@dataclass(frozen=True, slots=True)
class Understood:
    """What the typed words mean: calls, in the order in which they are made, or what a search found."""

    kind: Kind
    asked: tuple[Question, ...] = ()
    hits: tuple[Hit, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of a body. Its *path* is dotted; "Mounts[].Target" is in each element, "Networks{}.ID" in each value."""

    path: str
    type: str  # "string", "array of Mount", "map of string", ...
    plain_type: str  # the same without the names of objects, which differ between versions for no reason
    required: bool
    nullable: bool
    enum: tuple[str, ...]
    first: str = ""  # version; "" as far back as Docker describes bodies, or as there is the operation
    last: str = ""  # version; "" to this day, or as long as there is the operation
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter, header or field of the body that was typed, and what is to be said of it."""

    place: str  # "path", "query", "header", "body"
    name: str
    value: str  # "" of headers and body fields: they may be secret
    decoded: Any  # the JSON value of a parameter that is JSON, else None
    type: str  # "" when it is unknown
    meaning: str
    note: str  # "unknown to API 1.18", "only since API 1.22"; "" when all is well


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes back with one status."""

    status: int
    phrase: str  # "OK", "Not Found"
    type: str  # of the JSON body; "" for none
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What *version* did to one operation."""

    version: str
    operation: str  # id
    what: Literal["added", "removed", "changed"]
    part: Part
    name: str
    before: str = ""  # type and the rest, of what was there
    after: str = ""  # of what is there now


@dataclass(frozen=True, slots=True)
class Explanation:
    """All about one operation, as one version of the API has it."""

    operation: Operation
    api: str  # the version
    engines: str  # who speaks it
    notes: tuple[str, ...]  # what must be known first: the version is another one than was asked for, ...
    given: tuple[Given, ...]
    parameters: tuple[Parameter, ...]
    request_framing: str
    request_type: str  # of a JSON body; "" for none
    body: tuple[FieldRow, ...]
    response_framing: str
    answers: tuple[Answer, ...]
    changes: tuple[Change, ...]
    curl: str  # a command, or a comment that says why there is none
    link: str  # "" where the reference has no place for it
