"""The rule for generated names, and that fixtures, replays and comparisons go by the same one."""

import pytest

from apispy.engine.generated_names import GENERATED
from apispy.fixtures.call_content import CallContent
from apispy.fixtures.generated import client_generated
from apispy.learn.diff import compare_captures
from apispy.redaction import Redactor
from apispy.replay import Miss, Player
from apispy.replay.generated_names import generated_texts
from apispy.replay.recorded_calls import in_request_order
from tests.recorded_calls import call
from tests.unit.outputs.decoded_calls import decoded_call

RUNS = (
    ("3f9a1c", "77aa01"),
    ("0a1b2c3d4e5f", "f5e4d3c2b1a0"),
    ("8f3b2c1d4e5f6071", "1f3b2c1d4e5f607"),
    ("a1" * 32, "b2" * 32),
    ("123456", "654321"),
    ("12345678901234567890", "22345678901234567890"),
    ("8a9d5e3c-1b2c-4d5e-8f90-aabbccddeeff", "9a9d5e3c-1b2c-4d5e-8f90-aabbccddeeff"),
    ("A81BC81B-DEAD-4E5D-ABFF-90865D1E13B1", "B81BC81B-DEAD-4E5D-ABFF-90865D1E13B1"),
    ("x2qwjd5tlpzkjkgdfvrzkwqms", "y2qwjd5tlpzkjkgdfvrzkwqms"),
)
"""Generated parts of a first run and of a second one."""

NAMES = ("{}", "web-{}", "proj_web_run_{}", "dockerpytest_{}", "{}.web", "a-{}_b", "team/{}")

OTHERS = (("deadbeef", "facadead"), ("12345", "54321"), ("web", "app"), ("3f9a1", "77aa0"), ("3f9a1x", "77aa0x"),
          ("3F9A1C", "77AA01"))  # fmt: skip
"""Parts that look chosen by a person."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("first", "second"), RUNS)
@pytest.mark.parametrize("place", ["query", "body", "path"])
def test_a_generated_name_is_one_for_all(place: str, first: str, second: str, name: str) -> None:
    recorded, live = ((name.format(part), part) for part in (first, second))
    assert fixture_finds(recorded[0], place) == {first}
    assert not differs(recorded[0], live[0], place)
    if place != "path":  # in a path, a replay cannot tell it from the id of an object of another session
        assert replay_finds(recorded[0], place) == {first}
        assert plays(recorded[0], live[0], place)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("first", "second"), OTHERS)
@pytest.mark.parametrize("place", ["query", "body"])
def test_another_name_is_none_for_any(place: str, first: str, second: str, name: str) -> None:
    recorded, live = name.format(first), name.format(second)
    assert fixture_finds(recorded, place) == replay_finds(recorded, place) == set()
    assert differs(recorded, live, place)
    assert not plays(recorded, live, place)


def test_digests_and_tags_of_pulls_are_no_names() -> None:
    assert GENERATED.search("busybox@sha256:" + "a1" * 32) is None
    pull = [call(1, "POST", "/v1.41/images/create?fromImage=alpine&tag=20231101")]
    assert generated_texts(in_request_order(pull, Redactor())) == set()


def request(name: str, place: str) -> tuple[str, str, object]:
    if place == "path":
        return "DELETE", f"/v1.41/volumes/{name.replace('/', '.')}", None
    if place == "body":
        return "POST", "/v1.41/containers/create", {"Hostname": name}
    return "POST", f"/v1.41/containers/create?name={name}", {"Image": "busybox"}


def fixture_finds(name: str, place: str) -> set[str]:
    method, target, asks = request(name, place)
    return {part for part, _ in client_generated(CallContent(call(1, method, target, asks=asks)))}


def replay_finds(name: str, place: str) -> set[str]:
    method, target, asks = request(name, place)
    return generated_texts(in_request_order([call(1, method, target, asks=asks)], Redactor()))


def plays(recorded: str, live: str, place: str) -> bool:
    method, target, asks = request(recorded, place)
    player = Player([call(1, method, target, asks=asks)])
    method, target, asks = request(live, place)
    return not isinstance(player.find(call(1, method, target, asks=asks)), Miss)


def differs(recorded: str, live: str, place: str) -> bool:
    sides = []
    for name in (recorded, live):
        method, target, asks = request(name, place)
        sides.append([decoded_call(f"{method} {target}", 201, {}, ask=asks)])
    return bool(compare_captures(*sides))
