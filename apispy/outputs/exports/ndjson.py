"""One call a line, as a flat JSON object in pure ASCII. The columns are those of ``columns.py``."""

from collections.abc import Iterable, Iterator

from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import row
from apispy.outputs.reading_values import ascii_json


@exporter("ndjson", suffix=".ndjson", says="one flat JSON object per call, one per line")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    for reading in readings:
        yield ascii_json(row(reading)) + "\n"
