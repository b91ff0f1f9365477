"""Text in a few restrained colours, and its width without them."""

import re
from dataclasses import dataclass

_CODES = {"": "", "dim": "2", "bold": "1", "good": "32", "warn": "33", "bad": "31"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text and how to show it: "dim", "bold", "good", "warn", "bad", or "" for plain."""

    text: str
    style: str = ""


def paint(pieces: list[Piece], color: bool) -> str:
    """The pieces in one string, with ANSI colours only if *color*."""
    if not color:
        return "".join(piece.text for piece in pieces)
    return "".join(_painted(piece) for piece in pieces)


def width(pieces: list[Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)


def wrap(pieces: list[Piece], columns: int, indent: int) -> list[Piece]:
    """The pieces with line breaks between words, so that no line is longer than *columns* if that can be helped.

    Lines after the first begin with *indent* blanks.
    """
    found: list[Piece] = []
    at = 0
    for piece in pieces:
        for word in re.findall(r" *[^ ]+| +$", piece.text):
            at += len(word)
            if at > columns and word.startswith(" "):
                found.append(Piece("\n" + " " * indent))
                word = word.lstrip(" ")
                at = indent + len(word)
            found.append(Piece(word, piece.style))
    return found


def _painted(piece: Piece) -> str:
    code = _CODES[piece.style]
    return f"\x1b[{code}m{piece.text}\x1b[0m" if code and piece.text else piece.text
