"""The steps of a build by BuildKit, and what its client handed over, in a story."""

import json
from pathlib import Path
from typing import Any

import pytest

from apispy.app.decoded_calls import read_files
from apispy.learn import NameRegistry
from apispy.learn.story import Story, story_json, story_lines
from apispy.learn.story.builds import MAX_PARTS, build_part
from apispy.model import Exchange, Item
from apispy.pipeline.final_reading import read
from tests.grpc_tunnels import KINDS, TunnelBuilder
from tests.h2_peer import GRPC, Peers, Session
from tests.protobuf_writer import mapped, pb

SAMPLES = Path(__file__).parents[4] / "samples"
STATUS = "/moby.buildkit.v1.Control/Status"


def story_of(sample: str) -> Story:
    story = Story()
    for one, _ in read_files((SAMPLES / sample,)):
        story.add(one)
    return story


def texts(story: Story, width: int = 200) -> list[str]:
    return [line.text.strip() for line in story_lines(story, width)]


def frame(*messages: dict[str, Any], **head: Any) -> Item:
    """A frame with messages of Control/Status."""
    about = {"stream": 1, "method": STATUS, "part": "response"}
    children = tuple(Item("message", "", about | {"message": message}, (0, 1)) for message in messages)
    return Item("h2c", "DATA", {"stream": 1} | head, (0, 1), children)


def vertex(number: int, **more: Any) -> dict[str, Any]:
    return {"digest": f"sha256:{number}", "name": f"RUN {number}", "started": 10.0 + number} | more


def test_a_build_is_told_as_its_steps():
    lines = texts(story_of("buildx.jsonl"))
    assert any("built docker.io/library/app in 9 steps" in line for line in lines)
    at = lines.index("steps of #8")
    assert lines[at + 1].endswith("[internal] load build definition from Dockerfile")
    assert any("handed over for a build: sent 2 files; secret pass" in line for line in lines)


def test_a_failed_build_has_its_steps_and_the_error_of_one():
    story = story_of("buildx-stages.jsonl")
    lines = texts(story)
    assert any(line.startswith("#8   +") and "build failed" in line for line in lines)
    assert any("[test 3/3] RUN" in line and "exit code: 3" in line for line in lines)
    [build] = [
        step["build"] for thing in story_json(story)["objects"] for step in thing["steps"] if "build" in step
    ]
    assert [step["name"] for step in build["steps"] if step["error"]] == [
        "[test 3/3] RUN chmod +x /greet && /greet"
    ]
    assert not any("built" in line for line in lines[:4])


@pytest.mark.parametrize("sample", ["buildx.jsonl", "buildx-stages.jsonl"])
def test_the_phrase_counts_the_steps_that_are_listed(sample: str):
    for thing in story_of(sample).things:
        for step in thing.steps:
            if step.build and not step.failed:
                assert f"in {len(step.build.steps)} steps" in step.text


def test_cached_steps_and_warnings_are_counted():
    warned = {"warnings": [{"short": "old"}]}
    part = build_part([frame({"vertexes": [vertex(1, completed=12.5), vertex(2, cached=True)]}, warned)], 100)
    assert part.phrase == "built in 2 steps, 1 cached, 1 warning"
    assert [(step.name, step.seconds, step.cached) for step in part.steps] == [
        ("RUN 1", 1.5, False),
        ("RUN 2", 0.0, True),
    ]


def test_a_check_is_no_build():
    story = story_of("buildx-check.jsonl")
    assert any("checked a Dockerfile in 3 steps, 3 warnings" in line for line in texts(story))
    assert not any("built" in line for line in texts(story))


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("frontend.outline", "asked for the outline of a Dockerfile in 1 step"),
        ("frontend.of.its.own", "asked about a Dockerfile in 1 step"),
    ],
)
def test_other_questions(question: str, phrase: str):
    about = {"stream": 3, "method": "/moby.buildkit.v1.frontend.LLBBridge/Solve", "part": "request"}
    asked = Item("message", "", about | {"message": {"FrontendOpt": {"requestid": question}}}, (0, 1))
    part = build_part(
        [Item("h2c", "DATA", {"stream": 3}, (0, 1), (asked,)), frame({"vertexes": [vertex(1)]})], 100
    )
    assert (part.phrase, part.is_built) == (phrase, False)


def test_names_and_numbers_are_bounded():
    part = build_part(
        [frame({"vertexes": [vertex(n, name=f"{n}" * 200) for n in range(MAX_PARTS + 5)]})], 100
    )
    assert (len(part.steps), part.more) == (MAX_PARTS, 5)
    assert max(len(step.name) for step in part.steps) == 100


def test_a_connection_without_a_build_has_no_phrase():
    assert build_part([], 100).phrase == ""
    assert build_part([frame({})], 100).phrase == ""


# -- gRPC calls of their own: the same rule

BUILD = "x7" * 12 + "z"
CONTROL, BRIDGE = "/moby.buildkit.v1.Control/", "/moby.buildkit.v1.frontend.LLBBridge/"
ANSWER = {
    "result.json": json.dumps({"warnings": [{"ruleName": "R", "detail": "d"}]}),
    "result.statuscode": "1",
}


def a_build(*, question: str = "", fails: bool = False, solved_last: bool = False) -> Exchange:
    """A build in a tunnel: its steps, its result, and the call of its frontend."""
    tunnel = TunnelBuilder(Peers())
    peers = tunnel.peers
    status = peers.call(f"{CONTROL}Status", pb({1: BUILD}))
    solved = peers.call(f"{CONTROL}Solve", pb({1: BUILD, 6: "dockerfile.v0"}))
    asked = {2: "dockerfile.v0"} | ({3: mapped({"requestid": question})} if question else {})
    part = peers.call(f"{BRIDGE}Solve", pb(asked), more=[("buildkit-controlapi-buildid", BUILD)])
    tunnel.step()
    peers.answer(part, pb({3: {10: mapped(ANSWER)}} if question else {}))
    tunnel.step()

    def solve() -> None:
        if fails:
            peers.server.send_headers(solved, [(":status", "200"), *GRPC])
            peers.server.send_headers(solved, [("grpc-status", "2"), ("grpc-message", "no")], end_stream=True)
        else:
            peers.answer(solved, pb({}))
        tunnel.step()

    if not solved_last:
        solve()
    peers.answer(status, pb({1: [{1: "sha256:1", 3: "RUN 1", 5: {1: 10}, 6: {1: 11}}]}))
    tunnel.step()
    if solved_last:
        solve()
    return tunnel.exchange(1, "/grpc")


@pytest.mark.parametrize("kind", ["withheld", "native-withheld"])
@pytest.mark.parametrize("solved_last", [False, True])
@pytest.mark.parametrize(
    ("build", "told", "summary"),
    [
        ({}, "built in 1 step", [("builds", "1 built")]),
        ({"question": "frontend.lint"}, "checked a Dockerfile in 1 step, 1 warning", []),
        ({"question": "frontend.outline"}, "asked for the outline of a Dockerfile in 1 step, 1 warning", []),
        ({"fails": True}, "build failed", []),
    ],
)
def test_calls_of_their_own_are_told_as_a_tunnel_is(
    kind: str, solved_last: bool, build: dict[str, Any], told: str, summary: list[tuple[str, str]]
):
    story, memory = Story(), NameRegistry()
    calls = [read(one, memory) for one in KINDS[kind].record(a_build(**build, solved_last=solved_last))]
    for call in sorted(calls, key=lambda call: call.exchange.started + call.exchange.duration):
        story.add(call)
    [thing] = story.things
    [step] = thing.steps
    assert (thing.title, step.text, step.failed) == ("BuildKit", told, "fails" in build)
    assert [one.name for one in step.build.steps] == ["RUN 1"]
    assert story.summary == summary
    assert story.failed == ("fails" in build)


def test_what_a_client_hands_over_in_a_nested_session():
    peers = Peers()
    tunnel = TunnelBuilder(peers)
    session = Session(peers)
    tunnel.step()
    session.begin()
    stream = session.inner.call("/moby.buildkit.secrets.v1.Secrets/GetSecret", pb({1: "npmrc"}))
    session.queue()
    tunnel.step()
    session.inner.answer(stream, b"")
    session.queue()
    session.end()
    tunnel.step()
    story, memory = Story(), NameRegistry()
    for one in KINDS["native-withheld"].record(tunnel.exchange(1, "/grpc")):
        story.add(read(one, memory))
    [thing] = story.things
    assert [step.text for step in thing.steps] == ["handed over for a build: secret npmrc"]
