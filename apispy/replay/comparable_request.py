"""A request in the form in which matchers compare it, recorded or live: without its secrets."""

import hashlib
import json
from functools import cached_property
from typing import Any

from apispy import engine
from apispy.engine.lookup import FORM
from apispy.engine.operation import Call
from apispy.model import Body, Exchange, Headers
from apispy.redaction import Redactor
from apispy.redaction.stream_policy import media_type
from apispy.replay.archive import ArchiveMembers, archive_members
from apispy.structs import Struct


class NotJson:
    """The type of NOT_JSON."""


NOT_JSON = NotJson()
"""The value of ``ComparableRequest.json`` for a body that is not JSON; None is JSON's null."""


class BodyContent(Struct, frozen=True):
    """A body as bytes."""

    data: bytes  # the part that was kept
    size: int  # of the whole body
    digest: str  # SHA-256 of the whole body; "" if it was kept whole or the digest is unknown
    whole: bool  # *data* is the whole body

    @classmethod
    def from_body(cls, body: Body) -> "BodyContent":
        return cls(body.data, body.size, body.digest, body.kept == body.size)

    @property
    def sha256(self) -> str:
        """In hexadecimal; "" if it is unknown."""
        return hashlib.sha256(self.data).hexdigest() if self.whole else self.digest


class ComparableRequest:
    """The request of *exchange*, which must be complete. *redactor* is the session's."""

    def __init__(self, exchange: Exchange, redactor: Redactor) -> None:
        cleaning = redactor.for_exchange(exchange)
        clean = cleaning.exchange(exchange)
        self.started = exchange.started
        self.method = clean.request.method
        self.target = clean.request.target
        self.headers: Headers = clean.request.headers
        self.media_type = media_type(clean, "request")
        self.body_shown = clean.request.body.shown
        self.body_complete = exchange.request.body.ended_at is not None
        self.content = BodyContent.from_body(exchange.request.body)  # holds secrets: never show it
        self._redacted_body = clean.request.body.data
        call = cleaning.call(clean)
        self.call: Call = engine.with_form(call, self._redacted_body) if self.media_type == FORM else call

    @cached_property
    def json(self) -> Any:
        """The body's JSON without its secrets; NOT_JSON if the body is not JSON or was not kept whole."""
        if not self.content.whole or not self._redacted_body.strip():
            return NOT_JSON
        try:
            return json.loads(self._redacted_body)
        except (ValueError, RecursionError):
            return NOT_JSON

    @cached_property
    def archive_members(self) -> ArchiveMembers | None:
        """The members of the body if it is a tar archive that was kept whole; else None."""
        return archive_members(self.content.data) if self.content.whole else None

    @property
    def name(self) -> str:
        return operation_name(self.method, self.call)


def operation_name(method: str, call: Call) -> str:
    """The key that recorded calls are looked up by: the operation, or the method and path of an unknown request."""
    return call.operation.id or f"{method} {call.path}"
