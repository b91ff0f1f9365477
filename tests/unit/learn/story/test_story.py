"""The story: objects, folded steps, what failed and what was left behind."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from apispy.app.decoded_calls import read_files
from apispy.app.view import View
from apispy.learn import NameRegistry
from apispy.learn.story import Story, story_json, story_lines
from apispy.learn.story import story as limits
from apispy.model import Exchange
from apispy.outputs import DecodedCall
from apispy.pipeline import read
from tests.recorded_calls import call

ROOT = Path(__file__).parents[4]
SAMPLES = sorted(ROOT.joinpath("samples").glob("*.jsonl"))
WEB = "c12250feba24" + "0" * 52
CREATE = "/v1.41/containers/create"


def decoded(*exchanges: Exchange) -> list[DecodedCall]:
    names = NameRegistry()
    return [read(exchange, names, notes="off") for exchange in exchanges]


def story_of(*exchanges: Exchange) -> Story:
    story = Story()
    for one in decoded(*exchanges):
        story.add(one)
    return story


def texts(story: Story) -> list[str]:
    return [line.text for line in story_lines(story, 100)]


def created(number: int, name: str = "web", **body: Any) -> Exchange:
    return call(number, "POST", f"{CREATE}?name={name}", {"Id": WEB}, status=201, asks={"Image": "x", **body})


def state(number: int, status: str, health: str = "") -> Exchange:
    found: dict[str, Any] = {"Status": status} | ({"Health": {"Status": health}} if health else {})
    return call(number, "GET", f"/v1.41/containers/{WEB}/json", {"Id": WEB, "Name": "/web", "State": found})


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_no_call_is_lost(sample: Path) -> None:
    story = Story()
    count = 0
    for one, _ in read_files((sample,)):
        story.add(one)
        count += 1
    assert story.calls == count > 0
    assert sum(thing.calls for thing in story.things) + sum(story.other.values()) + story.beyond == count
    assert len(story.failures) == story.failed


def test_calls_by_name_and_by_id_are_of_one_container() -> None:
    story = story_of(
        created(1),
        call(2, "POST", f"/v1.41/containers/{WEB}/start", status=204),
        call(3, "POST", "/v1.41/containers/web/stop", status=204),
        call(4, "DELETE", "/v1.41/containers/c12250feba24", status=204),
    )
    [thing] = story.things
    assert (thing.name, thing.id, thing.calls, thing.removed) == ("web", "c12250feba24", 4, True)
    assert thing.line is not None
    assert thing.line.text == "docker run -d --name web x"
    assert story.summary == [("containers", "1 created, 1 started, 1 stopped, 1 removed")]


def test_an_object_that_was_only_created_has_a_create_command_and_is_left_behind() -> None:
    story = story_of(created(1))
    [thing] = story.left_behind
    assert thing.line is not None
    assert thing.line.words[:2] == ("docker", "create")
    assert texts(story)[-2:] == ["Left behind", "  containers  web (c12250feba24)"]


def test_polls_are_folded_with_the_states_that_they_saw() -> None:
    story = story_of(
        created(1),
        state(2, "running", "starting"),
        state(3, "running", "starting"),
        state(4, "running", "healthy"),
        call(5, "POST", "/v1.41/containers/web/stop", status=304),
        state(6, "exited"),
    )
    shown = "\n".join(texts(story))
    assert "inspected 3 times in 2.00 s: running, starting; running, healthy" in shown
    assert "was already stopped" in shown
    assert "inspected: exited, exit code None" in shown
    assert [step.calls for step in story.things[0].steps] == [1, 3, 1, 1]


def test_a_wait_says_when_the_container_ended() -> None:
    story = story_of(
        created(1),
        call(2, "POST", "/v1.41/containers/web/start", status=204),
        call(3, "POST", "/v1.41/containers/web/wait?condition=removed", {"StatusCode": 3}),
    )
    assert any("ended with exit code 3 and was removed, " in text for text in texts(story))
    assert story.left_behind == []


def test_failures_come_first_and_change_nothing() -> None:
    conflict = {"message": 'Conflict. The container name "/web" is already in use'}
    story = story_of(
        call(1, "POST", f"{CREATE}?name=web", conflict, status=409, asks={"Image": "x"}),
        call(2, "DELETE", "/v1.41/networks/n1", {"message": "network n1 not found"}, status=404),
    )
    lines = texts(story)
    assert lines[0].endswith(", 2 failed")
    assert lines[3].split("  ")[1:] == ["#1", f"ContainerCreate of web: 409 {conflict['message']}"]
    assert [thing.created for thing in story.things] == [False, False]
    assert [thing.removed for thing in story.things] == [False, False]


def test_an_exec_belongs_to_its_container() -> None:
    story = story_of(
        created(1),
        call(
            2, "POST", "/v1.41/containers/web/exec", {"Id": "e" * 64}, status=201, asks={"Cmd": ["ls", "/"]}
        ),
        call(3, "GET", f"/v1.41/exec/{'e' * 64}/json", {"ID": "e" * 64, "ExitCode": 2}),
    )
    [thing] = story.things
    assert [step.text for step in thing.steps] == [
        "created",
        "prepared exec of ls /",
        "exec ended with exit code 2",
    ]


def test_what_a_container_depends_on() -> None:
    labels = {
        "com.docker.compose.depends_on": "db:service_healthy:false,job:service_completed_successfully:true"
    }
    story = story_of(created(1, Labels=labels, HostConfig={"NetworkMode": "demo_default"}))
    [thing] = story.things
    assert thing.about == [
        "from x",
        "after db (healthy)",
        "after job (completed_successfully)",
        "on network demo_default",
    ]


@pytest.mark.parametrize(
    ("waits", "about"),
    [("db", ["after db"]), ("db:,", ["after db"]), (":x", []), ({"db": "service_healthy"}, []), (7, [])],
)
def test_labels_that_compose_does_not_write(waits: object, about: list[str]) -> None:
    story = story_of(created(1, Labels={"com.docker.compose.depends_on": waits}))
    [thing] = story.things
    assert thing.about == ["from x", *about]


def test_pruning_removes_what_it_lists() -> None:
    story = story_of(
        created(1),
        call(2, "POST", "/v1.41/networks/create", {"Id": "ab" * 32}, status=201, asks={"Name": "back"}),
        call(3, "POST", "/v1.41/volumes/create", {"Name": "data"}, status=201, asks={"Name": "data"}),
        call(4, "POST", "/v1.41/containers/prune", {"ContainersDeleted": [WEB], "SpaceReclaimed": 0}),
        call(5, "POST", "/v1.41/networks/prune", {"NetworksDeleted": ["back"]}),
    )
    assert [thing.name for thing in story.left_behind] == ["data"]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OBJECTS", 3)
    monkeypatch.setattr(limits, "MAX_STEPS", 4)
    monkeypatch.setattr(limits, "MAX_LINE", 10)
    calls = [
        call(number, "GET", f"/v1.41/containers/name{number}/json", status=404) for number in range(1, 7)
    ]
    calls += [
        call(number, "POST", f"/v1.41/containers/name1/{('start', 'stop')[number % 2]}", status=204)
        for number in range(7, 20)
    ]
    story = story_of(*calls)
    assert (len(story.things), story.beyond, story.calls) == (3, 3, 19)
    assert (len(story.things[0].steps), story.things[0].calls) == (4, 14)
    assert story_of(created(1)).things[0].line is None
    assert len(story_of(call(1, "GET", f"/containers/{'x' * 9000}/json")).things[0].name) < 400


def test_text_of_calls_cannot_drive_the_terminal() -> None:
    out = io.StringIO()
    [output] = View(reports=("story",)).outputs(out.write, out)
    for one in decoded(
        created(1, Cmd=["\x1b]0;x\x07", "a\nb"]), call(2, "GET", "/containers/%1b[2J/json", status=404)
    ):
        output.write(one)
    output.notice("a notice", 0.0)
    output.close()
    assert "\x1b" not in out.getvalue()
    assert "\\e]0;x" in out.getvalue()
    assert out.getvalue().startswith("apispy: a notice\n2 calls in ")


def test_a_session_without_calls_says_so() -> None:
    out = io.StringIO()
    [output] = View(reports=("story",)).outputs(out.write, out)
    output.close()
    assert out.getvalue().startswith("No calls seen.")


def test_json_has_every_step() -> None:
    story = story_of(created(1), state(2, "running"))
    [thing] = json.loads(json.dumps(story_json(story)))["objects"]
    assert [step["operation"] for step in thing["steps"]] == ["ContainerCreate", "ContainerInspect"]
    assert thing["docker"]["words"] == ["docker", "create", "--name", "web", "x"]
