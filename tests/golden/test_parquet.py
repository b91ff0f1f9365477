"""Exports in Parquet: read back with pyarrow, their schema, groups, and what happens without pyarrow."""

import io
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click.testing
import pyarrow.parquet
import pytest

from apispy.cli.proxy import proxy
from apispy.errors import ApispyError
from apispy.outputs import DecodedCall
from apispy.outputs.exports import EXPORTERS, parquet
from apispy.outputs.exports.columns import row
from tests.golden.exported import decoded_calls, exported
from tests.golden.sessions import SECRET_PARTS, SESSIONS
from tests.unit.outputs.decoded_calls import decoded_call

HERE = Path(__file__).parent
SAMPLE = HERE.parents[1] / "samples/run.jsonl"


def table(calls: list[DecodedCall]) -> pyarrow.Table:
    return pyarrow.parquet.read_table(io.BytesIO(exported("parquet", calls)))


def test_the_schema(expect: Callable[[Path, str], None]) -> None:
    lines = [f"{field.name}: {field.type}" for field in table(decoded_calls("run")).schema]
    expect(HERE / "parquet-schema.txt", "\n".join(lines) + "\n")


def test_every_cell_is_the_one_of_the_other_formats() -> None:
    calls = decoded_calls(*SESSIONS)

    def expected(call: DecodedCall) -> dict[str, Any]:
        found: dict[str, Any] = row(call)
        return found | {"started": datetime.fromisoformat(found["started"])}

    assert table(calls).to_pylist() == [expected(call) for call in calls]


def test_no_calls_are_an_empty_table() -> None:
    found = table([])
    assert found.num_rows == 0
    assert found.schema == table(decoded_calls("run")).schema


def texts(calls: list[DecodedCall]) -> str:
    return repr(table(calls).to_pylist())


def test_no_secret_is_in_a_cell() -> None:
    assert not [part for part in SECRET_PARTS if part in texts(decoded_calls(*SESSIONS))]
    shown = texts(decoded_calls(*SESSIONS, show_secrets=True))
    assert [part for part in SECRET_PARTS if part in shown]  # so the line above can fail


@pytest.mark.parametrize("started", [0.0, 1_700_000_000.123456, 253_402_300_799.0, 2e11])
def test_any_time_is_a_timestamp(started: float) -> None:
    [found] = table([decoded_call("GET /v1.41/info", started=started)]).to_pylist()
    assert found["started"].timestamp() == pytest.approx(min(started, 253_402_300_799))


def test_text_that_is_not_unicode_is_escaped() -> None:
    [found] = table([decoded_call("GET /v1.41/info", client="a\udcff\nb\0")]).to_pylist()
    assert found["client"] == "a\\udcff\nb\0"


def test_rows_are_written_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 3)
    taken = []

    def calls() -> Iterator[DecodedCall]:
        for number in range(8):
            taken.append(number)
            yield decoded_call("GET /v1.41/info", id=number)

    pieces = EXPORTERS["parquet"].export(calls())
    data = [next(pieces)]
    assert taken == [0, 1, 2]
    data += pieces
    file = pyarrow.parquet.ParquetFile(io.BytesIO(b"".join(data)))  # type: ignore[arg-type]
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [3, 3, 2]
    assert file.read()["id"].to_pylist() == list(range(8))


def test_without_pyarrow_the_error_says_what_to_type_and_no_file_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    file = tmp_path / "calls.parquet"
    file.write_text("of yesterday")
    words = ["export", str(SAMPLE), "--force", "-o", str(file)]
    done = click.testing.CliRunner().invoke(proxy, words, standalone_mode=False)
    assert isinstance(done.exception, ApispyError)
    assert str(done.exception) == (
        "apispy needs pyarrow to write Parquet, and it is not installed. Type: pip install 'apispy[parquet]'"
    )
    assert file.read_text() == "of yesterday"


def test_a_filter_and_the_suffix(tmp_path: Path) -> None:
    file = tmp_path / "calls.parquet"
    words = ["export", str(SAMPLE), "--filter", "op:ContainerCreate", "-o", str(file)]
    done = click.testing.CliRunner().invoke(proxy, words, standalone_mode=False)
    assert (done.exception, done.return_value) == (None, 0)
    assert set(pyarrow.parquet.read_table(file)["operation"].to_pylist()) == {"ContainerCreate"}
