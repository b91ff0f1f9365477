"""What a connection can do, whatever carries it."""

from typing import Protocol


class Carrier(Protocol):
    """A byte stream both ways. Each way ends for itself. ``Stream`` is one, and ``TlsStream``."""

    async def read(self) -> bytes:
        """The next bytes; b"" at the end. Raises OSError when the connection broke."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Wait until there is room to write."""

    def write_eof(self) -> None:
        """End our way, after everything written before."""

    def close(self) -> None:
        """Close after everything written before has gone out."""

    def unread(self) -> int | None:
        """Bytes that were sent and that the peer has not read; None where the system does not tell."""

    def reset(self) -> None:
        """Close at once, with a RST where there is such a thing."""

    def is_closing(self) -> bool: ...
