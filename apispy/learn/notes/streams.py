"""Notes on the output of programs: frames in the output of a terminal, to which Docker adds none."""

from collections.abc import Iterator

from apispy.decoders.stdio import HEADER, KINDS
from apispy.learn.notes.finished_call import FinishedCall
from apispy.model import Direction

OUTPUTS: tuple[Direction, ...] = ("response", "to_client")


def stream_notes(finished: FinishedCall) -> Iterator[str]:
    """Note frames in the output of a program with a terminal."""
    if finished.call.operation.response != "stdio" or finished.status >= 300:
        return
    for direction in OUTPUTS:
        body = finished.exchange.streams.get(direction)
        if body is not None and finished.formats.get(direction) == "raw" and _looks_framed(body.data):
            yield (
                "this output looks like frames, but the program has a terminal, and Docker adds no frames to the "
                "output of a terminal: they are what the program wrote"
            )


def _looks_framed(data: bytes) -> bool:
    """Whether *data* begins with a whole frame of output, after which it ends or another one begins."""
    return _is_header(data) and (
        len(data) == (end := HEADER + int.from_bytes(data[4:HEADER])) or _is_header(data[end : end + HEADER])
    )


def _is_header(head: bytes) -> bool:
    return len(head) >= HEADER and 0 < head[0] < len(KINDS) and not any(head[1:4])
