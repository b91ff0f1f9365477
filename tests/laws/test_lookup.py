"""Every operation finds itself again, and no text upsets the lookup."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.engine import OPERATIONS, Operation, lookup
from apispy.engine.lookup import PLAIN_NAMES
from apispy.engine.operations import DOCUMENTED

VERSIONS = ("", "/v1.18", "/v1.41", "/v1.55", "//v1.41", "http://docker/v1.24", "/v4.0.0")
PLAIN = st.text("abz019_.-", min_size=1, max_size=12).map("n".__add__)
SLASHED = st.lists(
    st.text("abz019_.-:@ %é", min_size=1, max_size=8).map("n".__add__), min_size=1, max_size=3
).map("/".join)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)


@each_operation
@settings(max_examples=15, deadline=None)
@given(data=st.data(), version=st.sampled_from(VERSIONS), slash=st.sampled_from(["", "/"]))
def test_every_operation_finds_itself(
    operation: Operation, data: st.DataObject, version: str, slash: str
) -> None:
    names: dict[str, str] = {}
    path = operation.path
    for before, name in re.findall(r"(\w*)/\{(\w+)\}", operation.path):
        names[name] = data.draw(PLAIN if before in PLAIN_NAMES else SLASHED)
        path = path.replace(f"{{{name}}}", quote(names[name], safe=data.draw(st.sampled_from(["", "/:@"]))))
    call = lookup(operation.method, f"{version}{path}{slash}?a=1&a=%2F&b")
    assert call.operation is operation
    assert call.arguments == names
    assert call.version == (re.sub(r".*/v", "", version) or None)
    assert call.query == (("a", "1"), ("a", "/"), ("b", ""))


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "OPTIONS", "HEAD", ""]) | st.text(),
    target=st.text() | st.from_regex(r"(http://[a-z]*)?(/|/v1\.4|%|//|containers|json|[?&=;]|\{id\}|é){0,9}"),
)
def test_lookup_is_total(method: str, target: str) -> None:
    call = lookup(method, target)
    assert call.operation.method in (method, "")
    assert call.path


def test_ids_and_routes_are_unique() -> None:
    assert len({row.id for row in OPERATIONS}) == len(OPERATIONS)
    assert len({(row.method, row.path) for row in OPERATIONS}) == len(OPERATIONS)
    assert len(DOCUMENTED) == 114
