"""One line per call: a flat JSON object in pure ASCII. The columns are those of ``columns.py``."""

from collections.abc import Iterable, Iterator

from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import ascii_json
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import row


@exporter("ndjson", suffix=".ndjson", description="one line per call, as a flat JSON object")
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    for decoded in decoded_calls:
        yield ascii_json(row(decoded)) + "\n"
