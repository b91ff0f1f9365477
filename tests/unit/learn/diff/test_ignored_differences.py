"""Which parts of a text are volatile."""

import pytest

from apispy.learn.diff.ignored_differences import RANDOM_NAME, normalized

SETTLED = {
    "PASSWORD=<redacted:3f2a91c0>": "PASSWORD=<redacted>",
    "sha256:" + "a1" * 32: "<id>",
    "a1" * 32: "<id>",
    "c12250feba24": "<id>",
    "x2qwjd5tlpzkjkgdfvrzkwqms": "<id>",
    "8a9d5e3c-1b2c-4d5e-8f90-aabbccddeeff": "<uuid>",
    "2023-11-14T22:13:20.123456789Z": "<time>",
    "2023-11-14 22:13:20 +0100": "<time>",
    "1700000000": "<time>",
    "1700000000.123456789": "<time>",
    "1700000000123456789": "<time>",
    "web-3f9a1c": "web-<random>",
    "proj_web_run_0a1b2c3d4e5f": "proj_web_run_<random>",
    "proj-web-run-0a1b2c3d4e5f": "proj-web-run-<random>",
    "dockerpytest_8f3b2c1d4e5f6071": "dockerpytest_<random>",
    "dockerpytest_1234567890123456": "dockerpytest_<random>",
    "vol_" + "a1" * 32: "vol_<id>",
    "vol_8a9d5e3c-1b2c-4d5e-8f90-aabbccddeeff": "vol_<uuid>",
    "task_x2qwjd5tlpzkjkgdfvrzkwqms": "task_<random>",
    "A81BC81B-DEAD-4E5D-ABFF-90865D1E13B1": "<uuid>",
    "127.0.0.1:49153": "127.0.0.1:<port>",
}

KEPT = (
    "web", "web-1", "busybox:latest", "registry.example:5000/team/app", "127.0.0.1:80", "536870912", "deadbeefdead",
    "app-backend", "my-facade", "my_facade", "node_deadbeefdead", "alpine-3.18", "x86_64", "1.536870912", "web_12345",
    "1.41.0-rc.1", "1.41", "linux/amd64", "/var/lib/docker", "", "{}", "true",
)  # fmt: skip


@pytest.mark.parametrize("text", SETTLED)
def test_settled(text: str) -> None:
    assert normalized(text) == SETTLED[text]
    assert normalized(f"a={text} b") == f"a={SETTLED[text]} b"


@pytest.mark.parametrize("text", KEPT)
def test_kept(text: str) -> None:
    assert normalized(text) == text


def test_names_that_docker_makes_up() -> None:
    assert RANDOM_NAME.fullmatch("focused_curie")
    assert RANDOM_NAME.fullmatch("focused_curie7")
    assert not RANDOM_NAME.fullmatch("web")
    assert not RANDOM_NAME.fullmatch("my_app_db")
