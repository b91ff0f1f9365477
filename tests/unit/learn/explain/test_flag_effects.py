"""What is said of flags that were recorded: data/flag_effects.json, see tests/e2e/flag_recorder.py."""

import json

import pytest

from apispy.decoders.grpc_schema import METHODS
from apispy.engine.operations import BY_ID
from apispy.learn.explain.docker_cli import commands, parse
from apispy.learn.explain.docker_flags import FLAGS
from apispy.learn.explain.flag_effects import CONVERSIONS, EFFECTS, KINDS
from apispy.learn.explain.flag_uses import (
    FAILED,
    NOT_RECORDED,
    NOT_SENT,
    OTHER_VALUE,
    SECRET,
    flag_uses,
    uses_text,
)
from apispy.learn.explain.flag_values import HIDDEN, shell_words
from apispy.learn.explain.interpretation import interpret
from apispy.learn.explain.overview import flag_lines
from apispy.learn.explain.records import FlagUse

ENTRIES = json.loads(EFFECTS.read_text())
METHOD_NAMES = {
    f"{method.rpartition('/')[0].rpartition('.')[2]}/{method.rpartition('/')[2]}" for method in METHODS
}
COUNTED = {"FileSend/DiffCopy", "SSH/ForwardAgent"}
"""Methods whose messages are not read."""


def uses_of(line: str) -> tuple[FlagUse, ...]:
    return flag_uses(parse(shell_words(line)))


def text_of(line: str) -> str:
    """Return what is said of a command line's flags, in one line."""
    return " ".join(" ".join(one.text for one in flag_lines(uses_of(line), 200)).split())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry['line']} {entry['flag']}")
def test_what_was_recorded_is_what_is_said(entry):
    _, targets = FLAGS.get(entry["command"], ("", {}))
    if entry["flag"] in targets:  # known in more detail, see test_docker_flags.py
        return
    said = uses_of(entry["line"])
    for call, place, name, conversion, sent in entry.get("changes", ()):
        if entry["flag"] in SECRET:
            assert any((use.operation, use.place) == (call, place) and HIDDEN in use.value for use in said)
            continue
        text = name.partition("{name}")[0]
        values = [
            use.value
            for use in said
            if (use.operation, use.place) == (call, place) and use.name.startswith(text)
        ]
        assert sent in values, (name, conversion)
    for kind in KINDS:
        if kind in entry:
            assert (kind, entry[kind]) in [(use.name, use.value) for use in said if use.place == "calls"]


def test_the_table_names_commands_flags_calls_and_conversions_that_exist():
    known = {*BY_ID, *METHOD_NAMES, *COUNTED}
    for entry in ENTRIES:
        line = parse(shell_words(entry["line"]))
        assert entry["flag"] in commands()[line.typed_name]["flags"], entry
        calls = {call for kind in KINDS for call in entry.get(kind, ())}
        assert calls | {change[0] for change in entry.get("changes", ())} <= known, entry
        for change in entry.get("changes", ()):
            assert change[3] in ("", *CONVERSIONS) or change[3].startswith("field "), change


def test_no_flag_is_in_both_tables_with_another_result():
    """A flag of docker_flags.py that was recorded for this table too gets the same name."""
    for entry in ENTRIES:
        _, targets = FLAGS.get(entry["command"], ("", {}))
        names = {path.removeprefix("?") for path, _ in targets.get(entry["flag"], ())}
        recorded = {
            change[2].partition(".{name}")[0].partition("[]")[0] for change in entry.get("changes", ())
        }
        assert not names or not recorded or names & recorded, entry


def test_the_fields_of_a_build():
    said = text_of(
        "docker build --target two --build-arg TOKEN=hunter2 --label a=b --label c=d --pull -t me/x:1 ."
    )
    assert (
        "--target two Control/Solve: FrontendAttrs.target = two; ImageBuild: ?target=two (with DOCKER_BUILDKIT=0)"
        in said
    )
    assert f"--build-arg Control/Solve: FrontendAttrs.build-arg:TOKEN = {HIDDEN}" in said
    assert "Control/Solve: FrontendAttrs.label:a = b; FrontendAttrs.label:c = d" in said
    assert "--pull Control/Solve: FrontendAttrs.image-resolve-mode = pull" in said
    assert "Exporters[].Attrs.name = me/x:1" in said
    assert "hunter2" not in said


def test_of_a_dockerfile_in_another_directory_the_builder_gets_the_name():
    assert "FrontendAttrs.filename = web.Dockerfile;" in text_of("docker build -f x/web.Dockerfile .")
    assert "FrontendAttrs.filename = web.Dockerfile;" in text_of("docker build -f web.Dockerfile .")


def test_a_secret_is_what_the_client_answers():
    assert "Secrets/GetSecret: answer data = (the secret)" in text_of(
        "docker build --secret id=token,src=other.txt ."
    )


def test_an_agent_is_there_only_with_ssh():
    assert "answer status = OK" in text_of("docker build --ssh default=key .")


def test_variables_of_a_service_that_are_taken_away():
    assert "--env-rm FIRST without TaskTemplate.ContainerSpec.Env[]" in text_of(
        "docker service update --env-rm FIRST web"
    )


@pytest.mark.parametrize(
    "line",
    [
        "docker build --progress plain .",
        "docker buildx build --iidfile x .",
        "docker ps --no-trunc",
        "docker compose ps -q",
        "docker images --digests",
    ],
)
def test_a_flag_of_the_client_alone_is_not_sent(line):
    assert [use.note for use in uses_of(line)] == [NOT_SENT]


def test_compose_flags_change_which_calls_are_made():
    assert "--no-start without ContainerStart" in text_of("docker compose up -d --no-start")
    assert "adds VolumeDelete" in text_of("docker compose down -v")
    assert "-v ?v=1; adds VolumeDelete" in text_of("docker compose down -v")
    assert "--timeout 3 ?t=3" in text_of("docker compose down --timeout 3")
    orphans = text_of("docker compose up -d --remove-orphans")
    assert "adds ContainerDelete, ContainerStop (if the project has containers of services that" in orphans


def test_a_value_that_was_not_recorded_gets_what_all_values_change():
    assert "recorded with --scale web=3: more calls of ContainerCreate" in text_of(
        "docker compose up -d --scale db=7"
    )
    assert OTHER_VALUE in text_of("docker compose up -d --scale db=7")


def test_parts_of_a_value_that_were_not_recorded_are_named():
    said = text_of("docker build --cache-from type=registry,ref=me/x,color=blue .")
    assert f"color: {OTHER_VALUE}" in said
    assert "Cache.Imports[].Attrs.ref = me/x" not in said or "ref = me/x" in said


def test_a_flag_that_failed_when_it_was_recorded_is_not_explained():
    assert FAILED in text_of("docker build --push .")


def test_a_flag_that_was_not_recorded_says_so():
    assert [use.note for use in uses_of("docker swarm ca --rotate")] == [
        NOT_RECORDED.format("docker swarm ca")
    ]


def test_flags_of_create_are_those_of_run():
    assert uses_of("docker run --mac-address 02:42:ac:11:00:03 busybox")[0] == FlagUse(
        "--mac-address 02:42:ac:11:00:03",
        "ContainerCreate",
        "body",
        "NetworkingConfig.EndpointsConfig.default.MacAddress",
        "02:42:ac:11:00:03",
    )


def test_a_filter_that_a_flag_sets_is_shown_as_it_is_sent():
    [use] = [one for one in interpret("docker image prune -a").flags if one.operation == "ImagePrune"]
    assert uses_text([use], "ImagePrune") == '?filters={"dangling": {"false": true}}'


def test_a_query_parameter_of_a_recorded_flag_is_that_of_the_call():
    (question,) = interpret("docker commit --pause=false web image").questions
    assert question.call
    assert ("pause", "0") in question.call.query
    assert "?pause=0" in text_of("docker commit --pause=false web image")
