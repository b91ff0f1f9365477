"""The data of the engine room hold together, for every operation in every version."""

import re
from collections.abc import Iterator

import pytest

from apispy.engine import OPERATIONS, Operation
from apispy.engine.facts import described
from apispy.engine.operations import DOCUMENTED
from apispy.engine.parameters import parameters, parameters_of
from apispy.engine.shapes import Shape, request_shape, response_shape, statuses
from apispy.engine.versions import VERSIONS, between

DESCRIBED = described()["versions"]


def everything(shape: Shape) -> Iterator[Shape]:
    yield shape
    for field in shape.fields:
        yield from everything(field.shape)
    if shape.items:
        yield from everything(shape.items)


@pytest.mark.parametrize("version", DESCRIBED)
def test_every_shape_can_be_walked_to_its_ends(version: str) -> None:
    operations = [row.id for row in DOCUMENTED if row.exists_in(version)]
    assert len(operations) > 90
    for operation in operations:
        assert statuses(operation, version), operation
        roots = [request_shape(operation, version)]
        roots += [response_shape(operation, status, version) for status in statuses(operation, version)]
        for shape in (part for root in roots if root for part in everything(root)):
            names = [field.name for field in shape.fields]
            assert len(set(names)) == len(names)
            assert (shape.items is not None) == (shape.kind in ("array", "map"))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)
def test_every_operation_has_its_parameters(operation: Operation) -> None:
    rows = parameters(operation.id)
    assert {row.name for row in rows if row.place == "path"} == set(re.findall(r"\{(\w+)\}", operation.path))
    for row in rows:
        assert between(row.first, row.last, VERSIONS[-1]), row
        assert row.type in ("string", "boolean", "integer", "array")
    for version in VERSIONS:
        keys = [(row.place, row.name.lower()) for row in parameters_of(operation.id, version)]
        assert len(set(keys)) == len(keys)


def test_what_the_descriptions_have_the_table_has() -> None:
    """A new version with a new operation needs a row in apispy/engine/tables."""
    rows = {
        f"{row.method} {re.sub('{[^}]*}', '{}', row.path)}"
        for row in DOCUMENTED
        if row.exists_in(DESCRIBED[0]) or not row.last
    }
    assert set(described()["operations"]) == rows
