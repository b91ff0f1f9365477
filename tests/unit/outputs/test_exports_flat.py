"""csv and ndjson: cells that a spreadsheet would evaluate, or that have several lines."""

import csv
import json

from apispy.outputs.exports import EXPORTERS
from apispy.outputs.exports.columns import COLUMNS, iso_time
from tests.unit.outputs.decoded_calls import decoded_call

CREATE = decoded_call(
    "POST /v1.41/containers/create?name=web", 201, {"Id": "c" * 64}, ask={"Image": "busybox"}
)


def cells(*decoded_calls: object) -> list[dict[str, str]]:
    return list(csv.DictReader(EXPORTERS["csv"].export(decoded_calls)))  # type: ignore[arg-type]


def test_a_row():
    [row] = cells(CREATE)
    assert row["started"] == "2023-11-14T22:13:20.000000Z"
    assert row["operation"] == "ContainerCreate"
    assert row["arguments"] == "name=web Image=busybox"
    assert (row["status"], row["failed"], row["version"]) == ("201", "0", "1.41")
    assert (row["request_bytes"], row["to_client_bytes"]) == ("21", "0")


def test_types_stay_in_json():
    [line] = EXPORTERS["ndjson"].export([CREATE])
    assert '"status": 201' in line
    assert json.loads(line)["duration"] == 0.045
    assert json.loads(line)["errors"] is None


def test_without_an_answer_cells_are_empty():
    [row] = cells(decoded_call("GET /info", None, end="cut", problems=("lost",)))
    assert (row["status"], row["answered"], row["failed"], row["problems"]) == ("", "", "1", "lost")


def test_a_formula_is_defused_and_lines_stay_lines():
    [row] = cells(decoded_call("GET /info", client="=HYPERLINK(1)", problems=("two\nlines",)))
    assert row["client"] == "'=HYPERLINK(1)"
    assert row["problems"] == "two\\nlines"


def test_no_calls_are_a_line_of_headings():
    assert list(EXPORTERS["csv"].export([])) == [",".join(column.name for column in COLUMNS) + "\n"]
    assert list(EXPORTERS["ndjson"].export([])) == []


def test_times_that_no_calendar_has():
    assert iso_time(1e300).startswith("9999-12-31")
    assert iso_time(-5) == "1970-01-01T00:00:00.000000Z"


def test_one_reading_is_taken_at_a_time():
    taken = []

    def calls():
        for number in range(3):
            taken.append(number)
            yield CREATE

    for name in ("csv", "ndjson", "har", "pcapng"):
        taken.clear()
        pieces = EXPORTERS[name].export(calls())
        while not taken:
            next(pieces)
        assert taken == [0], name
