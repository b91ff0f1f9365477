"""The readings of recent short calls, for calls that repeat one of them: clients poll, and each sends ``_ping`` first.

Only calls are remembered in which redaction found nothing to hide, and they are forgotten when a new secret becomes
known: then they might hold it. A call repeats another one if everything that redaction, decoders and notes depend on is
equal. So it gets the same reading, with its own times, numbers and Date. Calls of a capture may list what was hidden
before: then the lists are equal, too.

The names that such a call teaches are learned again only if other calls have taught some since. Until then its readings
share a ``memo``, in which outputs keep what they made of one of them.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from apispy.learn import NameRegistry
from apispy.model import Body, Exchange, Headers
from apispy.outputs.base import DecodedCall
from apispy.pipeline.final_reading import learn_names
from apispy.recent import SizedMemory
from apispy.redaction.known_secrets import KnownSecrets

MAX_CALLS = 256
"""Calls that are remembered."""

MAX_BYTES = 16 << 10
"""Bytes of each body of a call that is remembered: those of an inspected container are 5,000 or more."""

MAX_HEAD_BYTES = 4096
"""Bytes of the target and the fields of both heads together."""

MAX_TOTAL_BYTES = 2 << 20
"""Bytes of the bodies of all calls that are remembered."""

FORMATS = frozenset(("json", "text"))
"""Decoders that depend on nothing but their stream, and whose items have no secrets of their own."""

DATE = re.compile(rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@dataclass(slots=True)
class _Remembered:
    """A call that was remembered. The versions are those of the names, with which a repeat is shown."""

    reading: DecodedCall
    memo: dict[Any, Any] = field(default_factory=dict)
    names: int = -1  # the version for which the memo is
    settled: int = -1  # the version with which the call taught nothing


class RepeatedCalls:
    """The readings of recent calls of one session. *names* learns from those that repeat one, as from any call."""

    def __init__(self, names: NameRegistry) -> None:
        self._names = names
        self._calls: SizedMemory[Hashable, _Remembered] = SizedMemory(MAX_CALLS, MAX_TOTAL_BYTES)
        self._version = 0  # of the known secrets when they were read

    def reading(self, key: Hashable, version: int, exchange: Exchange) -> DecodedCall | None:
        """The reading of *exchange*, with the key *key*, if it repeats a call. *version*: of the known secrets."""
        if version != self._version:
            self._calls.clear()
            self._version = version
        known = self._calls.get(key)
        if known is None:
            return None
        self._learn(known, exchange)
        reading = known.reading
        return DecodedCall(
            exchange,
            reading.call,
            reading.items,
            reading.errors,
            reading.notes,
            reading.formats,
            reading.label,
            reading.aliases,
            exchange.duration,
            known.memo,
        )

    def remember(self, key: Hashable, version: int, reading: DecodedCall) -> None:
        """Remember the reading of a call in which nothing was hidden. *version*: of the known secrets before it."""
        if version != self._version or not FORMATS.issuperset(reading.formats.values()):
            return
        request, response = reading.exchange.request, reading.exchange.response
        size = request.body.size + (response.body.size if response else 0)
        self._calls.add(key, _Remembered(reading), size)

    def _learn(self, known: _Remembered, exchange: Exchange) -> None:
        """Learn the names of a repeat, unless they are sure to be known."""
        version = self._names.version
        if known.settled != version:
            learn_names(replace(known.reading, exchange=exchange), self._names)
            if self._names.version == version:
                known.settled = version
        if known.names != self._names.version:
            known.names, known.memo = self._names.version, {}


def key_of(exchange: Exchange, known_secrets: KnownSecrets) -> Hashable | None:
    """Everything in a finished call that its reading depends on; None if it is long or unusual."""
    request, response = exchange.request, exchange.response
    if response is None or exchange.end != "complete" or exchange.tunnel is not None or exchange.problems:
        return None
    if not (_is_usual(request.body) and _is_usual(response.body)):
        return None
    if len(request.target) + _size(request.headers) + _size(response.headers) > MAX_HEAD_BYTES:
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
        exchange.redactions,
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
