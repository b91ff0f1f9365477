"""The docker command for a body is the one with which docker 28.5 sent it: recorded_flags.json of the explanations."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.learn.explain.docker_cli import parse
from apispy.learn.explain.flag_uses import flag_uses
from apispy.learn.explain.flag_values import HIDDEN
from apispy.learn.story import docker_line
from tests.unit.learn.explain.test_docker_flags import hide, leaves

RECORDED = [
    entry
    for entry in json.loads((Path(__file__).parents[1] / "explain/recorded_flags.json").read_text())
    if entry["line"].startswith(("docker create ", "docker run "))
]

OBJECTS = ("HostConfig", "HostConfig.LogConfig", "HostConfig.RestartPolicy", "Healthcheck")
MAPS = (
    *(f"HostConfig.{name}" for name in ("Annotations", "Sysctls", "StorageOpt", "Tmpfs", "PortBindings")),
    *("HostConfig.LogConfig.Config", "Labels", "ExposedPorts", "Volumes"),
)

NO_FLAG = {
    "docker create --gpus driver=nvidia,count=1 IMAGE true": ("HostConfig.DeviceRequests",),
    "docker create --mount type=volume,src=VOLUME,dst=/d,volume-subpath=x IMAGE true": ("HostConfig.Mounts",),
}
"""Flags whose long forms are not written."""


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """The body that has the values at the dotted paths."""
    body: dict[str, Any] = {"Image": "IMAGE", "Cmd": ["true"]}
    for path, value in flat.items():
        parents = [name for name in (*OBJECTS, *MAPS) if path.startswith(f"{name}.")]
        place, at = body, ""
        for parent in sorted(parents, key=len):
            place = place.setdefault(parent[len(at) :].lstrip("."), {})
            at = parent
        place[path[len(at) :].lstrip(".")] = value
    return body


def sent_by(words: tuple[str, ...]) -> dict[str, Any]:
    """What the line sends, by dotted path, as the table of flags has it."""
    uses = flag_uses(parse(list(words)))
    assert not [use for use in uses if use.note], words
    found: dict[str, Any] = {}
    for use in uses:
        if use.place == "body":
            found |= (
                leaves(use.value, use.name)
                if isinstance(use.value, dict) and use.value
                else {use.name: use.value}
            )
    return {path: value for path, value in found.items() if path not in ("Image", "Cmd")}


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["line"])
def test_the_line_sends_what_docker_sent(entry: dict[str, Any]) -> None:
    query = {name: value for name, value in entry["query"] if value}
    line = docker_line(
        nested(entry["body"]), name=query.get("name", ""), platform=query.get("platform", ""), started=False
    )
    assert line.unsaid == NO_FLAG.get(entry["line"], ())
    if line.unsaid:
        return
    said = sent_by(line.words)
    ignored = {
        "AttachStdin",
        "AttachStdout",
        "AttachStderr",
        "StdinOnce",
        "OpenStdin",
        "HostConfig.Isolation",
    }
    body = {path: value for path, value in leaves(nested(entry["body"])).items() if path not in ignored}
    body = {
        path: value
        for path, value in body.items()
        if path not in ("Image", "Cmd") and value not in (False, "", None)
    }
    said = {
        path: value for path, value in said.items() if path not in ignored and value not in (False, "", None)
    }
    assert {
        path: hide(said.get(path), value) for path, value in body.items() if path in said or value
    } == said
    for name in ("name", "platform"):
        assert (f"--{name}" in line.words) == (name in query)


def test_a_hidden_value_of_the_environment_is_taken_from_the_client() -> None:
    line = docker_line({"Image": "x", "Env": ["TOKEN=<redacted:0594f04b>", "MODE=fast", "HOME"]})
    assert line.text == "docker run -d -e TOKEN -e MODE=fast -e HOME x"


def test_what_no_flag_sets_is_named() -> None:
    body = {
        "Image": "x",
        "Entrypoint": ["a", "b"],
        "OnBuild": ["RUN x"],
        "HostConfig": {"NetworkMode": "n", "MaskedPaths": ["/proc/x"]},
        "NetworkingConfig": {"EndpointsConfig": {"n": {"Aliases": ["db"]}}},
        "Nosuch": 1,
    }
    assert docker_line(body).unsaid == (
        "Entrypoint", "OnBuild", "HostConfig.MaskedPaths", "NetworkingConfig.EndpointsConfig", "Nosuch",
    )  # fmt: skip


def test_defaults_of_clients_are_not_repeated() -> None:
    host = {
        "NetworkMode": "default",
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "MemorySwappiness": -1,
    }
    body = {"Image": "x", "AttachStdout": True, "HostConfig": host | {"ConsoleSize": [24, 80]}}
    assert docker_line(body).text == "docker run x"
    networks = {"EndpointsConfig": {"back": {"Aliases": None}}}
    body = {"Image": "x", "HostConfig": {"NetworkMode": "back"}, "NetworkingConfig": networks}
    assert docker_line(body, started=False) == docker_line(body | {"NetworkingConfig": {}}, started=False)


def test_a_published_and_an_exposed_port() -> None:
    host = {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}
    body = {"Image": "x", "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "HostConfig": host}
    line = docker_line(body)
    assert (line.text, line.unsaid) == ("docker run -d --expose 53/udp -p 8080:80 x", ())


def test_words_are_quoted_for_a_shell() -> None:
    line = docker_line(
        {"Image": "x", "Cmd": ["sh", "-c", "echo $HOME; rm '*'"], "AttachStdout": True}, name="a b"
    )
    assert shlex.split(line.text) == ["docker", "run", "--name", "a b", "x", "sh", "-c", "echo $HOME; rm '*'"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(
    {path for entry in RECORDED for path in nested(entry["body"])} - {"HostConfig", "Healthcheck"}
)
HOST_FIELDS = sorted({path for entry in RECORDED for path in nested(entry["body"]).get("HostConfig", {})})


@given(
    JSON
    | st.fixed_dictionaries(
        {
            "HostConfig": JSON | st.dictionaries(st.sampled_from(HOST_FIELDS), JSON, max_size=4),
        }
    )
    | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4)
)
def test_any_body_is_accepted(body: Any) -> None:
    line = docker_line(body)
    assert line.words[:2] == ("docker", "run")
    assert all(isinstance(word, str) for word in line.words)
    assert HIDDEN not in line.words
