"""One call a row, for spreadsheets, DuckDB and pandas. The columns are those of ``columns.py``.

Text is on one line: control characters stand as ``\\n`` and the like. A text that begins as a formula does
(``= + - @``) gets an apostrophe before it, because spreadsheets would run it; Docker's own clients send none.
"""

import csv
import io
from collections.abc import Iterable, Iterator

from apispy.outputs.base import Reading
from apispy.outputs.escaping import escape
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import COLUMNS, Cell, row

FORMULA = ("=", "+", "-", "@")


@exporter("csv", suffix=".csv", says="a table with one row per call and a header line")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    yield _line([column.name for column in COLUMNS])
    for reading in readings:
        yield _line([_cell(cell) for cell in row(reading).values()])


def _cell(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    text = escape(cell)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def _line(cells: list[Cell]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
