"""What is done with a request instead of passing it on, or beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RespondWith:
    """Answer in the daemon's place, who never sees the request. ``closes``: and end the connection in any case."""

    status: int
    message: str  # as in the daemon's own errors
    closes: bool = False


@dataclass(frozen=True, slots=True)
class DropAfter:
    """Pass the request on, and end the connection after so many bytes of the answer's body or tunnel."""

    size: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the client's connection (RST); the daemon never sees the request."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Send bytes that are no HTTP, and end the connection; the daemon never sees the request."""


Action = RespondWith | DropAfter | Reset | Garbage


@dataclass(frozen=True, slots=True)
class Decision:
    """*delay*: seconds to wait first. *why* is who wants it so, in words; "" for a request that just passes."""

    act: Action | None = None
    delay: float = 0.0
    why: str = ""

    @property
    def passes(self) -> bool:
        """Nothing is done to it."""
        return self.act is None and not self.delay


PASS = Decision()
