"""A client connection in memory."""

import asyncio


class MemoryCarrier:
    """A Carrier in memory: yields the client's bytes and then its end; ``sent`` collects the data for the client."""

    def __init__(self, *pieces: bytes) -> None:
        self.sent = bytearray()
        self._pieces = list(pieces)
        self._closing = False

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return self._pieces.pop(0) if self._pieces else b""

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def write_eof(self) -> None:
        pass

    def close(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing

    def unread(self) -> int:
        return 0

    def reset(self) -> None:
        self._closing = True
