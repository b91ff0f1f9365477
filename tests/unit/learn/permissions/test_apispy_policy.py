"""Rules for apispy itself, of recorded builds: the gRPC calls in tunnels one by one, and what nothing asked for."""

from pathlib import Path

import pytest

from apispy.app.permissions import check_files, usage_of
from apispy.filters.policy import parse_policy
from apispy.gate import PolicyCheck
from apispy.learn.permissions import TARGETS, Usage
from apispy.learn.permissions.paths import Request
from apispy.learn.permissions.rules import write_rules
from apispy.learn.permissions.targets.base import TunnelPolicy
from tests.grpc_tunnels import TunnelBuilder, withheld
from tests.h2_peer import Peers
from tests.recorded_calls import call
from tests.tunnel_frames import FRONTEND_SOLVE, PRUNE, SOLVE, START, WORKERS, Caller, solve
from tests.unit.gate.test_tunnel_reader import through
from tests.unit.learn.permissions.test_usage import usage_of as usage_of_calls

SAMPLES = Path(__file__).parents[4] / "samples"


def lines(usage: Usage) -> list[str]:
    return [line for line in TARGETS["apispy"].grant(usage).lines if not line.startswith("#")]


def built(path: str, content: bytes, *others: str) -> Usage:
    """The usage of a recording, made without --show-secrets, of calls in a tunnel: one with *content* first."""
    peers = Peers()
    tunnel = TunnelBuilder(peers)
    for called in (path, *others):
        stream = peers.call(called, content if called == path else b"")
        tunnel.step()
        peers.answer(stream, b"")
        tunnel.step()
    return usage_of_calls(withheld(tunnel.exchange(1, "/grpc")))


def test_the_calls_of_a_recorded_build_are_allowed_one_by_one() -> None:
    found = lines(usage_of((SAMPLES / "buildx-stages.jsonl",)))
    assert {"allow op:Control/Solve", "allow op:LLBBridge/Solve", "allow op:Session"} <= set(found)
    assert "allow op:Grpc" not in found
    assert "deny network:host or pid:host or ipc:host or uts:host or userns:host" in found
    check = PolicyCheck(parse_policy("\n".join(found)))
    for path, content, passes in (
        (SOLVE, solve(options={"force-network-mode": "none"}), True),
        (SOLVE, solve("network.host"), False),
        (FRONTEND_SOLVE, b"", True),
        (WORKERS, b"", True),
        (PRUNE, b"", False),
    ):
        sent = START + Caller().call(path, content)
        assert (through(check, sent).passed == sent) is passes, path


@pytest.mark.parametrize(
    ("content", "not_denied"),
    [
        (solve("network.host"), "deny network:host or pid:host or ipc:host or uts:host or userns:host"),
        (solve("security.insecure"), "deny privileged"),
        (solve("device=vendor.com/gpu"), "deny device"),
    ],
)
def test_what_a_recorded_build_asked_for_is_not_denied(content: bytes, not_denied: str) -> None:
    found = lines(built(SOLVE, content))
    assert not_denied not in found
    assert found[0] == "allow op:Control/Solve"
    sent = START + Caller().call(SOLVE, content)
    assert through(PolicyCheck(parse_policy("\n".join(found))), sent).passed == sent


def test_a_build_without_grpc_that_had_the_host_s_network_is_not_denied() -> None:
    found = lines(usage_of_calls(call(1, "POST", "/build?networkmode=host")))
    assert found[0] == "allow op:ImageBuild"
    assert not any("network:host" in line for line in found)
    assert "deny privileged" in found


def test_a_privileged_container_is_not_denied_as_a_device_or_a_capability() -> None:
    body = {"Image": "x", "HostConfig": {"Privileged": True}}
    found = lines(usage_of_calls(call(1, "POST", "/containers/create", asks=body)))
    assert not {"deny privileged", "deny device", "deny cap"} & set(found)
    assert "deny bind" in found


def test_an_unknown_method_is_allowed_by_its_path_and_an_empty_tunnel_by_its_name() -> None:
    assert lines(built("/x.Y/Z", b""))[0] == "allow path:/x.Y/Z"
    assert lines(usage_of_calls(call(1, "POST", "/grpc")))[0] == "allow op:Grpc"


def test_a_check_looks_into_tunnels(tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text("allow effect:read\nallow op:Session\nallow op:Control/Solve\nallow op:Control/Prune\n")
    check = check_files((SAMPLES / "buildx-stages.jsonl",), policy, "apispy")
    assert {one.name for one in check.refused} == {"LLBBridge/Solve", "LLBBridge/Return"}
    assert (check.calls, check.refused_calls) == (13, 1)
    assert check.unused == ["allow op:Control/Prune"]


@pytest.mark.parametrize(
    "path",
    [
        "/*",
        "/a.B/*",
        "/a.B/?",
        "/a.B/C or op:*",
        "/a.B/C\u2028allow op:*",
        '/"a',
        "/a b/\x1b[2J",
        "/containers/create",
    ],
)
def test_a_client_cannot_write_rules_by_the_path_of_a_grpc_call(path: str) -> None:
    text = "\n".join(write_rules(TARGETS["apispy"], built("/x.Y/Z", b"", path)))
    assert "# Not allowed: gRPC calls whose path is not /package.Service/Method (1 call, first #1)" in text
    assert f":{path}" not in text
    policy = TARGETS["apispy"].read(text)
    assert isinstance(policy, TunnelPolicy)
    assert not policy.decide(Request("POST", "/containers/create", "/containers/create")).allowed
    assert policy.decide_call("/x.Y/Z", None).allowed
    assert not policy.decide_call("/a.B/D", None).allowed


@pytest.mark.parametrize("target", ["apispy", "cetusguard", "wollomatic", "opa"])
def test_rules_that_open_unknown_paths_say_so(target: str) -> None:
    text = "\n".join(write_rules(TARGETS[target], usage_of_calls(call(1, "GET", "/%1b[2J"))))
    assert "open paths that apispy does not know" in text
    assert "They open no other operation." not in text
