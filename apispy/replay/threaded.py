"""A replay in a thread of its own, for tests and other programs."""

import asyncio
import ssl
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from apispy.endpoints import Listen
from apispy.model import Exchange
from apispy.replay.options import Options
from apispy.replay.playback_session import PlaybackSession
from apispy.replay.player import Player
from apispy.replay.server import Server

STOP_TIMEOUT = 10.0
"""Seconds that the thread gets to end."""


class Replay:
    """Plays *session* at *listen* from ``start`` to ``stop``, or in a ``with`` block.

    Once started, ``where`` is the real address.
    """

    def __init__(self, session: PlaybackSession, listen: Listen, tls: ssl.SSLContext | None = None) -> None:
        self.session, self.where = session, listen
        self._tls = tls
        self._server: Server | None = None
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="apispy-replay", daemon=True)

    @property
    def player(self) -> Player:
        """The player, which has the misses and the unplayed calls."""
        return self.session.player

    def start(self) -> Self:
        """Start the replay; return when clients can connect. Raises ApispyError if it cannot listen."""
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join(STOP_TIMEOUT)
            raise self._error
        return self

    def stop(self) -> None:
        """End all connections. A stopped replay cannot be started again."""
        if self._server is not None:
            self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(STOP_TIMEOUT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._server = Server(self.session, self.where, self._tls)
        await self._server.run(self._listening)

    def _listening(self, where: Listen) -> None:
        self.where = where
        self._started.set()


def serve(
    exchanges: Iterable[Exchange],
    listen: Listen,
    options: Options | None = None,
    tls: ssl.SSLContext | None = None,
) -> Replay:
    """A replay of *exchanges* that is not started yet."""
    return Replay(PlaybackSession(Player(exchanges, options)), listen, tls)
