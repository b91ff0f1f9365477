"""Paths to values in JSON."""

import copy
from typing import Any

import pytest

from apispy.redaction.json_paths import find, parse

VALUE = {"Config": {"Labels": {"x": 1, "com.example.key": 2}, "Env": ["A", "B"]}, "x": [{"x": 3}, {"y": 4}]}


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("$.Config.Labels.x", ["$.Config.Labels.x"]),
        ("$.config.LABELS.X", ["$.Config.Labels.x"]),
        ("$.Config.Labels['com.example.key']", ["$.Config.Labels['com.example.key']"]),
        ('$["Config"]["Labels"]["x"]', ["$.Config.Labels.x"]),
        ("$.Config.Labels.*", ["$.Config.Labels.x", "$.Config.Labels['com.example.key']"]),
        ("$.Config.Env[1]", ["$.Config.Env[1]"]),
        ("$.Config.Env[*]", ["$.Config.Env[0]", "$.Config.Env[1]"]),
        ("$.Config.Env[7]", []),
        ("$.x.x", ["$.x[0].x"]),  # lists are crossed
        ("$.x[*].y", ["$.x[1].y"]),
        ("$..y", ["$.x[1].y"]),
        ("$..x", ["$.Config.Labels.x", "$.x", "$.x[0].x"]),
        ("$.nothing.here", []),
    ],
)
def test_find(path: str, places: list[str]) -> None:
    assert sorted({found.place for found in find([VALUE], parse(path))}) == sorted(places)


def test_what_is_found_can_be_replaced() -> None:
    holder: list[Any] = [copy.deepcopy(VALUE)]
    for found in find(holder, parse("$.Config")):
        assert found.value == VALUE["Config"]
        found.put(None)
    assert holder == [{"Config": None, "x": VALUE["x"]}]


def test_no_path_is_the_whole() -> None:
    assert [found.place for found in find([5], ())] == ["$"]
