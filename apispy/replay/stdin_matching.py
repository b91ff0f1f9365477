"""What a live client says in a hijacked connection, held against what was said in the record. Sans-IO.

What the daemon said came after something that the client had said: ``Mark`` is how far the client was by then.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Protocol

from apispy import decoders
from apispy.model import Body, Chunk, Item

CONTEXT = 24
"""Bytes around a difference that are told."""


@dataclass(frozen=True, slots=True)
class Mark:
    """So much of its stream the client had sent, and whether it had ended it."""

    size: int = 0
    ended: bool = False


class StdinMatcher(Protocol):
    """One direction of a tunnel, that of the client."""

    def heard(self, data: bytes) -> None:
        """The live client said this."""

    def ended(self) -> None:
        """The live client will say no more."""

    def reached(self, mark: Mark) -> bool:
        """Whether the live client is as far as that."""

    @property
    def problem(self) -> str:
        """In which it is another talk than the recorded one, as a sentence; "" while it is the same."""


class ByteMatcher:
    """Bytes that must be those of *body*, however they are cut. *ends_first*: in the record it ended before the
    daemon's direction did, so it must not end earlier now."""

    def __init__(self, body: Body, *, ends_first: bool) -> None:
        self.problem = ""
        self._expected = body.data
        self._size, self._digest, self._shown = body.size, body.digest, body.shown
        self._has_end = body.ended_at is not None
        self._ends_first = ends_first
        self._heard = 0
        self._ended = False
        self._hash = hashlib.sha256()

    def heard(self, data: bytes) -> None:
        if self.problem or not self._shown:
            self._heard += len(data)
            return
        expected = self._expected[self._heard : self._heard + len(data)]
        if expected != data[: len(expected)]:
            self._differs(expected, data)
        self._heard += len(data)
        self._hash.update(data)
        if self._heard > self._size and self._has_end and not self.problem:
            self.problem = f"stdin is longer than the {self._size} recorded bytes: {_quoted(data)}"

    def ended(self) -> None:
        self._ended = True
        if self.problem or not self._shown or not self._ends_first:
            return
        if self._heard < self._size:
            self.problem = f"stdin ended after {self._heard} bytes, recorded are {self._size}"
        elif self._digest and self._hash.hexdigest() != self._digest:
            self.problem = f"stdin's {self._size} bytes are not the recorded ones"

    def reached(self, mark: Mark) -> bool:
        if self._ended and self._heard < mark.size and not self.problem:
            self.problem = f"stdin ended after {self._heard} bytes, where {mark.size} were recorded"
        return self._heard >= mark.size and (self._ended or not mark.ended)

    def _differs(self, expected: bytes, data: bytes) -> None:
        at = next(number for number, byte in enumerate(expected) if byte != data[number])
        self.problem = (
            f"stdin differs at byte {self._heard + at}: "
            f"recorded {_quoted(expected[at:])}, sent {_quoted(data[at:])}"
        )


class MessageMatcher:
    """A talk of which only what *format* reads in it is compared: of WebSocket not the masks, say."""

    def __init__(self, body: Body, format: str, *, ends_first: bool) -> None:
        self._decoder = decoders.make(format)
        reader = decoders.make(format)
        plain, sizes = b"", [(0, 0)]
        wire = 0
        for chunk in body.chunks:
            plain += _payload(reader.feed(chunk.data))
            wire += len(chunk.data)
            sizes.append((wire, len(plain)))
        self._sizes = sizes
        inner = Body((), len(plain), ended_at=body.ended_at, shown=body.shown)
        self._raw = ByteMatcher(_with(inner, plain), ends_first=ends_first)

    def heard(self, data: bytes) -> None:
        if payload := _payload(self._decoder.feed(data)):
            self._raw.heard(payload)

    def ended(self) -> None:
        self._raw.ended()

    def reached(self, mark: Mark) -> bool:
        size = max(plain for wire, plain in self._sizes if wire <= mark.size)
        return self._raw.reached(Mark(size, mark.ended))

    @property
    def problem(self) -> str:
        return self._raw.problem


class AnyInput:
    """A talk that is not compared; nothing waits for it."""

    problem = ""

    def heard(self, data: bytes) -> None:
        pass

    def ended(self) -> None:
        pass

    def reached(self, mark: Mark) -> bool:
        return True


class Marks:
    """How far the client was in the record, by the moment."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._times = [chunk.at for chunk in body.chunks]
        self._sizes = [0, *accumulate(len(chunk.data) for chunk in body.chunks)]

    def at(self, at: float, *, at_end: bool = False) -> Mark:
        """*at* seconds after the call began.

        The end of a stream in which there was nothing is not waited for: whether a client without input closes at
        once is its way. But it is if the daemon ended because of it (*at_end*), as of detach keys, which the CLI reads.
        """
        body = self._body
        if body.ended_at is not None and body.ended_at < at:
            return Mark(body.size, body.size > 0 or at_end)
        return Mark(self._sizes[bisect_left(self._times, at)])


def _payload(items: Iterable[Item]) -> bytes:
    return b"".join(item.value for item in items if item.kind == "raw" and isinstance(item.value, bytes))


def _with(body: Body, data: bytes) -> Body:
    return replace(body, chunks=(Chunk(0.0, data),) if data else ())


def _quoted(data: bytes) -> str:
    return repr(data[:CONTEXT])[1:] + ("..." if len(data) > CONTEXT else "")
