"""A proxy whose calls an assistant can read while they pass."""

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from apispy.app.listener import shell_lines
from apispy.app.mcp.calls import MAX_CALLS, LiveCalls
from apispy.app.mcp.server import serve
from apispy.app.proxy import ProxySession
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.outputs import DecodedCall, Output

if TYPE_CHECKING:
    from apispy.certs import ServerFiles


class LiveSession(ProxySession):
    """A proxy that answers an assistant's requests on standard input and output, and ends when the input ends.

    The parameters are those of ``ProxySession``. Messages are on standard error.
    """

    def __init__(
        self,
        where: Listen,
        daemon: Endpoint,
        files: "ServerFiles | None",
        view: View,
        capture: Path | None = None,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        super().__init__(where, daemon, files, view, sys.stderr, capture, allow_hosts=allow_hosts)

    def _view_outputs(self, stream: TextIO, curl: Callable[[DecodedCall], str] | None) -> list[Output]:
        self._calls = LiveCalls(self._writer.write)
        return [self._calls]

    async def serve(self, started: Callable[[Listen], None]) -> None:
        loop = asyncio.get_running_loop()

        def listening(where: Listen) -> None:
            started(where)
            self._calls.about = (
                f"The calls that pass between Docker clients and the daemon {self.daemon}, once each has ended: the "
                f"last {MAX_CALLS}. To send a client through apispy, set in its shell: "
                f"{'; '.join(shell_lines(where, self.files))}."
            )
            # A thread that waits for a request cannot be ended, so it must not keep the process.
            threading.Thread(target=self._answer, args=(loop,), name="apispy-mcp", daemon=True).start()

        await super().serve(listening)

    def _answer(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            # Not sys.stdin and sys.stdout: Python closes these at its end, and cannot if this thread still uses one.
            requests, responses = open(0, "rb", closefd=False), open(1, "wb", closefd=False)  # noqa: SIM115
            with suppress(OSError):  # the assistant's program has ended
                serve(self._calls, requests, responses)
        finally:
            with suppress(RuntimeError):  # the session has ended before
                loop.call_soon_threadsafe(self.stop)
