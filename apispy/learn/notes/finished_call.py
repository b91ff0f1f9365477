"""A finished call as the notes read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from apispy.engine import Call
from apispy.engine.versions import engines_of_api, parse
from apispy.model import Direction, Exchange

_SERVER = re.compile(r"Docker/v?(\d{1,4}\.\d{1,4})")


@dataclass(frozen=True)
class FinishedCall:
    """A call with the JSON values of its bodies, *requests* and *responses*.

    *formats* are the names of the decoders by stream, as far as they are known.
    """

    call: Call
    exchange: Exchange
    requests: Sequence[Any] = ()
    responses: Sequence[Any] = ()
    formats: Mapping[Direction, str] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        return self.call.operation.id

    @property
    def status(self) -> int:
        """The status of the response; 0 if there is none."""
        return self.exchange.response.status if self.exchange.response else 0

    @property
    def daemon_version(self) -> str:
        """The daemon's own API version, which is in every response; "" if it is unknown."""
        return self.exchange.response.headers.text("api-version") if self.exchange.response else ""

    @cached_property
    def version(self) -> str | None:
        """The API version in force: the one in the path, else the daemon's own; None if that is unknown."""
        return self.call.version or self.daemon_version or None

    @cached_property
    def engine(self) -> tuple[int, int] | None:
        """The release of the engine, (20, 10): from the Server header, else the first with the daemon's API version.

        None if it is unknown, or another server such as Podman.
        """
        server = self.exchange.response.headers.text("server") if self.exchange.response else ""
        if server:
            found = _SERVER.match(server)
            return parse(found[1]) if found else None
        return parse(engines_of_api(self.daemon_version) or "")

    @property
    def ignored(self) -> str:
        """What Docker does with what it does not know. Another server may know more: Podman, for one."""
        server = self.exchange.response.headers.text("server") if self.exchange.response else ""
        if not server or _SERVER.match(server):
            return "Docker ignores it"
        return f"Docker ignores it ({'Podman' if server.startswith('Libpod/') else 'this server'} may not)"

    @property
    def media_type(self) -> str:
        """The declared media type of the request body, in lower case; "" for none."""
        return self.exchange.request.headers.media_type


_NAME = re.compile(r"[A-Za-z_][\w.-]{0,39}")


def quoted(name: str) -> str:
    """Quote *name* of a field or a parameter if it looks like one, so that a note never quotes a body.

    "of that name" for any other text.
    """
    return repr(name) if _NAME.fullmatch(name) else "of that name"
