"""What a request asks, as it is compared: the recorded and the live one alike, both without their secrets."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apispy import engine
from apispy.engine.operation import Call
from apispy.model import Body, Exchange, Headers
from apispy.redaction import Redactor
from apispy.redaction.stream_policy import FORM, media_type
from apispy.replay.archive import Listing, listing_of


class NoJson:
    """Stands for a body that is no JSON."""


NO_JSON = NoJson()


@dataclass(frozen=True, slots=True)
class Content:
    """A body as bytes: what was kept of it, its whole size, and the SHA-256 of all of it, if that is known."""

    data: bytes
    size: int
    digest: str  # "" for one that was kept whole, or is not known
    whole: bool  # all that the client sent is in *data*

    @staticmethod
    def of(body: Body) -> "Content":
        return Content(body.data, body.size, body.digest, body.kept == body.size)

    @property
    def sha256(self) -> str:
        """In hexadecimal; "" if it is not known."""
        return hashlib.sha256(self.data).hexdigest() if self.whole else self.digest


class ComparableRequest:
    """One request. Made of an exchange whose request is complete; *redactor* is that of the session."""

    def __init__(self, exchange: Exchange, redactor: Redactor) -> None:
        cleaning = redactor.for_exchange(exchange)
        clean = cleaning.exchange(exchange)
        self.started = exchange.started
        self.method = clean.request.method
        self.target = clean.request.target
        self.headers: Headers = clean.request.headers
        self.media_type = media_type(clean, "request")
        self.shown = clean.request.body.shown
        self.ended = exchange.request.body.ended_at is not None
        self.content = Content.of(exchange.request.body)  # not to be shown
        self._clean = clean.request.body.data
        call = cleaning.call(clean)
        self.call: Call = engine.with_form(call, self._clean) if self.media_type == FORM else call

    @cached_property
    def json(self) -> Any:
        """The body's JSON without its secrets; NO_JSON if it is none, or not all of it is there."""
        if not self.content.whole or not self._clean.strip():
            return NO_JSON
        try:
            return json.loads(self._clean)
        except (ValueError, RecursionError):
            return NO_JSON

    @cached_property
    def listing(self) -> Listing | None:
        """The members of the body, if it is a tar archive and whole; else None."""
        return listing_of(self.content.data) if self.content.whole else None

    @property
    def name(self) -> str:
        return name_of(self.method, self.call)


def name_of(method: str, call: Call) -> str:
    """What is looked up together: the operation, or of what is none the method and the path."""
    return call.operation.id or f"{method} {call.path}"
