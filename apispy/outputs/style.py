"""Styled text: colours, width, wrapping and tables."""

import re
from dataclasses import dataclass

_CODES = {"": "", "dim": "2", "bold": "1", "good": "32", "warn": "33", "bad": "31"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with a style: "dim", "bold", "good", "warn", "bad", or "" for plain."""

    text: str
    style: str = ""


def paint(pieces: list[Piece], color: bool) -> str:
    """Join the pieces into one string, with ANSI colours only if *color*."""
    if not color:
        return "".join([piece.text for piece in pieces])
    return "".join([_painted(piece) for piece in pieces])


def width(pieces: list[Piece]) -> int:
    """Count the characters, without colours."""
    return sum(len(piece.text) for piece in pieces)


def wrap(pieces: list[Piece], columns: int, indent: int) -> list[Piece]:
    """Break the pieces between words, so that lines fit in *columns* where words allow it.

    Lines after the first are indented by *indent* blanks.
    """
    wrapped: list[Piece] = []
    column = 0
    for piece in pieces:
        for word in re.findall(r" *[^ ]+| +$", piece.text):
            column += len(word)
            if column > columns and word.startswith(" "):
                wrapped.append(Piece("\n" + " " * indent))
                word = word.lstrip(" ")
                column = indent + len(word)
            wrapped.append(Piece(word, piece.style))
    return wrapped


def _painted(piece: Piece) -> str:
    code = _CODES[piece.style]
    return f"\x1b[{code}m{piece.text}\x1b[0m" if code and piece.text else piece.text


def table(rows: list[tuple[str, ...]]) -> str:
    """Format a table of figures: right-aligned columns, the name last, a rule below the headings and above the total.

    The first row holds the headings, the last one the total.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    text = [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths[:-1], strict=False)), row[-1]])
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([text[0], rule, *text[1:-1], rule, text[-1]]) + "\n"
