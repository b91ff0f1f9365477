"""What the rows say of each operation, held against Docker's own descriptions where they are at hand."""

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from apispy.engine import OPERATIONS, Operation, lookup
from apispy.engine.operations import DOCUMENTED, FOREIGN_TAGS
from apispy.engine.tables.desktop import DESKTOP, MODEL_RUNNER
from apispy.engine.tables.podman import LIBPOD
from apispy.engine.versions import VERSIONS, parse

DESCRIPTIONS = Path(__file__).parents[4] / "shared" / "engine-api"
"""The published descriptions of the API, and ops.json, made of them. They are at hand in CI."""

COUNTS = {
    "1.0": 28, "1.2": 27, "1.3": 29, "1.4": 30, "1.7": 32, "1.11": 33, "1.12": 35, "1.15": 40, "1.16": 41,
    "1.17": 43, "1.20": 46, "1.21": 56, "1.22": 57, "1.24": 79, "1.25": 94, "1.26": 96, "1.29": 97, "1.30": 103,
    "1.31": 105, "1.40": 106, "1.42": 107, "1.55": 108,
}  # fmt: skip
"""Operations documented in each version; those between have as many as the one before."""

IMAGES_BY_FORMAT = ("GET", "/images/{}")  # with the formats json and viz; ImageViz stands for it
TAGS = {row.tag for row in DOCUMENTED}
each_operation = pytest.mark.parametrize(
    "operation", [*OPERATIONS, LIBPOD, DESKTOP, MODEL_RUNNER], ids=lambda row: row.id
)


@each_operation
def test_says_what_it_does(operation: Operation) -> None:
    assert re.fullmatch(r"[A-Z][^.]*(1\.\d\d?[^.]*)*\.", operation.does), (
        "one sentence; versions have a dot too"
    )
    assert len(operation.does) < 100
    assert [row.id for row in OPERATIONS if row.does == operation.does] in ([operation.id], [])


@each_operation
def test_tag_and_versions(operation: Operation) -> None:
    if operation.tag in FOREIGN_TAGS:
        assert (operation.first, operation.last, operation.documented) == ("", "", False)
        return
    assert operation.tag in TAGS - {""}
    assert operation.first in VERSIONS
    assert operation.last in ("", *VERSIONS)
    having = [operation.exists_in(version) for version in VERSIONS]
    assert [there for there, _ in groupby(having)] in (
        [True],
        [False, True],
        [True, False],
        [False, True, False],
    )
    assert having[VERSIONS.index(operation.first)]


@each_operation
def test_commands(operation: Operation) -> None:
    assert all(re.fullmatch(r"docker( -{0,2}[a-zA-Z-]+)+", line) for line in operation.commands)
    assert len(set(operation.commands)) == len(operation.commands)


def test_as_many_as_documented() -> None:
    count = 0
    for version in VERSIONS:
        count = COUNTS.get(version, count)
        assert sum(row.exists_in(version) for row in DOCUMENTED) == count, version
    assert len(DOCUMENTED) == 114


def test_versions_that_are_not_known() -> None:
    attestations = lookup("GET", "/images/a/attestations").operation
    copy = lookup("POST", "/containers/a/copy").operation
    assert [attestations.exists_in(version) for version in ("1.54", "1.55", "1.99", "", "?")] == [False] + [
        True
    ] * 4
    assert [copy.exists_in(version) for version in ("1.3", "1.4", "1.23", "1.24", "9.9")] == [
        False,
        True,
        True,
        False,
        False,
    ]


# -- against Docker's descriptions --


def described() -> dict[str, Any]:
    path = DESCRIPTIONS / "ops.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"ops": [], "counts": {}}
    return found


def test_documented_rows_are_those_of_the_descriptions() -> None:
    rows = {(row.method, re.sub(r"\{\w+\}", "{}", row.path)): row for row in DOCUMENTED}
    rows[IMAGES_BY_FORMAT] = rows.pop(("GET", "/images/viz"))
    for op in described()["ops"]:
        row = rows.get((op["method"], op["key"]))
        if op["documented_first"]:
            assert row is not None, op["path"]
            last = "" if parse(op["documented_last"]) > parse(VERSIONS[-1]) else op["documented_last"]
            assert (row.first, row.last) == (op["documented_first"], last), row.id
            assert op["operationId"] in (row.id, None)
            assert op["tags"] in ([row.tag], [])
        else:
            assert row is None, op["path"]


def test_undocumented_routes_have_rows() -> None:
    for op in described()["ops"]:
        if not op["documented_first"]:
            row = lookup(op["method"], re.sub(r"\{[^}]*\}", "x", op["path"])).operation
            assert row.id, op["path"]
            assert not row.documented or row.id == "ImageViz"
            assert parse(row.first) <= parse(op["routed_first"][1]), row.id


def test_counts_are_those_of_the_descriptions() -> None:
    changed = {version: count for version, count in described()["counts"].items() if version in COUNTS}
    assert changed in (COUNTS, {})


def test_sentences_are_our_own() -> None:
    theirs = {
        re.sub(r"^[\s-]*(summary|description)?:?[\s\"']*|[\s.\"']*$", "", line).lower()
        for path in DESCRIPTIONS.glob("v1.*")
        for line in path.read_text().splitlines()
        if len(line) < 200
    }
    assert [row.id for row in OPERATIONS if row.does.rstrip(".").lower() in theirs] == []
