"""An operation of the Docker Engine API, and a call of one."""

from typing import Literal

from apispy.engine.versions import nearest, parse
from apispy.structs import Struct

Opens = Literal["no", "always", "follow", "stream", "if-hijacked"]
"""When a call stays open: never; always; with ``follow=1``; unless ``stream=0``; when it is hijacked."""

Parameters = tuple[tuple[str, str], ...]
"""Names and values, in order, percent-decoded."""


class Operation(Struct, frozen=True):
    """An operation. ``id`` is its operationId in Docker's reference, ``tag`` its chapter."""

    id: str
    method: str
    path: str  # template without version: "/containers/{id}/json"
    request: str = ""  # format of the request body: the name of a decoder, "" for none
    response: str = "json"  # format of the response body, or of a tunnel's to_client stream
    opens: Opens = "no"
    # The arguments to show: query parameters, or keys of the body: "body.Image".
    shows: tuple[str, ...] = ()
    outcome: str = "none"  # how to describe the result: a name in apispy.outputs.outcome
    # Secret JSON fields: "request." or "response.", then dotted keys from the top of the body. Lists on the way are
    # searched: "response.Spec.Data" covers every element of a list too. Keys match regardless of case, as in Go's
    # encoding/json. The value may be any JSON value. "request" is the whole body.
    secrets: tuple[str, ...] = ()
    tag: str = ""  # "Container", "Image", ...
    # The API versions whose reference has it; for an undocumented one, those of the engines that route it: "1.25".
    first: str = ""  # "" for the first version
    last: str = ""  # "" for the newest version
    documented: bool = True  # whether Docker's reference of some version has it
    does: str = ""  # one sentence for readers who are new to the API
    # The docker commands that make the call: for its own command both spellings ("docker ps", "docker container ls"),
    # for others the shorter one.
    commands: tuple[str, ...] = ()

    def exists_in(self, version: str) -> bool:
        """Whether API *version* ("1.41") has the operation. For an unknown version, the nearest known one decides."""
        number = parse(nearest(version))
        first, last = parse(self.first), parse(self.last)
        return number is None or ((first is None or first <= number) and (last is None or number <= last))


class Call(Struct, frozen=True):
    """A parsed request line."""

    operation: Operation
    path: str  # without base path, version and query, still percent-encoded
    version: str | None  # as sent: "1.41"; None without a version
    arguments: dict[str, str]  # percent-decoded path arguments: {"id": "web"}
    query: Parameters
    form: Parameters = ()  # parameters of a form body, see ``lookup.with_form``
    base: str = ""  # the base path before the version, as sent: "/api/endpoints/2/docker"; "" without one

    @property
    def known(self) -> bool:
        return bool(self.operation.id)

    @property
    def nearest_version(self) -> str:
        """The known API version nearest to the one sent; the newest if none was sent, as the daemon uses its own."""
        return nearest(self.version)

    @property
    def version_known(self) -> bool:
        """Whether the version sent is a known API version. False if none was sent."""
        return self.version == nearest(self.version)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the form, then of the query. Of two with the same name the daemon uses the first.

        Source: Go's net/http, Request.ParseForm.
        """
        return self.form + self.query

    def value(self, name: str, default: str = "") -> str:
        """The value of the first parameter called *name*."""
        return next((value for key, value in self.parameters if key == name), default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter as the daemon reads it: true unless it is "", 0, no, false or none.

        Source: moby daemon/server/httputils/form.go, BoolValue.
        """
        values = [value for key, value in self.parameters if key == name]
        return values[0].strip().lower() not in ("", "0", "no", "false", "none") if values else default

    @property
    def stays_open(self) -> bool:
        """Whether the response may take as long as the client likes, so that outputs show a line when it begins."""
        match self.operation.opens:
            case "always" | "if-hijacked":
                return True
            case "follow":
                return self.flag("follow")
            case "stream":
                return self.flag("stream", default=True)
        return False
