"""The readings of recent short calls, for calls that repeat one of them: clients poll, and each sends ``_ping`` first.

Only calls are remembered in which redaction found nothing to hide, and they are forgotten when a new secret becomes
known: then they might hold it. A call repeats another one if everything that redaction, decoders and notes depend on is
equal. So it gets the same reading, with its own times, numbers and Date. Calls of a capture may list what was hidden
before: then the lists are equal, too.

The names that such a call teaches are learned again only if other calls have taught some since. Until then its readings
share a ``memo``, in which outputs keep what they made of one of them.

The tap gives heads that are equal byte by byte the same Headers. So a call whose Date is known, too, is found by the
identity of its Headers, in a tenth of the steps that it takes to compare their fields.
"""

import re
from collections.abc import Hashable
from itertools import chain
from typing import Any

from apispy.learn import NameRegistry
from apispy.model import Exchange, Headers
from apispy.outputs.base import DecodedCall
from apispy.pipeline.final_reading import learn_names
from apispy.recent import SizedMemory
from apispy.redaction.known_secrets import KnownSecrets
from apispy.structs import Struct, field, replace

MAX_CALLS = 256
"""Calls that are remembered."""

MAX_BYTES = 16 << 10
"""Bytes of each body of a call that is remembered: those of an inspected container are 5,000 or more."""

MAX_HEAD_BYTES = 4096
"""Bytes of the target and the fields of both heads together."""

MAX_TOTAL_BYTES = 2 << 20
"""Bytes of the bodies of all calls that are remembered."""

MAX_ALIKE_BYTES = 512 << 10
"""The same for calls with their Date, whose heads are known by the identity of their fields."""

FORMATS = frozenset(("json", "text"))
"""Decoders that depend on nothing but their stream, and whose items have no secrets of their own."""

DATE = re.compile(rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


class _Remembered(Struct):
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
        # By ``_identity``. The Headers are kept, so that no others get their identities.
        self._alike: SizedMemory[Hashable, tuple[_Remembered, Headers, Headers]] = SizedMemory(
            MAX_CALLS, MAX_ALIKE_BYTES
        )
        self._version = 0  # of the known secrets when they were read

    def find(
        self, exchange: Exchange, known_secrets: KnownSecrets, *, tapped: bool
    ) -> tuple[Hashable | None, DecodedCall | None]:
        """The reading of a finished exchange that repeats a call; else its key for ``remember``, if it has one.

        *tapped*: the exchange comes from the tap, so equal heads have the same Headers.
        """
        version = known_secrets.version
        if version != self._version:
            self._calls.clear()
            self._alike.clear()
            self._version = version
        request, response = exchange.request, exchange.response
        if response is None or exchange.end != "complete" or exchange.tunnel is not None or exchange.problems:
            return None, None
        bodies: list[bytes] = []
        for body in (request.body, response.body):
            chunks = body.chunks
            data = chunks[0].data if chunks else b""
            # Only bodies that are short, and of which all is there.
            if not body.shown or body.trailers.fields or body.seen or len(chunks) > 1:
                return None, None
            if not body.size == len(data) <= MAX_BYTES:
                return None, None
            bodies.append(data)
        what = (
            request.method,
            request.target,
            request.version,
            response.status,
            response.reason,
            response.version,
            *bodies,
        )
        identity = (id(request.headers), id(response.headers), what)
        if tapped and (alike := self._alike.get(identity)):
            key, known = None, alike[0]
        else:
            key, by_fields = self._by_fields(what, exchange, response.headers, known_secrets)
            if by_fields is None:
                return key, None
            known = by_fields
            if tapped and not exchange.redactions:
                self._alike.add(identity, (known, request.headers, response.headers), sum(map(len, bodies)))
        if not known.settled == known.names == self._names.version:
            self._learn(known, exchange)
        reading = known.reading
        return key, DecodedCall(
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

    def _by_fields(
        self, what: tuple[Any, ...], exchange: Exchange, answered: Headers, known_secrets: KnownSecrets
    ) -> tuple[Hashable | None, _Remembered | None]:
        """Return the key of a call, and the call that it repeats, by everything that its reading depends on."""
        request = exchange.request
        if len(request.target) + _size(request.headers) + _size(answered) > MAX_HEAD_BYTES:
            return None, None
        key = (what, request.headers.fields, _fields(answered, known_secrets), exchange.redactions)
        return key, self._calls.get(key)

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
