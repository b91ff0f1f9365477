"""Every operation in every version explains itself, and no text upsets it."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apispy.engine import OPERATIONS, Operation
from apispy.engine.operations import FOREIGN_TAGS
from apispy.engine.versions import VERSIONS
from apispy.errors import UsageError
from apispy.learn.explain import difference_page, list_page, question_page
from apispy.learn.explain.docker_flags import CONDITIONS, FLAGS, UNRECORDED
from apispy.learn.explain.docker_line import docker_line
from apispy.learn.explain.explanation import explain
from apispy.learn.explain.interpretation import interpret
from apispy.learn.explain.records import Question

ANY_COMMAND = "docker COMMAND"
COMMANDS = sorted({command for row in OPERATIONS for command in row.commands} - {ANY_COMMAND})

SHOWN = Path(__file__).parents[1] / "golden/expected"

WORDS = st.sampled_from(
    ["docker", "curl", "ps", "run", "-a", "-X", "-d", "{", "'", '"', "\\\n", "GET", "/", "/containers/json", "?a=1",
     "%", "http://", "--data-urlencode", '{"Env": [{}]}', "-H", "|", "$", "-G", "\udc80", "/v1.9999/info"]
)  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)
def test_every_operation_in_every_version(operation: Operation) -> None:
    for version in VERSIONS:
        one = explain(Question(operation), version)
        assert operation.exists_in(one.api)
        assert one.api == version or not operation.exists_in(version) or operation.tag in FOREIGN_TAGS
    page = question_page(operation.id, every_field=True, width=80)
    assert page.value()["explanations"][0]["operation"] == operation.id
    assert len(page.lines) > 8


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)
def test_its_curl_line_is_understood_as_that_operation(operation: Operation) -> None:
    line = explain(Question(operation)).curl
    if not line.startswith("# curl cannot"):
        assert [one.operation for one in interpret(line).questions] == [operation]


@pytest.mark.parametrize("path", sorted(SHOWN.glob("*.console-curl.txt")), ids=lambda path: path.stem)
def test_the_lines_of_curl_are_understood(path: Path) -> None:
    for line in re.findall(r"(?m)^ *(\$ .*curl -.*)", path.read_text()):
        assert "/no/such/" in line or interpret(line).kind == "curl line"


@settings(max_examples=300, deadline=None)
@given(text=st.text() | st.lists(WORDS, max_size=8).map(" ".join), width=st.sampled_from([0, 1, 20, 80, 200]))
@example("POST /containers/create?\udc80=\udc80", 80)
@example("GET /libpod/x", 80)
@example("curl -d " + "[" * 5000 + " http://d/containers/create", 80)
@example('curl -d \'{"HostConfig": {"Mounts": [1]}}\' http://d/containers/create', 80)
def test_no_text_upsets_it(text: str, width: int) -> None:
    with suppress(UsageError):
        page = question_page(text, width=width, every_field=True)
        assert page.lines
        assert json.dumps(page.value())


RECORDED_API = "1.51"

OTHER_CALLS = {
    # Older clients with BuildKit, and all without it, build and prune by these; engine 28.5's get BuildKit's own.
    "docker build": {"BuildCancel"},
    "docker builder prune": {"BuildPrune"},
    # The direction decides, and there is none without arguments.
    "docker cp": {"ContainerArchiveInfo", "PutContainerArchive"},
    "docker container cp": {"ContainerArchiveInfo", "PutContainerArchive"},
}
"""Calls of a command that its recording does not have."""


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"docker insert"}))  # of Docker 1.0: gone
def test_every_docker_command_makes_its_calls(command: str) -> None:
    found = interpret(command)
    rows = {row.id: row for row in OPERATIONS if command in row.commands}
    assert found.kind == "docker command"
    told = {one.operation.id for one in found.questions} | set(
        re.findall(r"[A-Z][A-Za-z]+", " ".join(found.notes))
    )
    missing = {
        name for name, row in rows.items() if row.exists_in(RECORDED_API) and row.tag not in FOREIGN_TAGS
    } - told
    assert missing == OTHER_CALLS.get(command, set())


def test_the_tables_of_the_docker_cli_know_only_what_there_is() -> None:
    ids = {row.id for row in OPERATIONS}
    assert {row for _, row in CONDITIONS} <= ids
    assert {row for rows in UNRECORDED.values() for row, _ in rows} <= ids
    assert {operation for operation, _ in FLAGS.values()} <= ids
    assert docker_line("docker ps") is not None


def test_the_list_has_every_operation() -> None:
    assert {row["operation"] for row in list_page().value()["operations"]} == {row.id for row in OPERATIONS}


@pytest.mark.parametrize("older", ["1.0", "1.24", "1.41"])
def test_either_order_of_two_versions_is_one_difference(older: str) -> None:
    assert (
        difference_page(older, "1.52").value()["changes"] == difference_page("1.52", older).value()["changes"]
    )
