"""JSON as indented lines."""

import json

from hypothesis import given
from hypothesis import strategies as st

from apispy.outputs.json_text import MAX_DEPTH, json_lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=30), inner, max_size=5),
)


def test_what_fits_stays_on_one_line() -> None:
    assert json_lines({"a": [1, 2], "b": {}}) == ['{"a": [1, 2], "b": {}}']
    assert json_lines({"a": [1, 2], "b": "x"}, width=14) == ["{", '  "a": [1, 2],', '  "b": "x"', "}"]


@given(JSON)
def test_the_lines_are_the_same_json(value: object) -> None:
    lines = json_lines(value)
    escapes = "\\x", "\\U"  # an invisible character is no JSON any more
    if not any(mark in line for line in lines for mark in escapes):
        assert json.loads("\n".join(lines)) == value


def test_very_deep_json_does_not_fail() -> None:
    value: object = "x" * 100
    for _ in range(5 * MAX_DEPTH):
        value = [value]
    assert len(json_lines(value)) == 2 * MAX_DEPTH + 1
