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

PATIENCE = 10.0
"""Seconds that the thread gets to end."""


class Replay:
    """Plays *stage* at *listen* from ``start`` to ``stop``, or in a ``with``. ``where`` is its real address then."""

    def __init__(self, stage: PlaybackSession, listen: Listen, tls: ssl.SSLContext | None = None) -> None:
        self.stage, self.where = stage, listen
        self._tls = tls
        self._server: Server | None = None
        self._started = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="apispy-replay", daemon=True)

    @property
    def player(self) -> Player:
        """It knows the misses, and what was not played."""
        return self.stage.player

    def start(self) -> Self:
        """Return when clients can connect. Raises ApispyError when it cannot listen."""
        self._thread.start()
        self._started.wait()
        if self._fault is not None:
            self._thread.join(PATIENCE)
            raise self._fault
        return self

    def stop(self) -> None:
        """End all connections. Once stopped it cannot be started again."""
        if self._server is not None:
            self._server.stop()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as fault:
            self._fault = fault
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._server = Server(self.stage, self.where, self._tls)
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
