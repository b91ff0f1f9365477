"""Compares what a live client sends in a hijacked connection with what was recorded there. Sans-IO.

Each part of the daemon's output followed a part of the client's input in the recording. A ``StdinPosition`` is how far
the client's input was at that moment.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Protocol

from apispy import decoders
from apispy.model import Body, Chunk, Item
from apispy.structs import Struct, replace
from apispy.units import count

MAX_EXCERPT = 24
"""Bytes of a difference that are quoted."""


class StdinPosition(Struct, frozen=True):
    """A position in the client's stream."""

    size: int = 0  # bytes that the client had sent
    ended: bool = False  # the client had closed its half


class StdinMatcher(Protocol):
    """Compares the client's direction of one tunnel."""

    def feed(self, data: bytes) -> None:
        """Take *data* from the live client."""

    def close(self) -> None:
        """Note that the live client has closed its half."""

    def has_reached(self, position: StdinPosition) -> bool:
        """Whether the live client is at *position* or beyond."""

    @property
    def problem(self) -> str:
        """The difference from the recorded input, as a sentence; "" while there is none."""


class ByteMatcher:
    """Compares the bytes with those of *body*, in whatever pieces they arrive.

    *ends_first*: the recorded client closed its half before the daemon did, so it must not close it earlier now.
    """

    def __init__(self, body: Body, *, ends_first: bool) -> None:
        self.problem = ""
        self._expected = body.data
        self._size, self._digest, self._shown = body.size, body.digest, body.shown
        self._has_end = body.ended_at is not None
        self._ends_first = ends_first
        self._received = 0
        self._ended = False
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        if self.problem or not self._shown:
            self._received += len(data)
            return
        expected = self._expected[self._received : self._received + len(data)]
        if expected != data[: len(expected)]:
            self._report_difference(expected, data)
        self._received += len(data)
        self._hash.update(data)
        if self._received > self._size and self._has_end and not self.problem:
            self.problem = f"stdin is longer than recorded ({count(self._size, 'bytes')}): {_quoted(data)}"

    def close(self) -> None:
        self._ended = True
        if self.problem or not self._shown or not self._ends_first:
            return
        if self._received < self._size:
            recorded = count(self._size, "recorded bytes")
            self.problem = f"stdin ended after {self._received} of {recorded}"
        elif self._digest and self._hash.hexdigest() != self._digest:
            self.problem = f"stdin's {self._size} bytes differ from the recorded ones"

    def has_reached(self, position: StdinPosition) -> bool:
        if self._ended and self._received < position.size and not self.problem:
            self.problem = (
                f"stdin ended at byte {self._received}, but the recorded output followed byte {position.size}"
            )
        return self._received >= position.size and (self._ended or not position.ended)

    def _report_difference(self, expected: bytes, data: bytes) -> None:
        at = next(number for number, byte in enumerate(expected) if byte != data[number])
        self.problem = (
            f"stdin differs at byte {self._received + at}: "
            f"recorded {_quoted(expected[at:])}, sent {_quoted(data[at:])}"
        )


class MessageMatcher:
    """Compares only the payload that the decoder *format* reads: a WebSocket's messages without their masks, say."""

    def __init__(self, body: Body, format: str, *, ends_first: bool) -> None:
        self._decoder = decoders.make(format)
        reader = decoders.make(format)
        payload, sizes = b"", [(0, 0)]
        wire_size = 0
        for chunk in body.chunks:
            payload += _payload(reader.feed(chunk.data))
            wire_size += len(chunk.data)
            sizes.append((wire_size, len(payload)))
        self._sizes = sizes  # (bytes on the wire, bytes of payload) after each chunk
        inner = Body((), len(payload), ended_at=body.ended_at, shown=body.shown)
        self._bytes = ByteMatcher(_with_data(inner, payload), ends_first=ends_first)

    def feed(self, data: bytes) -> None:
        if payload := _payload(self._decoder.feed(data)):
            self._bytes.feed(payload)

    def close(self) -> None:
        self._bytes.close()

    def has_reached(self, position: StdinPosition) -> bool:
        size = max(payload for wire, payload in self._sizes if wire <= position.size)
        return self._bytes.has_reached(StdinPosition(size, position.ended))

    @property
    def problem(self) -> str:
        return self._bytes.problem


class AnyInput:
    """Accepts any input; nothing waits for it."""

    problem = ""

    def feed(self, data: bytes) -> None:
        pass

    def close(self) -> None:
        pass

    def has_reached(self, position: StdinPosition) -> bool:
        return True


class StdinTimeline:
    """The position of the recorded client's input at each moment."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._times = [chunk.at for chunk in body.chunks]
        self._sizes = [0, *accumulate(len(chunk.data) for chunk in body.chunks)]

    def position_at(self, at: float, *, at_end: bool = False) -> StdinPosition:
        """The position *at* seconds after the call began.

        The end of an empty input does not count, because clients without input differ in when they close their half.
        It counts if the daemon ended because of it (*at_end*): on detach keys, which the CLI itself reads.
        """
        body = self._body
        if body.ended_at is not None and body.ended_at < at:
            return StdinPosition(body.size, body.size > 0 or at_end)
        return StdinPosition(self._sizes[bisect_left(self._times, at)])


def _payload(items: Iterable[Item]) -> bytes:
    return b"".join(item.value for item in items if item.kind == "raw" and isinstance(item.value, bytes))


def _with_data(body: Body, data: bytes) -> Body:
    return replace(body, chunks=(Chunk(0.0, data),) if data else ())


def _quoted(data: bytes) -> str:
    return repr(data[:MAX_EXCERPT])[1:] + ("..." if len(data) > MAX_EXCERPT else "")
