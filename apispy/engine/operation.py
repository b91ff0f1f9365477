"""The two records of this room: an operation of the Docker Engine API, and one call of it."""

from dataclasses import dataclass
from typing import Literal

from apispy.engine.versions import nearest, parse

Opens = Literal["no", "always", "follow", "stream", "if-hijacked"]
"""When a call of it stays open: never; always; with ``follow=1``; unless ``stream=0``; when it is hijacked."""

Parameters = tuple[tuple[str, str], ...]
"""Names and values, in order, percent-decoded."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, in the words of Docker's reference (``id`` is its operationId, ``tag`` its chapter)."""

    id: str
    method: str
    path: str  # template without version: "/containers/{id}/json"
    request: str = ""  # format of the request body: a decoder's name, "" for none
    response: str = "json"  # format of the response body or of a tunnel's to_client stream: likewise
    opens: Opens = "no"
    # The arguments that matter: query parameters, or keys of the body: "body.Image".
    shows: tuple[str, ...] = ()
    outcome: str = "none"  # how to say what came back: a name in apispy.outputs.outcome
    # JSON fields never to be shown: "request." or "response.", then keys from the top of the body, dotted. Lists on
    # the way are crossed: "response.Spec.Data" covers every element of a list too. Keys are compared without case,
    # as the daemon (Go's encoding/json) does. What stands there may be any JSON value. "request" is the whole body.
    secrets: tuple[str, ...] = ()
    tag: str = ""  # "Container", "Image", ...
    # The API versions whose reference has it, or of an undocumented one those of the engines that route it: "1.25".
    first: str = ""  # "" from the beginning
    last: str = ""  # "" to this day
    documented: bool = True  # in Docker's reference of some version
    does: str = ""  # one sentence, for one who never saw the API
    # The command lines of the docker CLI that cause it: of its own command both spellings ("docker ps",
    # "docker container ls"), of others that need it on their way the shorter one.
    commands: tuple[str, ...] = ()

    def exists_in(self, version: str) -> bool:
        """Whether API *version* ("1.41") has it. Of a version that is not known, the nearest one counts."""
        number = parse(nearest(version))
        first, last = parse(self.first), parse(self.last)
        return number is None or ((first is None or first <= number) and (last is None or number <= last))


@dataclass(frozen=True, slots=True)
class Call:
    """A request line understood."""

    operation: Operation
    path: str  # without version and query, percent-decoding not done
    version: str | None  # as typed: "1.41", or None when the client named none
    arguments: dict[str, str]  # path arguments, percent-decoded: {"id": "web"}
    query: Parameters
    form: Parameters = ()  # those that stood in a form as the body, see ``lookup.with_form``

    @property
    def known(self) -> bool:
        return bool(self.operation.id)

    @property
    def nearest_version(self) -> str:
        """The known API version nearest to the one typed. When none was typed, the newest: the daemon takes its own."""
        return nearest(self.version)

    @property
    def version_known(self) -> bool:
        """Whether the version typed is one of Docker's API that is known here. It is not when none was typed."""
        return self.version == nearest(self.version)

    @property
    def parameters(self) -> Parameters:
        """Those of the form, then those of the query: of two with one name the daemon takes the first.

        Source: Go's net/http, Request.ParseForm.
        """
        return self.form + self.query

    def value(self, name: str, default: str = "") -> str:
        """The first parameter called *name*."""
        return next((value for key, value in self.parameters if key == name), default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter as the daemon reads it: all but "", 0, no, false, none is true.

        Source: moby daemon/server/httputils/form.go, BoolValue.
        """
        values = [value for key, value in self.parameters if key == name]
        return values[0].strip().lower() not in ("", "0", "no", "false", "none") if values else default

    @property
    def stays_open(self) -> bool:
        """Whether an answer may take as long as the client likes, so that a line at its beginning helps."""
        match self.operation.opens:
            case "always" | "if-hijacked":
                return True
            case "follow":
                return self.flag("follow")
            case "stream":
                return self.flag("stream", default=True)
        return False
