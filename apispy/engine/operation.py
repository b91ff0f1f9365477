"""The two records of this room: an operation of the Docker Engine API, and one call of it."""

from dataclasses import dataclass
from typing import Literal

Opens = Literal["no", "always", "follow", "stream", "if-hijacked"]
"""When a call of it stays open: never; always; with ``follow=1``; unless ``stream=0``; when it is hijacked."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, in the words of Docker's reference (``id`` is its operationId)."""

    id: str
    method: str
    path: str  # template without version: "/containers/{id}/json"
    request: str = ""  # format of the request body: a decoder's name, "" for none
    response: str = "json"  # format of the response body or of a tunnel's to_client stream: likewise
    opens: Opens = "no"
    shows: tuple[
        str, ...
    ] = ()  # the arguments that matter: query parameters, or keys of the body: "body.Image"
    outcome: str = "none"  # how to say what came back: a name in apispy.outputs.outcome
    # JSON fields never to be shown: "request." or "response.", then keys from the top of the body, dotted. Lists on
    # the way are crossed: "response.Spec.Data" covers every element of a list too. Keys are compared without case,
    # as the daemon (Go's encoding/json) does. What stands there may be any JSON value.
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A request line understood."""

    operation: Operation
    path: str  # without version and query, percent-decoding not done
    version: str | None  # "1.41", or None when the client named none
    arguments: dict[str, str]  # path arguments, percent-decoded: {"id": "web"}
    query: tuple[tuple[str, str], ...]  # in order, percent-decoded

    @property
    def known(self) -> bool:
        return bool(self.operation.id)

    def value(self, name: str, default: str = "") -> str:
        """The first query parameter called *name*."""
        return next((value for key, value in self.query if key == name), default)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter as the daemon reads it: all but "", 0, no, false, none is true.

        Source: moby daemon/server/httputils/form.go, BoolValue.
        """
        values = [value for key, value in self.query if key == name]
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
