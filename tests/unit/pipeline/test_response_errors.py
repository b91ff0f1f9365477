"""The daemon's own words for what went wrong, wherever they stand."""

from typing import Any

import pytest

from apispy.model import Exchange, Item, Request, Response
from apispy.pipeline.response_errors import error_in, errors_of


def item(value: Any, kind: str = "json") -> Item:
    return Item(kind, kind, value, (0, 1))


def answered(status: int, end: Any = "complete") -> Exchange:
    return Exchange(1, 1, 0.0, "c", "u", Request("GET", "/"), Response(status), end=end)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"errorDetail": {"code": 1, "message": "no"}, "error": "no"}, "no"),
        ({"error": "no"}, "no"),
        ({"Error": {"Message": "no"}, "StatusCode": 1}, "no"),
        ({"Error": None, "StatusCode": 0}, ""),
        ({"error": {"odd": 1}}, ""),
        ({"errorDetail": "odd"}, ""),
        (["error"], ""),
        (None, ""),
    ],
)
def test_said_in(value: Any, said: str) -> None:
    assert error_in(item(value)) == said


@pytest.mark.parametrize(
    ("status", "items", "errors"),
    [
        (404, [item({"message": "No such container: x"})], ("No such container: x",)),
        (404, [item("No such ", "text"), item("container\n", "text")], ("No such container",)),
        (500, [item(b"raw \xff", "raw")], ("raw \\xff",)),
        (500, [], ()),
        (200, [item({"status": "ok"}), item({"error": "late"}), item({"error": "late"})], ("late",)),
        (200, [item({"message": "no error here"})], ()),
        (200, [item("ends inside a frame", "problem")], ("ends inside a frame",)),
        (101, [item(b"cannot read logs\n", "systemerr")], ("cannot read logs",)),
    ],
)
def test_errors_of(status: int, items: list[Item], errors: tuple[str, ...]) -> None:
    assert errors_of(answered(status), items) == errors


def test_the_missing_tail_of_a_cut_call_is_no_error_of_its_own() -> None:
    assert errors_of(answered(200, "cut"), [item("ends inside a frame", "problem")]) == ()
