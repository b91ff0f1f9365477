"""The readings of recent short calls, for calls that repeat one of them: clients poll, and each sends ``_ping`` first.

Only calls are remembered in which redaction found nothing to hide, and they are forgotten when a new secret becomes
known: then they might hold it. A call repeats another one if everything that redaction, decoders and notes depend on is
equal. So it gets the same reading, with its own times, numbers and Date.
"""

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from itertools import chain

from apispy.model import Body, Exchange, Headers
from apispy.outputs.base import DecodedCall
from apispy.recent import remember
from apispy.redaction.known_secrets import KnownSecrets

MAX_CALLS = 256
"""Calls that are remembered."""

MAX_BYTES = 4096
"""Bytes of each body of a call that is remembered, and of the fields of both heads together."""

FORMATS = frozenset(("json", "text"))
"""Decoders that depend on nothing but their stream, and whose items have no secrets of their own."""

DATE = re.compile(rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


class RepeatedCalls:
    """The readings of recent calls of one session."""

    def __init__(self) -> None:
        self._readings: OrderedDict[Hashable, DecodedCall] = OrderedDict()
        self._version = 0  # of the known secrets when they were read

    def reading(self, key: Hashable, version: int, exchange: Exchange) -> DecodedCall | None:
        """The reading of *exchange*, with the key *key*, if it repeats a call. *version*: of the known secrets."""
        if version != self._version:
            self._readings.clear()
            self._version = version
        known = self._readings.get(key)
        return None if known is None else replace(known, exchange=exchange, at=exchange.duration)

    def remember(self, key: Hashable, version: int, reading: DecodedCall) -> None:
        """Remember the reading of a call in which nothing was hidden. *version*: of the known secrets before it."""
        if version == self._version and FORMATS.issuperset(reading.formats.values()):
            remember(self._readings, key, reading, MAX_CALLS)


def key_of(exchange: Exchange, known_secrets: KnownSecrets) -> Hashable | None:
    """Everything in a finished call that its reading depends on; None if it is long or unusual."""
    request, response = exchange.request, exchange.response
    if response is None or exchange.end != "complete" or exchange.tunnel is not None or exchange.problems:
        return None
    if exchange.redactions or not (_is_usual(request.body) and _is_usual(response.body)):
        return None
    if len(request.target) + _size(request.headers) + _size(response.headers) > MAX_BYTES:
        return None
    return (
        request.method,
        request.target,
        request.version,
        request.headers.fields,
        request.body.data if request.body.chunks else b"",
        response.status,
        response.reason,
        response.version,
        _fields(response.headers, known_secrets),
        response.body.data if response.body.chunks else b"",
    )


def _is_usual(body: Body) -> bool:
    """Whether a body is short, and all of it is there."""
    if not body.shown or body.trailers.fields or body.seen or len(body.chunks) > 1 or body.size > MAX_BYTES:
        return False
    return body.size == (len(body.chunks[0].data) if body.chunks else 0)


def _size(headers: Headers) -> int:
    return sum(map(len, chain.from_iterable(headers.fields)))


def _fields(headers: Headers, known_secrets: KnownSecrets) -> Hashable:
    """The fields without their date, which differs every second. A date with a known secret in it counts."""
    return tuple(
        [
            (name, value)
            for name, value in headers.fields
            if name != b"Date" or not DATE.fullmatch(value) or known_secrets.found_in(value)
        ]
    )
