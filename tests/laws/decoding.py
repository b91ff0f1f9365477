"""Decoding of a stream in pieces, and the comparison of two such results."""

from itertools import pairwise
from typing import Any

from apispy.decoders import make
from apispy.model import Item

NEVER_SPLIT = ("json", "problem", "value")
"""Kinds of items that are never split. Adjacent pieces of other kinds are merged before they are compared."""

Merged = tuple[str, str, Any, tuple[int, int]]


def decode(name: str, chunks: list[bytes]) -> list[Item]:
    decoder = make(name)
    items = [item for chunk in chunks for item in decoder.feed(chunk)]
    return items + decoder.close()


def merge(items: list[Item]) -> list[Merged]:
    merged: list[Merged] = []
    for item in items:
        one = (item.kind, item.label, item.value, item.span)
        streamed = isinstance(item.value, bytes | str) and item.kind not in NEVER_SPLIT
        if streamed and merged and merged[-1][:2] == one[:2]:
            kind, label, value, (start, _) = merged.pop()
            one = (kind, label, value + item.value, (start, item.span[1]))
        merged.append(one)
    return merged


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]
