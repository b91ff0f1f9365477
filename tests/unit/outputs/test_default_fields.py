"""What is left out of a body because it is at its default."""

from typing import Any

import pytest

from apispy.engine import lookup
from apispy.outputs.default_fields import without_defaults

FILL = {"Hostname": "", "Domainname": "", "User": "", "Tty": False, "OpenStdin": False}


def created(body: dict[str, Any], version: str = "1.41") -> tuple[Any, int]:
    return without_defaults(lookup("POST", f"/v{version}/containers/create"), "request", FILL | body)


@pytest.mark.parametrize("version", ["1.18", "1.41", "1.51"])
@pytest.mark.parametrize(
    "set_",
    [
        {"Image": "x"},
        {"Volumes": {"/data": {}}},
        {"ExposedPorts": {"80/tcp": {}}},
        {"Labels": {"empty": ""}},
        {"Entrypoint": []},
        {"StopTimeout": 0},
        {"NotAField": ""},
        {"HostConfig": {"Init": False}},
        {"HostConfig": {"MemorySwappiness": 0}},
        {"HostConfig": {"MaskedPaths": []}},
        {"HostConfig": {"Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}]}},
        {"HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}},
        {"HostConfig": {"RestartPolicy": {"Name": "always"}}},
        {"NetworkingConfig": {"EndpointsConfig": {"shop": {}}}},
    ],
    ids=str,
)
def test_what_means_something_is_shown(version: str, set_: dict[str, Any]) -> None:
    assert created(set_, version) == (set_, len(FILL))


@pytest.mark.parametrize(
    "default",
    [
        {"Entrypoint": None},
        {"Volumes": {}},
        {"HostConfig": {"MemorySwappiness": -1}},
        {"HostConfig": {"LogConfig": {"Config": {}}}},
        {"HostConfig": {"RestartPolicy": {"Name": "no"}}},
        {"HostConfig": {"ConsoleSize": [0, 0]}},
        {"HostConfig": {"MaskedPaths": None}},
        {"NetworkingConfig": {"EndpointsConfig": {}}},
    ],
    ids=str,
)
def test_what_is_not_set_is_left_out(default: dict[str, Any]) -> None:
    assert created(default) == ({}, len(FILL) + 1)


def test_fields_inside_what_the_user_named_are_left_out() -> None:
    endpoint = {"IPAMConfig": None, "Aliases": ["db"]}
    body = {"NetworkingConfig": {"EndpointsConfig": {"shop": endpoint}}}
    found, left_out = created(body)
    assert found == {"NetworkingConfig": {"EndpointsConfig": {"shop": {"Aliases": ["db"]}}}}
    assert left_out == len(FILL) + 1


def test_a_few_fields_are_not_worth_it() -> None:
    call = lookup("POST", "/v1.41/containers/create")
    assert without_defaults(call, "request", {"Tty": False}) == ({"Tty": False}, 0)


def test_the_state_of_a_container_is_never_left_out() -> None:
    host = {"Binds": None, "Memory": 0, "ShmSize": 0, "PidMode": "", "CpuShares": 0, "NanoCpus": 7}
    state = {"Running": False, "Pid": 0, "ExitCode": 0, "Error": ""}
    call = lookup("GET", "/v1.41/containers/web/json")
    found, left_out = without_defaults(
        call, "response", {"State": state, "RestartCount": 0, "HostConfig": host}
    )
    assert found == {"State": state, "RestartCount": 0, "HostConfig": {"NanoCpus": 7}}
    assert left_out == 5


@pytest.mark.parametrize("value", [None, [], "x", 7, [{"Tty": False}]])
def test_other_values_pass_unchanged(value: Any) -> None:
    call = lookup("POST", "/v1.41/containers/create")
    assert without_defaults(call, "request", value) == (value, 0)


def test_no_operation_of_swarm_is_folded() -> None:
    call = lookup("POST", "/v1.41/services/create")
    body = {"Mode": {"Replicated": {"Replicas": 0}}, "Name": "", "Labels": {}, "UpdateConfig": None}
    assert without_defaults(call, "request", body) == (body, 0)
