"""Replaces bytes of a body, whose other bytes keep their times: a stream is shown and played back as it came."""

from collections import deque
from collections.abc import Iterable, Iterator

from apispy.model import Body
from apispy.structs import Struct, replace


class Edit(Struct, frozen=True):
    """Bytes of a stream that are replaced."""

    start: int
    stop: int
    data: bytes


def edited(body: Body, edits: Iterable[Edit]) -> Body:
    """The body with these edits, which do not overlap.

    Every chunk keeps its time. An edit over several chunks is in the last one, which completes what it replaces.
    """
    waiting = deque(sorted(edits, key=lambda edit: (edit.start, edit.stop)))
    data, chunks, at, done = body.data, [], 0, 0
    for chunk in body.chunks:
        at += len(chunk.data)
        pieces = []
        while waiting and waiting[0].stop <= at:
            edit = waiting.popleft()
            pieces += [data[done : edit.start], edit.data]
            done = edit.stop
        stop = min(at, waiting[0].start) if waiting else at
        if done < stop:
            pieces.append(data[done:stop])
            done = stop
        if piece := b"".join(pieces):
            chunks.append(replace(chunk, data=piece))
    size = body.size + sum(len(chunk.data) for chunk in chunks) - body.kept
    return replace(body, chunks=tuple(chunks), size=size, digest="")


def edits_of_lines(old: bytes, new: bytes) -> Iterator[Edit]:
    """The edits that make *new* of *old*: of the lines that differ, or of all bytes if the number of lines does."""
    before, after = old.split(b"\n"), new.split(b"\n")
    if len(before) != len(after):
        before, after = [old], [new]
    at = 0
    for was, now in zip(before, after, strict=True):
        if was != now:
            yield Edit(at, at + len(was), now)
        at += len(was) + 1
