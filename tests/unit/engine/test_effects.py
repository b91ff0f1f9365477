"""What calls do: every operation reads or changes, but for a few that are named."""

import pytest

from apispy.engine import Call, lookup
from apispy.engine.effects import (
    CHANGE,
    CHANGING_GETS,
    EFFECTS,
    MORE,
    NEITHER,
    READ,
    READING_METHODS,
    READING_POSTS,
    TUNNEL,
    effects,
)
from apispy.engine.operation import Operation
from apispy.engine.operations import BY_ID, CALLABLE


@pytest.mark.parametrize("operation", CALLABLE, ids=lambda one: one.id)
def test_every_operation_reads_or_changes(operation: Operation) -> None:
    found = effects(Call(operation, operation.path, None, {}, ()))
    assert set(found) <= set(EFFECTS)
    main = {READ, CHANGE} & set(found)
    if operation.id in NEITHER or "{path}" in operation.path:
        assert not main
        return
    reads = operation.method in ("GET", "HEAD")
    if operation.id in CHANGING_GETS | READING_POSTS | READING_METHODS | {"ContainerAttach"}:
        reads = not reads
    assert main == {READ if reads else CHANGE}


def test_the_tables_name_operations() -> None:
    named = (
        CHANGING_GETS
        | READING_POSTS
        | NEITHER
        | {TUNNEL}
        | READING_METHODS
        | {name for names in MORE.values() for name in names}
    )
    assert named <= set(BY_ID)
    assert all(BY_ID[name].method == "GET" for name in CHANGING_GETS)
    assert all(BY_ID[name].method == "POST" for name in READING_POSTS | READING_METHODS)


def test_attach_changes_if_it_sends_input() -> None:
    assert effects(lookup("POST", "/containers/web/attach?stream=1&stdout=1")) == (READ,)
    assert effects(lookup("POST", "/containers/web/attach?stream=1&stdin=1")) == (CHANGE,)


def test_what_is_unknown_has_no_effect() -> None:
    for target in ("/nosuch", "/libpod/some/thing"):
        assert effects(lookup("GET", target)) == ()
