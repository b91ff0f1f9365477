"""Splits command lines whose words were joined by spaces, with quotes around some of them or without.

``docker top``, ``docker events`` and ``docker ps`` show words in this way. Quotes and operators in a word are not
escaped, so where a word ends is a guess.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from apispy import lazy
from apispy.model import REDACTED_PATTERN

OPERATORS = lazy.pattern(r"[;|&()<>`\n]")
"""Where a shell ends a word."""

_AMBIGUOUS = lazy.pattern(r"[;|&()<>`'\"\\]")
_BEGINS = lazy.pattern(r"[;|&(`]+")
_ENDS = lazy.pattern(r"(?:(?<=[\"'])[\],]+|[;|&)`]+)\Z")  # after a word; also in a list with quotes
HIDDEN = lazy.pattern(rf"{REDACTED_PATTERN}[\"'\]),;}}]*")
"""A secret that is hidden already, and what may follow it."""

_TOKEN = re.compile(REDACTED_PATTERN)
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r"[^\s\"'`$\\]+")
_PAREN = re.compile(r"[()]")
_CLOSING = {mark: re.compile(rf"(?<!\\){mark}(?=[\s;|&)`]|\Z)") for mark in "\"'"}
_ANY_CLOSING = {"'": re.compile("'"), '"': re.compile(r'(?<!\\)"'), "`": re.compile("`")}


def is_ambiguous(text: str) -> bool:
    """Whether a shell may read *text* in another way than as words that were joined by spaces."""
    return _AMBIGUOUS.search(text) is not None


class Piece:
    """A word of a text, or what is between two. ``word`` is without quotes around it and operators after it."""

    def __init__(self, text: str, *, is_word: bool, unclosed: bool = False) -> None:
        end = _ENDS.search(text) if is_word else None
        if (
            end
            and text.startswith(("$(", "`"))
            and text.count("(") <= text.count(")")
            and not text.count("`") % 2
        ):
            end = None  # of a command in the word
        self.after = end[0] if end else ""
        self.text = text.removesuffix(self.after)
        self.is_word = is_word and bool(self.text)
        self.ends_command = any(sign in self.after for sign in ";|&)`") or (not is_word and "\n" in text)
        self.unclosed = unclosed  # a quote in it is not closed
        quoted = len(self.text) > 1 and self.text[0] in _CLOSING and self.text[-1] == self.text[0]
        self.quote = self.text[0] if quoted else ""
        self.word = self.text[1:-1] if quoted else self.text
        self.shown = ""  # what replaces the word; "" if it stays

    def since(self, start: int) -> "Piece":
        """The word from *start* on; what replaces it replaces the end of this word."""
        return _End(self, start)

    def put(self, word: str) -> None:
        """Replace the word."""
        if word != self.word:
            self.shown = f"{self.quote}{word}{self.quote}"


class _End(Piece):
    """The end of a word, after an operator in it."""

    def __init__(self, whole: Piece, start: int) -> None:
        self._whole, self._start = whole, start
        self.word = whole.word[start:]

    def put(self, word: str) -> None:
        if word != self.word and not self._whole.shown:
            self._whole.put(self._whole.word[: self._start] + word)


MAX_BEGINS, MAX_WORD = 20, 1000
"""Commands that are looked for within a word, and the characters of the longest such word."""


def begins(piece: Piece) -> Iterator[int]:
    """Where a command may begin within the word of *piece*, after an operator that is not that of a URL."""
    if piece.quote or "://" in piece.word or len(piece.word) > MAX_WORD:
        return
    for found in islice(_BEGINS.finditer(piece.word), MAX_BEGINS):
        if found.end() < len(piece.word):
            yield found.end()


def pieces(text: str, *, has_quotes: bool) -> Iterator[Piece]:
    """Split *text* at spaces, but not at those in commands in ``$(...)`` or backquotes, which a script has.

    *has_quotes*: nor at those in quotes.
    """
    at = 0
    finder = _Finder(text)
    while at < len(text):
        if space := _SPACE.match(text, at):
            yield Piece(space[0], is_word=False)
            at = space.end()
            continue
        start, unclosed = at, False
        while at < len(text) and not text[at].isspace():
            if found := _PLAIN.match(text, at):
                at = found.end()
            elif not has_quotes and not (text[at] in "$`" and (at == start or text[at - 1] == "=")):
                at += 1
            elif text[at] == "\\":
                at = min(at + 2, len(text))
            else:
                stop = finder.close(at, is_first=at == start or text[at - 1] == "=")
                unclosed = unclosed or (stop is None and text[at] in _CLOSING)
                at = at + 1 if stop is None else stop
        yield Piece(text[start:at], is_word=True, unclosed=unclosed)


class _Finder:
    """Finds where quotes close. It takes time in proportion to the text: what has no end is searched once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._none: set[re.Pattern[str]] = set()

    def close(self, at: int, *, is_first: bool) -> int | None:
        """The index after the end of the quote or the ``$(`` at *at*; None if it has no end.

        A quote at the beginning of a word is closed at the end of a word, if there is such an end: 'it's'.
        """
        mark = self._text[at]
        if mark == "$":
            return self._paren(at + 1) if self._text.startswith("$(", at) else None
        stop = self._search(_CLOSING[mark], at + 1) if is_first and mark in _CLOSING else None
        return stop if stop is not None else self._search(_ANY_CLOSING[mark], at + 1)

    def _search(self, pattern: re.Pattern[str], at: int) -> int | None:
        if pattern in self._none:
            return None
        found = pattern.search(self._text, at)
        if found is None:
            self._none.add(pattern)
        return found.end() if found else None

    def _paren(self, at: int) -> int | None:
        if _PAREN in self._none:
            return None
        depth = 0
        for found in _PAREN.finditer(self._text, at):
            depth += 1 if found[0] == "(" else -1
            if not depth:
                return found.end()
        self._none.add(_PAREN)
        return None


def written(pieces: Sequence[Piece], hide: Callable[[str], str]) -> str:
    """The text of *pieces* with what replaces their words.

    If a secret has a quote that is not closed, it may have spaces too: *hide* hides all up to the end of the line.
    """
    parts: list[str] = []
    secret: list[str] = []  # the pieces of a secret whose end is not known
    for piece in pieces:
        if secret and not (not piece.is_word and piece.ends_command):
            secret.append(piece.text + piece.after)
            continue
        if secret:
            parts.append(hide("".join(secret)))
            secret = []
        found = _TOKEN.search(piece.shown) if piece.unclosed and piece.shown else None
        if found:
            parts.append(piece.shown[: found.start()])
            secret = [piece.text[found.start() :], piece.after]
        else:
            parts += [piece.shown or piece.text, piece.after]
    return "".join(parts) + (hide("".join(secret)) if secret else "")
