"""Puts the live client's texts into a recorded response, in place of the recorded ones that they are bound to."""

import re
from collections.abc import Iterable, Mapping
from itertools import accumulate

from apispy.engine.generated_names import WORD_END, WORD_START
from apispy.model import Chunk
from apispy.replay.variables import PLACEHOLDER
from apispy.structs import Struct, replace

UNCHANGED_FORMATS = ("tar", "opaque", "h2c", "websocket")
"""Formats that a changed length, or a changed header, would break."""

FRAMED_FORMAT = "stdio"

PORT_NUMBERS = re.compile(rb'("(?:PublicPort|PrivatePort|PublishedPort|TargetPort)"\s*:\s*)"(\d{1,5})"')
"""Ports that are numbers in Docker's JSON, while a fixture has a placeholder there, which is a string."""

_FRAME_HEADER_SIZE = 8


class Substitution(Struct, frozen=True):
    """The texts to put in, by the texts that they replace."""

    texts: Mapping[bytes, bytes]
    pattern: re.Pattern[bytes]  # finds all keys of *texts*

    def __call__(self, data: bytes) -> bytes:
        changed = self.pattern.sub(lambda found: self.texts[found[0]], data)
        return PORT_NUMBERS.sub(rb"\1\2", changed) if changed != data else data


def substitution_of(texts: Mapping[str, str]) -> Substitution | None:
    """The substitution of each key of *texts* by its value; None if there are none."""
    if not texts:
        return None
    encoded = {one.encode("utf-8", "surrogatepass"): other.encode("utf-8", "surrogatepass")
               for one, other in texts.items()}  # fmt: skip
    longest_first = sorted(encoded, key=len, reverse=True)
    return Substitution(encoded, re.compile(b"|".join(_word_pattern(text) for text in longest_first)))


def _word_pattern(text: bytes) -> bytes:
    """A pattern for *text*, but not inside a longer word: the digits of a port occur in many numbers."""
    if PLACEHOLDER.fullmatch(text.decode("utf-8", "replace")):
        return re.escape(text)
    return WORD_START.encode() + re.escape(text) + WORD_END.encode()


def substitute(chunks: Iterable[Chunk], format: str, substitution: Substitution | None) -> tuple[Chunk, ...]:
    """The chunks of a stream in *format* with the live texts in them.

    A text that spans two chunks is put whole into the chunk in which it begins.
    """
    pieces = tuple(chunks)
    data = b"".join(piece.data for piece in pieces)
    if substitution is None or format in UNCHANGED_FORMATS or not substitution.pattern.search(data):
        return pieces
    if format == FRAMED_FORMAT and (frames := _frames(pieces, data)):
        return tuple(replace(piece, data=_substitute_frame(piece.data, substitution)) for piece in frames)
    edges = list(accumulate(len(piece.data) for piece in pieces))
    for found in substitution.pattern.finditer(data):
        edges = [found.end() if found.start() < edge < found.end() else edge for edge in edges]
    starts = [0, *edges[:-1]]
    return tuple(
        Chunk(piece.at, substitution(data[start:stop]))
        for piece, start, stop in zip(pieces, starts, edges, strict=True)
    )


def _frames(pieces: tuple[Chunk, ...], data: bytes) -> list[Chunk]:
    """The frames in *data*, each at the time of the chunk in which it ends; none if *data* is not whole frames."""
    ends = list(accumulate(len(piece.data) for piece in pieces))
    found, at, number = [], 0, 0
    while at < len(data):
        stop = at + _FRAME_HEADER_SIZE + int.from_bytes(data[at + 4 : at + _FRAME_HEADER_SIZE])
        if data[at] > 3 or any(data[at + 1 : at + 4]) or stop > len(data):
            return []
        while ends[number] < stop:
            number += 1
        found.append(Chunk(pieces[number].at, data[at:stop]))
        at = stop
    return found


def _substitute_frame(frame: bytes, substitution: Substitution) -> bytes:
    payload = substitution(frame[_FRAME_HEADER_SIZE:])
    return frame[:4] + len(payload).to_bytes(4) + payload
