"""Make a large capture by repeating the calls of samples/*.jsonl.

    .venv/bin/python tools/make_many.py 100000 /tmp/many.jsonl
    time .venv/bin/apispy show --stats /tmp/many.jsonl

Each round takes ten seconds and has new numbers, so call numbers are unique and rounds do not overlap.
"""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from apispy.capture import Header, Writer, read
from apispy.model import Exchange
from apispy.structs import replace

SAMPLES = Path(__file__).parents[1] / "samples"
START = 1_700_000_000.0
ROUND = 10.0
"""Seconds per round; each sample is shorter."""


def many(count: int) -> Iterator[Exchange]:
    """Yield *count* calls in the order of their ends."""
    samples = [list(read(path)) for path in sorted(SAMPLES.glob("*.jsonl"))]
    return itertools.islice(_endless(samples), count)


def _endless(samples: list[list[Exchange]]) -> Iterator[Exchange]:
    number = connection = 0
    for round_, sample in enumerate(itertools.cycle(samples)):
        shift = START + round_ * ROUND - min(one.started for one in sample)
        for one in sample:
            yield replace(
                one,
                id=number + one.id,
                connection=connection + one.connection,
                started=one.started + shift,
            )
        number += max(one.id for one in sample)
        connection += max(one.connection for one in sample)


def main(count: int, path: Path) -> None:
    with Writer(path) as writer:
        writer.header(Header("0.1.0", START))
        for exchange in many(count):
            writer.exchange(exchange)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
