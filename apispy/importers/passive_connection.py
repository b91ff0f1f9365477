"""A connection that another program recorded: its data goes to the tap. After a gap, reading resumes at a request."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable

from apispy.importers.formats import Imported, Settings
from apispy.model import Exchange
from apispy.structs import replace
from apispy.tap import Closed, ConnectionTap, Event, GaveUp

REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|PRI) [/*h]")
"""The beginning of a request, or of HTTP/2: where reading starts if the beginning of the connection is unknown."""

MAX_NOTICES = 50

END_OF_FILE = "the file ends before this call does"


class ImportResultBuilder:
    """Collects the calls and notices of all connections of a file."""

    def __init__(self, settings: Settings) -> None:
        self.limit = settings.limit
        self.exchanges: list[Exchange] = []
        self.notices: list[str] = []
        self._omitted_notices = 0
        self.exchange_numbers = itertools.count(1)
        self.connection_numbers = itertools.count(1)

    def notice(self, text: str) -> None:
        if len(self.notices) < MAX_NOTICES:
            self.notices.append(text)
        else:
            self._omitted_notices += 1

    def imported(self) -> Imported:
        """The calls in the order in which they began; they and their connections are renumbered from 1."""
        connections: dict[int, int] = {}
        found = []
        for number, exchange in enumerate(sorted(self.exchanges, key=lambda e: (e.started, e.id)), 1):
            connection = connections.setdefault(exchange.connection, len(connections) + 1)
            found.append(replace(exchange, id=number, connection=connection))
        omitted = self._omitted_notices
        notices = "notice" if omitted == 1 else "notices"
        more = (f"{omitted} more {notices} about the file omitted.",) if omitted else ()
        return Imported(tuple(found), (*self.notices, *more))


class PassiveConnection:
    """One connection. All times are Unix seconds, ascending.

    *from_start*: the data starts at the beginning of the connection; else reading starts at the first request.
    """

    def __init__(
        self, result: ImportResultBuilder, client: str, upstream: str, *, from_start: bool = True
    ) -> None:
        self._result = result
        self._names = client, upstream
        self._number = next(result.connection_numbers)
        self._at = 0.0  # the time of the last event
        self._ended: set[bool] = set()  # sides that have closed their half; True: the client
        self._skipped: Counter[bool] = Counter()  # unread bytes by side
        self._tap: ConnectionTap | None = self._new_tap() if from_start else None
        self.exchanges: list[Exchange] = []

    def data(self, from_client: bool, data: bytes, at: float) -> None:
        """One side sent *data*."""
        self._at = max(at, self._at)
        if self._tap is None and from_client and REQUEST.match(data):
            self._tap = self._new_tap()
        if self._tap is None:
            self._skipped[from_client] += len(data)
            return
        self._take(
            self._tap.from_client(data, self._at) if from_client else self._tap.from_server(data, self._at)
        )

    def gap(self, from_client: bool, size: int, at: float, reason: str = "") -> None:
        """One side sent *size* bytes that are not in the file."""
        self._at = max(at, self._at)
        if self._tap is not None:
            missing = f"the file lacks {_bytes(size)} that the {_side(from_client)} sent{reason}"
            self._take(self._tap.lost(self._at, missing))
            self._tap = None

    def eof(self, from_client: bool, at: float) -> None:
        """One side closed its half; when both have, the connection is over."""
        self._at = max(at, self._at)
        self._ended.add(from_client)
        if self._tap is not None:
            self._take(self._tap.client_eof(self._at) if from_client else self._tap.server_eof(self._at))
        if len(self._ended) == 2:
            self.lost(at)

    def lost(self, at: float, reason: str = "") -> None:
        """The connection is over."""
        self._at = max(at, self._at)
        if self._tap is not None:
            self._take(self._tap.lost(self._at, reason))
            self._tap = None

    def close(self) -> None:
        """The file has no more of the connection: calls in progress stay open."""
        for event in self._tap.lost(self._at, END_OF_FILE) if self._tap else ():
            if isinstance(event, Closed):
                self.exchanges.append(replace(event.exchange, end="open"))
        for from_client, size in self._skipped.items():
            self._notice(
                f"skipped {_bytes(size)} from the {_side(from_client)}, because the beginning of "
                "their call is not in the file."
            )

    def _notice(self, text: str) -> None:
        client, upstream = self._names
        self._result.notice(f"{client} to {upstream}: {text}")

    def _new_tap(self) -> ConnectionTap:
        result = self._result
        return ConnectionTap(self._number, *self._names, lambda: next(result.exchange_numbers), result.limit)

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Closed):
                self.exchanges.append(event.exchange)
            elif isinstance(event, GaveUp):
                self._notice(f"{event.reason}. Reading resumes at its next request.")
                self._tap = None


def _side(from_client: bool) -> str:
    return "client" if from_client else "daemon"


def _bytes(size: int) -> str:
    return f"{size} byte" if size == 1 else f"{size} bytes"
