"""The page of a running session (``--web``): an output that feeds a server on loopback."""

import asyncio
from typing import Any

from apispy.app.live_tabs import LiveTabs
from apispy.app.page import call_on_page, live_page, notice_on_page
from apispy.app.page_explanation import explanation
from apispy.app.page_tabs import TABS
from apispy.app.web import Answer, Feed, Limits, Question, WebRequest, WebServer
from apispy.model import Direction, Item
from apispy.outputs import DecodedCall, Output
from apispy.outputs.page import POLICY
from apispy.structs import replace

SIZE_OF_CALL = 4000
"""Bytes that a call keeps in memory, beside its bodies: an estimate."""

SIZE_OF_NOTICE = 500
"""Bytes that a notice keeps in memory, beside its text: an estimate."""

UPDATE_SECONDS = 0.25
"""Seconds between two states of an open call that an open page gets."""


class LivePage(Output):
    """Serves the calls of a session on *port* of 127.0.0.1; 0 is any free port.

    As long as no page is open, it only remembers the last calls and notices. Raises ApispyError from ``start`` if it
    cannot listen.
    """

    def __init__(
        self, port: int, title: str, *, feed: Feed | None = None, limits: Limits | None = None
    ) -> None:
        self._feed = feed or Feed()
        page = Answer(200, live_page(title), "text/html; charset=utf-8", POLICY)
        self._tabs = LiveTabs()
        questions = {"/explain": explanation, **{f"/tabs/{name}": self._tab(name) for name in TABS}}
        self._server = WebServer({"/": page}, self._feed, questions=questions, port=port, limits=limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._newest: dict[int, DecodedCall] = {}  # states of open calls that are to be sent, by number

    @property
    def url(self) -> str:
        """The address with the token."""
        return self._server.url

    async def start(self) -> None:
        """Listen. Raises ApispyError."""
        await self._server.start()
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Let open pages read what there is, and end."""
        self._loop = None
        await self._server.close()

    def opened(self, decoded: DecodedCall) -> None:
        self._tell(decoded)

    def item(self, decoded: DecodedCall, direction: Direction, item: Item) -> None:
        """Update an open call on open pages. One that is opened later gets the call when it ends."""
        if self._loop is None or not self._feed.has_readers:
            return
        number = decoded.exchange.id
        if number not in self._newest:
            self._loop.call_soon_threadsafe(self._loop.call_later, UPDATE_SECONDS, self._update, number)
        self._newest[number] = decoded

    def write(self, decoded: DecodedCall) -> None:
        self._newest.pop(decoded.exchange.id, None)
        self._tell(decoded)
        self._tabs.add(decoded, _size(decoded))

    def notice(self, text: str, at: float, missed: int | None = None) -> None:
        """Show a notice, in order with the calls; *missed*: the number of the call to which a replay had no response.

        *at*: Unix seconds.
        """
        self._feed.add("notice", SIZE_OF_NOTICE + len(text), lambda: notice_on_page(at, text, missed))

    def _update(self, number: int) -> None:
        if decoded := self._newest.pop(number, None):
            self._tell(decoded)

    def _tell(self, decoded: DecodedCall) -> None:
        self._feed.add("call", _size(decoded), lambda: _call(decoded))

    def _tab(self, name: str) -> Question:
        async def answer(_: WebRequest) -> Answer:
            return await self._tabs.answer(name)

        return answer


def _size(decoded: DecodedCall) -> int:
    return SIZE_OF_CALL + sum(body.kept for body in decoded.exchange.streams.values())


def _call(decoded: DecodedCall) -> dict[str, Any]:
    """Return the data of a call; an open one lasts until its last state."""
    exchange = decoded.exchange
    if exchange.end == "open":
        decoded = replace(decoded, exchange=replace(exchange, duration=max(exchange.duration, decoded.at)))
    return call_on_page(decoded)
