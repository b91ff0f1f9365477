"""Every operation finds itself again, and no text upsets the lookup."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.engine import OPERATIONS, Operation, lookup
from apispy.engine.lookup import PLAIN_NAMES, with_form
from apispy.engine.versions import VERSIONS

PREFIXES = ("", "/", "http://docker", "http://unix.sock:80/")
ODD_VERSIONS = ("", "/v1.56", "/v1.999", "/v4.0.0")
PLAIN = st.text("abz019_.-", min_size=1, max_size=12).map("n".__add__)
SLASHED = st.lists(
    st.text("abz019_.-:@ %é☃", min_size=1, max_size=8).map("n".__add__), min_size=1, max_size=3
).map("/".join)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)


@each_operation
@settings(max_examples=15, deadline=None)
@given(data=st.data(), prefix=st.sampled_from(PREFIXES), slash=st.sampled_from(["", "/", "//"]))
def test_every_operation_finds_itself_in_every_version(
    operation: Operation, data: st.DataObject, prefix: str, slash: str
) -> None:
    names: dict[str, str] = {}
    path = operation.path
    for before, name in re.findall(r"(\w*)/\{(\w+)\}", operation.path):
        names[name] = data.draw(PLAIN if before in PLAIN_NAMES else SLASHED)
        path = path.replace(f"{{{name}}}", quote(names[name], safe=data.draw(st.sampled_from(["", "/:@"]))))
    having = [f"/v{version}" for version in VERSIONS if operation.exists_in(version)]
    for version in (*having, *ODD_VERSIONS):
        call = lookup(operation.method, f"{prefix}{version}{path}{slash}?a=1&a=%2F&b")
        assert call.operation is operation
        assert call.arguments == names
        assert call.version == (version.removeprefix("/v") or None)
        assert call.version_known is (version in having)
        assert call.query == (("a", "1"), ("a", "/"), ("b", ""))


@pytest.mark.parametrize("base", ["/docker", "/api/endpoints/2/docker", "//a/docker"])
@pytest.mark.parametrize("version", ODD_VERSIONS)
def test_every_operation_finds_itself_under_a_base_path(base: str, version: str) -> None:
    for operation in OPERATIONS:
        if operation.path == "/{anyroute}":
            continue  # it accepts the base path as a part of the route
        path = re.sub(r"\{\w+\}", "n1", operation.path)
        call = lookup(operation.method, f"{base}{version}{path}?a=1")
        assert (call.operation, call.base, call.version) == (
            operation,
            base,
            version.removeprefix("/v") or None,
        )
        assert call.path == path


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "OPTIONS", "HEAD", ""]) | st.text(),
    target=st.text()
    | st.from_regex(r"(http://[a-z]*)?(/|/v1\.4|%|//|containers|libpod|json|[?&=;]|\{id\}|é){0,9}"),
    body=st.binary() | st.from_regex(rb"([a-z%&=;+\xff]|%[0-9a-f]{2}){0,9}"),
)
def test_lookup_is_total(method: str, target: str, body: bytes) -> None:
    call = with_form(lookup(method, target), body)
    assert call.operation.method in (method, "")
    assert call.path
    assert call.nearest_version in VERSIONS


def test_ids_and_routes_are_unique() -> None:
    assert len({row.id for row in OPERATIONS}) == len(OPERATIONS)
    assert len({(row.method, row.path) for row in OPERATIONS}) == len(OPERATIONS)
