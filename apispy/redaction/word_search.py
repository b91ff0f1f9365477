"""A search for many byte strings at once, in one pass over the data (Aho and Corasick)."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from ahocorasick_rs import BytesAhoCorasick, Implementation

WINDOW = 64 << 10
"""Bytes that are searched at a time, so that data full of words needs little memory."""

FEW = 4
"""Words that are found sooner one by one."""


class WordSearch:
    """Searches for *words*, which are prepared when they are first needed.

    *changing*: they are soon replaced by others, so the preparation must be quick.
    """

    def __init__(self, words: Iterable[bytes], *, changing: bool = False) -> None:
        self.words = tuple(dict.fromkeys(words))
        self._changing = changing
        self.longest = max(map(len, self.words), default=0)
        self._shortest = min(map(len, self.words), default=0)
        self._one_by_one = len(self.words) <= FEW or b"" in self.words

    @cached_property
    def _search(self) -> BytesAhoCorasick:
        # A DFA takes half the time to search, and ten times as much to prepare.
        kind = Implementation.ContiguousNFA if self._changing else Implementation.DFA
        return BytesAhoCorasick(self.words, implementation=kind)

    def is_in(self, data: bytes) -> bool:
        """Whether one of the words is in *data*."""
        if len(data) < self._shortest:
            return False
        if self._one_by_one:
            return any(word in data for word in self.words)
        if len(data) <= WINDOW:
            return bool(self._search.find_matches_as_indexes(data))
        return next(self.found(data), None) is not None

    def found(self, data: bytes) -> Iterator[bytes]:
        """Yield words that are in *data*. Of words that overlap in *data*, maybe not all."""
        if self._one_by_one:
            yield from (word for word in self.words if word in data)
            return
        for start in range(0, len(data), WINDOW):
            window = data[max(0, start - self.longest + 1) : start + WINDOW]
            for number, _, _ in self._search.find_matches_as_indexes(window):
                yield self.words[number]

    def places(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the start of each word in *data*, and the word, also of words that overlap; in no order."""
        if len(data) < self._shortest:
            return
        if self._one_by_one:
            for word in self.words:
                at = data.find(word)
                while at >= 0:
                    yield at, word
                    at = data.find(word, at + 1)
            return
        for start in range(0, len(data), WINDOW):
            before = max(0, start - self.longest + 1)
            window = data[before : start + WINDOW] if len(data) > WINDOW else data
            for number, at, end in self._search.find_matches_as_indexes(window, overlapping=True):
                if before + end > start:
                    yield before + at, self.words[number]
