"""One row per call, for spreadsheets, DuckDB and pandas. The columns are those of ``columns.py``.

Text stays on one line: control characters become ``\\n`` and the like. Text that starts like a formula (``= + - @``)
gets a leading apostrophe, because spreadsheets would evaluate it; Docker's own clients send no such text.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from apispy.outputs.base import DecodedCall
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import COLUMNS, Cell, row

FORMULA_STARTS = ("=", "+", "-", "@")


@exporter("csv", suffix=".csv", description="one row per call, with a header row")
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    yield _line([column.name for column in COLUMNS])
    for decoded in decoded_calls:
        yield _line([_cell(cell) for cell in row(decoded).values()])


def _cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = escape(cell)
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text


def _line(cells: list[Cell]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
