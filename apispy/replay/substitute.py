"""Puts the live client's own texts into a recorded answer, in the place of those that it had when it was recorded."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from apispy.model import Chunk
from apispy.replay.variables import PLACEHOLDER

UNTOUCHED = ("tar", "opaque", "h2c", "websocket")
"""Formats that a changed length, or a changed header, would break."""

FRAMED = "stdio"

NUMBERS = re.compile(rb'("(?:PublicPort|PrivatePort|PublishedPort|TargetPort)"\s*:\s*)"(\d{1,5})"')
"""Ports that are numbers in Docker's JSON; a fixture has a variable there, which is a text."""

_HEAD = 8  # bytes of a frame's header


@dataclass(frozen=True, slots=True)
class Swap:
    """The texts to put in, and what finds those that they replace."""

    texts: Mapping[bytes, bytes]
    pattern: re.Pattern[bytes]

    def __call__(self, data: bytes) -> bytes:
        swapped = self.pattern.sub(lambda found: self.texts[found[0]], data)
        return NUMBERS.sub(rb"\1\2", swapped) if swapped != data else data


def swap_of(texts: Mapping[str, str]) -> Swap | None:
    """None if there is nothing to put in."""
    if not texts:
        return None
    encoded = {one.encode("utf-8", "surrogatepass"): other.encode("utf-8", "surrogatepass")
               for one, other in texts.items()}  # fmt: skip
    longest_first = sorted(encoded, key=len, reverse=True)
    return Swap(encoded, re.compile(b"|".join(_whole(text) for text in longest_first)))


def _whole(text: bytes) -> bytes:
    """Finds *text*, but not inside a longer word: a port of five digits stands in many numbers."""
    if PLACEHOLDER.fullmatch(text.decode("utf-8", "replace")):
        return re.escape(text)
    return rb"(?<![0-9A-Za-z])" + re.escape(text) + rb"(?![0-9A-Za-z])"


def swapped(chunks: Iterable[Chunk], format: str, swap: Swap | None) -> tuple[Chunk, ...]:
    """The pieces of a stream of that *format* with the live texts in them. A text that lies across an edge is not cut:
    it belongs to the piece in which it begins."""
    pieces = tuple(chunks)
    data = b"".join(piece.data for piece in pieces)
    if swap is None or format in UNTOUCHED or not swap.pattern.search(data):
        return pieces
    if format == FRAMED and (frames := _frames(pieces, data)):
        return tuple(replace(piece, data=_reframed(piece.data, swap)) for piece in frames)
    edges = list(accumulate(len(piece.data) for piece in pieces))
    for found in swap.pattern.finditer(data):
        edges = [found.end() if found.start() < edge < found.end() else edge for edge in edges]
    starts = [0, *edges[:-1]]
    return tuple(
        Chunk(piece.at, swap(data[start:stop]))
        for piece, start, stop in zip(pieces, starts, edges, strict=True)
    )


def _frames(pieces: tuple[Chunk, ...], data: bytes) -> list[Chunk]:
    """The whole frames in *data*, each at the time of the piece in which it ends; none if it is not made of frames."""
    ends = list(accumulate(len(piece.data) for piece in pieces))
    found, at, number = [], 0, 0
    while at < len(data):
        stop = at + _HEAD + int.from_bytes(data[at + 4 : at + _HEAD])
        if data[at] > 3 or any(data[at + 1 : at + 4]) or stop > len(data):
            return []
        while ends[number] < stop:
            number += 1
        found.append(Chunk(pieces[number].at, data[at:stop]))
        at = stop
    return found


def _reframed(frame: bytes, swap: Swap) -> bytes:
    payload = swap(frame[_HEAD:])
    return frame[:4] + len(payload).to_bytes(4) + payload
