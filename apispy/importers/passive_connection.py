"""A connection that was overheard by another program: its parts go to the tap, and where some are missing it goes on
with the next request."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from apispy.importers.base import Imported, Settings
from apispy.model import Exchange
from apispy.tap import Closed, ConnectionTap, Event, GaveUp

REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) [/*h]")
"""How a request begins: where a connection can be read from, when its beginning is not known."""

MOST_NOTICES = 50

THE_END = "the file ends before this call does"


class ImportResultBuilder:
    """Gathers what all connections of a file gave."""

    def __init__(self, settings: Settings) -> None:
        self.limit = settings.limit
        self.exchanges: list[Exchange] = []
        self.notices: list[str] = []
        self._unsaid = 0
        self.exchange_numbers = itertools.count(1)
        self.connection_numbers = itertools.count(1)

    def notice(self, text: str) -> None:
        if len(self.notices) < MOST_NOTICES:
            self.notices.append(text)
        else:
            self._unsaid += 1

    def imported(self) -> Imported:
        """The calls by their beginnings, numbered anew from 1, and so their connections."""
        connections: dict[int, int] = {}
        found = []
        for number, exchange in enumerate(sorted(self.exchanges, key=lambda e: (e.started, e.id)), 1):
            connection = connections.setdefault(exchange.connection, len(connections) + 1)
            found.append(replace(exchange, id=number, connection=connection))
        more = (f"{self._unsaid} more remarks on the file are left out.",) if self._unsaid else ()
        return Imported(tuple(found), (*self.notices, *more))


class PassiveConnection:
    """One connection. *from_start*: what comes first is its beginning. All times are Unix seconds, ascending."""

    def __init__(
        self, session: ImportResultBuilder, client: str, upstream: str, *, from_start: bool = True
    ) -> None:
        self._session = session
        self._names = client, upstream
        self._number = next(session.connection_numbers)
        self._at = 0.0
        self._ended: set[bool] = set()
        self._skipped: Counter[bool] = Counter()
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

    def missing(self, from_client: bool, size: int, at: float, why: str = "") -> None:
        """*size* bytes that one side sent are not in the file."""
        self._at = max(at, self._at)
        if self._tap is not None:
            who = "client" if from_client else "daemon"
            self._take(self._tap.lost(self._at, f"{size} bytes that the {who} sent are not in the file{why}"))
            self._tap = None

    def eof(self, from_client: bool, at: float) -> None:
        """One side will send no more; after the other's too, the connection is gone."""
        self._at = max(at, self._at)
        self._ended.add(from_client)
        if self._tap is not None:
            self._take(self._tap.client_eof(self._at) if from_client else self._tap.server_eof(self._at))
        if len(self._ended) == 2:
            self.lost(at)

    def lost(self, at: float, why: str = "") -> None:
        """The connection is gone."""
        self._at = max(at, self._at)
        if self._tap is not None:
            self._take(self._tap.lost(self._at, why))
            self._tap = None

    def close(self) -> None:
        """The file has no more of it: what is still open stays so."""
        for event in self._tap.lost(self._at, THE_END) if self._tap else ():
            if isinstance(event, Closed):
                self.exchanges.append(replace(event.exchange, end="open"))
        client, upstream = self._names
        for from_client, size in self._skipped.items():
            who = "client" if from_client else "daemon"
            self._session.notice(
                f"{client} to {upstream}: {size} bytes of the {who} are not read, for the beginning of "
                "their call is not in the file."
            )

    def _new_tap(self) -> ConnectionTap:
        session = self._session
        return ConnectionTap(
            self._number, *self._names, lambda: next(session.exchange_numbers), session.limit
        )

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Closed):
                self.exchanges.append(event.exchange)
            elif isinstance(event, GaveUp):
                client, upstream = self._names
                self._session.notice(
                    f"{client} to {upstream}: {event.reason}. It is read on from its next request."
                )
                self._tap = None
