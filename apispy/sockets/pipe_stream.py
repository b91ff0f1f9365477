"""A connection over a named pipe of Windows as a byte stream with half-closes."""

import asyncio
import contextlib

from apispy.endpoints.named_pipes import end_direction
from apispy.sockets.stream import Stream


class PipeStream(Stream):
    """A Stream over a named pipe. Pipes have no resets: ``reset`` only closes."""

    _ending: asyncio.Task[None] | None = None

    def write_eof(self) -> None:
        """End this direction with an empty message, after everything written before."""
        if self._lost is None and self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end_direction())

    async def _end_direction(self) -> None:
        self.transport.set_write_buffer_limits(high=0)  # from now on, drain waits until nothing is buffered
        await self.drain()
        if self._lost is None and not self.is_closing():
            with contextlib.suppress(OSError):  # ``read`` reports it
                await end_direction(self.transport)
