"""The sessions as readings, and what an exporter makes of them."""

from collections.abc import Iterable

import apispy.proxy.export_flow  # noqa: F401  (it registers itself)
from apispy.model import Chunk, Direction, Item
from apispy.outputs import Reading
from apispy.outputs.exports import EXPORTERS
from apispy.pipeline import Pipeline
from tests.golden.sessions import SESSIONS, Wire


class _Finished:
    """An output that keeps the calls that are over."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def opened(self, reading: Reading) -> None:
        pass

    def item(self, reading: Reading, direction: Direction, item: Item) -> None:
        pass

    def chunk(self, reading: Reading, direction: Direction, offset: int, chunk: Chunk) -> None:
        pass

    def write(self, reading: Reading) -> None:
        self.readings.append(reading)

    def notice(self, text: str) -> None:
        pass

    def close(self) -> None:
        pass


def readings(*sessions: str, show_secrets: bool = False) -> list[Reading]:
    wire = Wire()
    for name in sessions:
        SESSIONS[name](wire)
    output = _Finished()
    pipeline = Pipeline([output], show_secrets=show_secrets, clock=lambda: wire.now + 20)
    for event in wire.events:
        pipeline.feed(event)
    pipeline.close()
    return output.readings


def exported(name: str, calls: Iterable[Reading]) -> bytes:
    """The whole file in the format *name*."""
    pieces = EXPORTERS[name].export(calls)
    return b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)
