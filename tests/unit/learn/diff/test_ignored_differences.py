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
    "127.0.0.1:49153": "127.0.0.1:<port>",
}

KEPT = (
    "web", "web-1", "busybox:latest", "registry.example:5000/team/app", "127.0.0.1:80", "536870912", "deadbeefdead",
    "app-backend", "my-facade", "1.41", "linux/amd64", "/var/lib/docker", "", "{}", "true",
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
