"""The page's script and Python agree on every filter of the tables in the other tests of this directory.

Node runs the script's parser on the grammar and the field values that Python ships with a page.
"""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from apispy.filters import Filter
from apispy.filters.as_json import KINDS, field_values, grammar
from apispy.filters.fields import TABLE
from apispy.outputs import DecodedCall
from apispy.outputs.page.document import ASSETS
from tests.timezone import local_timezone
from tests.unit.filters import test_filter, test_parser
from tests.unit.outputs.decoded_calls import decoded_call

needs_node = pytest.mark.skipif(
    shutil.which("node") is None and "CI" not in os.environ, reason="no node on this machine"
)

RUN = """
const { grammar, filters, calls } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const language = filterLanguage(grammar);
const judged = filters.map((text) => {
  try {
    const test = language.parse(text);
    return calls.map((call) => test(call));
  } catch (error) {
    return { at: error.at, message: error.message };
  }
});
console.log(JSON.stringify(judged));
"""


def rows(test: Any) -> list[tuple[Any, ...]]:
    """The rows of a parametrized test."""
    [mark] = [one for one in test.pytestmark if one.name == "parametrize"]
    return list(mark.args[1])


def judged(filters: list[str], calls: list[DecodedCall]) -> list[Any]:
    """What the script says: for each filter a list with whether each call matches, or its error."""
    given = {"grammar": grammar(), "filters": filters, "calls": [field_values(call) for call in calls]}
    script = (ASSETS / "filter.js").read_text("utf-8") + RUN
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(given, allow_nan=False), capture_output=True, text=True,
        check=True, timeout=60, env={"TZ": "Europe/Berlin", "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )  # fmt: skip
    return json.loads(done.stdout)  # type: ignore[no-any-return]


FAILED = test_filter.FAILED
SINGLE = [test_filter.LIST, FAILED, test_filter.ODD, test_filter.ATTACH]
CALLS = [*SINGLE, *test_filter.CALLS, decoded_call("GET /info", 200, {}, duration=float("inf"))]
CHOOSING = [
    text
    for test in (
        test_filter.test_what_is_chosen,
        test_filter.test_containers_and_images_go_by_all_their_names,
    )
    for text, _ in rows(test)
]
OTHERS = [
    "time>=2023-11-14T22:13:20+00:00", "time<2023-11-14T23:13:20.5+01:00", 'time>"2023-11-14 23:13"',
    "client:*[1]*", "path:*.*", 'op:"Container(List"', "op:^Container*", "path:/v?.json", "slow>1h", 'note:"\\"x"',
    "status=404", "status==404", "version<=1.9", "size<1KiB",
]  # fmt: skip


@needs_node
def test_the_same_calls_match() -> None:
    canonical = [text for text, _ in rows(test_parser.test_the_canonical_text)]
    filters = [*CHOOSING, *OTHERS, *canonical]
    with local_timezone("Europe/Berlin"):
        wanted = [[Filter.parse(text).matches(call) for call in CALLS] for text in filters]
    assert dict(zip(filters, judged(filters, CALLS), strict=True)) == dict(zip(filters, wanted, strict=True))
    assert any(map(any, wanted))


@needs_node
def test_the_same_texts_are_refused_at_the_same_place() -> None:
    table = rows(test_parser.test_errors_point_at_the_place)
    for (text, caret, says), found in zip(table, judged([row[0] for row in table], []), strict=True):
        assert found["at"] == caret, text
        if "did you mean" not in says:  # the script suggests nothing
            assert says in found["message"]


@pytest.mark.parametrize("kind", {id(field.kind): field.kind for field in TABLE}.values())
def test_every_type_of_value_has_a_name(kind: Any) -> None:
    assert kind in KINDS.values()


def test_what_is_empty_is_left_out() -> None:
    found = field_values(test_filter.ODD)
    assert {"status", "error", "note", "container"} - found.keys() == {"status", "error", "note", "container"}
    assert found["op"] == ["?"]
    assert "error!" not in found
    assert field_values(FAILED)["error!"] is True
