"""DuckDB reads the flat rows of every sample, and finds what the statistics say."""

import json
import re
from pathlib import Path

import click.testing
import duckdb
import pytest

from apispy.capture import read
from apispy.cli.proxy import proxy

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.jsonl"))
TABLES = {
    "csv": "read_csv('{}', types={{'version': 'VARCHAR'}})",
    "ndjson": "read_json('{}')",
    "parquet": "read_parquet('{}')",
}


def apispy(*words: object) -> str:
    result = click.testing.CliRunner().invoke(proxy, list(map(str, words)), standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 0)
    return result.stdout


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_it_reads_them(path: Path, form: str, tmp_path: Path) -> None:
    table = TABLES[form].format(tmp_path / f"calls.{form}")
    apispy("export", path, "-o", tmp_path / f"calls.{form}")
    rows = duckdb.sql(
        f"SELECT operation, count(*), sum(failed), sum(response_bytes + to_client_bytes) FROM {table} GROUP BY 1"
    ).fetchall()
    told = json.loads(apispy("show", "--stats", "--json", path))["operations"]
    assert {tuple(map(str, row)) for row in rows} == {
        (row["operation"], str(row["calls"]), str(row["errors"]), str(row["received"])) for row in told
    }
    versions = [
        one for (one,) in duckdb.sql(f"SELECT version FROM {table} WHERE version IS NOT NULL").fetchall()
    ]
    assert sorted(versions) == sorted(
        found[1] for call in read(path) if (found := re.match(r"/v([0-9.]+)/", call.request.target))
    )
    [(first,)] = duckdb.sql(f"SELECT epoch_us(min(started)::TIMESTAMPTZ) FROM {table}").fetchall()
    assert first / 1e6 == pytest.approx(min(call.started for call in read(path)), abs=0.001)
