"""One row per call in Apache Parquet, for DuckDB, Spark, ClickHouse and pandas.

The columns are those of ``columns.py``, with the types that it names; ``started`` is a timestamp in UTC. Rows are
written in groups, so an export needs the memory of one group.

pyarrow writes it, an extra that only this file imports.
"""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from apispy.errors import MissingExtra
from apispy.outputs.base import DecodedCall
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.columns import COLUMNS, Cell, Column, row

if TYPE_CHECKING:
    import pyarrow

GROUP_ROWS = 5000
"""Rows in a group: readers skip whole groups by the smallest and greatest value of a column."""

TIMES = ("started",)
"""The columns with ISO 8601 in UTC, which become timestamps."""


@exporter(
    "parquet",
    suffix=".parquet",
    description="one row per call, for DuckDB, Spark and ClickHouse",
    binary=True,
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[bytes]:
    """Return the pieces of the file. Raises ApispyError at once if pyarrow is not installed."""
    try:
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise MissingExtra("pyarrow", "to write Parquet", "parquet") from None
    return _pieces(decoded_calls, ParquetWriter)


def _pieces(decoded_calls: Iterable[DecodedCall], make_writer: Any) -> Iterator[bytes]:
    import pyarrow

    sink = _Sink()
    columns = pyarrow.schema([(column.name, _type(column)) for column in COLUMNS])
    rows = ({name: _cell(name, cell) for name, cell in row(call).items()} for call in decoded_calls)
    with make_writer(sink, columns) as writer:
        for group in batched(rows, GROUP_ROWS):
            writer.write_table(pyarrow.Table.from_pylist(list(group), columns))
            yield sink.take()
    yield sink.take()


def _type(column: Column) -> "pyarrow.DataType":
    import pyarrow

    if column.name in TIMES:
        return pyarrow.timestamp("us", "UTC")
    return {"text": pyarrow.string(), "integer": pyarrow.int64(), "number": pyarrow.float64()}[column.kind]


def _cell(name: str, cell: Cell) -> Any:
    if not isinstance(cell, str):
        return cell
    if name in TIMES:
        return datetime.fromisoformat(cell)
    return cell.encode("utf-8", "backslashreplace").decode()  # Parquet's text is UTF-8, without surrogates


class _Sink(io.RawIOBase):
    """A file for pyarrow that hands over what was written, and forgets it."""

    def __init__(self) -> None:
        self._data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        """Return the bytes since the last call."""
        taken, self._data = bytes(self._data), bytearray()
        return taken
