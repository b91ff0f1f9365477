"""Permissions, clients and dangers that are collected from calls."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from apispy.app.permissions import usage_of as usage_of_files
from apispy.learn import NameRegistry
from apispy.learn.permissions import TARGETS, Usage, usage_json, usage_lines, write_rules
from apispy.learn.permissions import usage as limits
from apispy.model import Exchange
from apispy.pipeline import read
from tests.recorded_calls import call

SAMPLE = Path(__file__).parents[4] / "samples/logs-f.jsonl"


def usage_of(*exchanges: Exchange) -> Usage:
    usage, names = Usage(), NameRegistry()
    for exchange in exchanges:
        usage.add(read(exchange, names, notes="off"))
    return usage


def reasons(target: str, body: Any = None, method: str = "POST") -> set[str]:
    [permission] = usage_of(call(1, method, target, asks=body)).permissions
    return set(permission.dangers)


CREATE = "/v1.41/containers/create"


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ({"Privileged": True}, "privileged: all capabilities and devices of the host"),
        ({"Binds": ["/etc:/x:ro"]}, "mounts /etc of the host"),
        (
            {"Mounts": [{"Type": "bind", "Source": "/var/run/docker.sock", "Target": "/s"}]},
            "mounts /var/run/docker.sock: the container controls the daemon",
        ),
        ({"NetworkMode": "host"}, "shares the network namespace of the host"),
        ({"pidmode": "host"}, "shares the process namespace of the host"),
        ({"CapAdd": ["SYS_ADMIN"]}, "adds the capability SYS_ADMIN"),
        ({"Devices": [{"PathOnHost": "/dev/kvm"}]}, "device of the host: /dev/kvm"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "security option seccomp=unconfined"),
        ({"SecurityOpt": ["label:disable"]}, "security option label:disable"),
    ],
)
def test_dangers_of_a_container(host: dict[str, Any], reason: str) -> None:
    assert reason in reasons(CREATE, {"Image": "x", "HostConfig": host})


def test_a_named_volume_and_a_plain_option_are_no_danger() -> None:
    host = {
        "Binds": ["data:/data"],
        "Mounts": [{"Type": "volume", "Source": "data"}],
        "NetworkMode": "bridge",
        "SecurityOpt": ["no-new-privileges"],
        "Privileged": False,
        "CapAdd": None,
    }
    assert len(reasons(CREATE, {"HostConfig": host})) == 1  # that the body must be checked


@pytest.mark.parametrize(
    "body", [None, [], {"HostConfig": 3}, {"HostConfig": {"Binds": "x", "Devices": [3]}}]
)
def test_any_body_is_accepted(body: Any) -> None:
    assert len(reasons(CREATE, body)) == 1


def test_dangers_of_other_operations() -> None:
    assert reasons("/containers/a1/attach?stdin=1&stream=1") == {"can type into a container's program"}
    assert reasons("/containers/a1/attach?stdout=1&stdin=0") == set()
    assert "reads any file of a container" in reasons("/containers/a1/archive?path=/", method="GET")
    bind = {"Name": "v", "DriverOpts": {"type": "none", "o": "rw,bind", "device": "/srv"}}
    assert reasons("/volumes/create", bind) == {"a volume that is a part of the host: /srv"}
    nfs = {"Name": "v", "DriverOpts": {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}}
    assert reasons("/volumes/create", nfs) == set()
    assert "privileged: the program has all capabilities" in reasons(
        "/containers/a1/exec", {"Privileged": True}
    )


def test_names_are_patterns_and_ids_are_one_permission() -> None:
    usage = usage_of(
        *(
            call(number, "GET", f"/v1.41/containers/{name}/json")
            for number, name in enumerate(("web", "a" * 64, "b"), 1)
        )
    )
    one, two = usage.permissions
    assert (one.calls, one.first, one.template) == (2, "#1", "/containers/{id}/json")
    assert (two.calls, two.parts[2].text) == (1, "[^/]+")  # names have two characters or more


def test_unknown_requests_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PERMISSIONS", 3)
    usage = usage_of(*(call(number, "GET", f"/scan/{number}") for number in range(1, 10)))
    assert (usage.calls, len(usage.permissions), usage.left_out) == (9, 3, 6)
    assert any("6 calls" in line for line in write_rules(TARGETS["opa"], usage))


def test_clients_by_agent_and_process() -> None:
    agents = [("User-Agent", "Docker-Client/28.2.2 (linux)")]
    usage = usage_of(call(1, "GET", "/info", fields=tuple(agents)), call(2, "GET", "/info"))
    assert {(one["user_agent"], one["calls"]) for one in usage_json(usage)["clients"]} == {
        ("Docker-Client/28.2.2 (linux)", 1),
        ("", 1),
    }


def test_text_from_calls_cannot_leave_its_line_of_a_configuration() -> None:
    host = {"Binds": ["/a\n    privileged: true'$x:/b"]}
    usage = usage_of(
        call(1, "POST", CREATE, asks={"HostConfig": host}),
        call(2, "GET", "/x'%0Aallow%22$(id)/y"),
        call(3, "GET", "/containers/'%0Ax/json"),
    )
    for target in TARGETS.values():
        lines = write_rules(target, usage)
        assert not [line for line in lines if "\n" in line or "$(id)" in line or "'x" in line], target.name
        assert not [line for line in lines if line.strip().startswith("privileged")]


def test_sockguard_gets_policies_for_bodies() -> None:
    host = {"Binds": ["/srv:/srv"], "NetworkMode": "host", "CapAdd": ["NET_ADMIN"], "Privileged": True}
    usage = usage_of(
        call(1, "POST", CREATE, asks={"HostConfig": host}),
        call(2, "POST", "/images/create?fromImage=ghcr.io/a/b&tag=1"),
        call(3, "POST", "/containers/a1/exec", asks={"Cmd": ["ls"]}),
        call(4, "GET", "/images/library/nginx/json"),
    )
    text = "\n".join(write_rules(TARGETS["sockguard"], usage))
    for line in (
        "    allow_host_network: true",
        "    allow_privileged: true",
        "      - '/srv'",
        "      - 'NET_ADMIN'",
        "      - 'ghcr.io'",
        "    allow_root_user: true",
        "insecure_allow_body_blind_writes: true  # for ContainerExec",
        '  - match: { method: "GET", path: "/images/*/*/json" }',
    ):
        assert line in text.splitlines(), line


def test_single_actions_keep_the_section_closed() -> None:
    usage = usage_of(
        call(1, "POST", "/v1.41/containers/web/restart"), call(2, "POST", "/v1.41/containers/web/stop")
    )
    lines = [line.strip() for line in write_rules(TARGETS["linuxserver"], usage)]
    assert [line.split("  ")[0] for line in lines if "=1" in line] == ["- ALLOW_RESTARTS=1"]
    lines = [line.strip() for line in write_rules(TARGETS["tecnativa"], usage)]
    assert [line.split("  ")[0] for line in lines if "=1" in line] == ["- ALLOW_RESTARTS=1", "- POST=1"]


def test_what_no_switch_opens_is_named() -> None:
    lines = write_rules(TARGETS["tecnativa"], usage_of(call(1, "GET", "/debug/vars")))
    assert lines[-1] == "# No switch opens: /debug/vars (GET)"


def test_the_name_of_a_file_stays_in_its_comment(tmp_path: Path) -> None:
    names = [tmp_path / "a.jsonl", tmp_path / "b\n      - POST=1 #.jsonl"]
    for name in names:
        shutil.copy(SAMPLE, name)
    lines = write_rules(TARGETS["tecnativa"], usage_of_files(tuple(names[::-1])))
    assert not [line for line in lines if "\n" in line]
    assert any(r"b\n      - POST=1 #.jsonl #2" in line for line in lines)


def test_a_permission_that_needs_several_lines_keeps_its_reasons() -> None:
    usage = usage_of(
        call(1, "POST", CREATE, asks={"HostConfig": {"Privileged": True}}),
        call(2, "POST", "/nothing/" + "long " * 40),
    )
    lines = [line.text for line in usage_lines(usage, 40)]
    [reason] = [place for place, text in enumerate(lines) if text.startswith("         ! privileged")]
    [name] = [place for place, text in enumerate(lines) if "ContainerCreate" in text]
    assert name < reason
    assert any("/nothing/" in text for text in lines)
