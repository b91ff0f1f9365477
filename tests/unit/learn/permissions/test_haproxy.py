"""The rules of the two HAProxy configurations, as tried with HAProxy 2.6 (tests/e2e/test_permissions.py runs it)."""

import pytest

from apispy.errors import UsageError
from apispy.learn.permissions.paths import Request, without_version
from apispy.learn.permissions.targets import TARGETS, Policy


def tecnativa(*lines: str) -> Policy:
    return TARGETS["tecnativa"].read("\n".join(lines))


def linuxserver(*lines: str) -> Policy:
    return TARGETS["linuxserver"].read("\n".join(lines))


def allows(policy: Policy, line: str) -> bool:
    method, path = line.split()
    return policy.decide(Request(method, path, without_version(path))).allowed


@pytest.mark.parametrize("value", ["true", "yes", "on", "0", "", "no"])
def test_words_are_not_true_for_haproxy(value: str) -> None:
    assert not allows(tecnativa(f"CONTAINERS={value}"), "GET /containers/json")


@pytest.mark.parametrize("value", ["1", "2", "-1", '"1"', "1 # all"])
def test_numbers_are(value: str) -> None:
    assert allows(tecnativa(f"CONTAINERS={value}"), "GET /v1.41/containers/json")


def test_what_is_on_by_default() -> None:
    policy = tecnativa("INFO=1")
    for path in ("/_ping", "/version", "/events", "/info"):
        assert allows(policy, f"GET {path}")
    assert not allows(tecnativa("EVENTS=0"), "GET /events")


def test_a_single_action_needs_post_with_tecnativa_only() -> None:
    assert not allows(tecnativa("ALLOW_START=1"), "POST /containers/web/start")
    assert allows(tecnativa("ALLOW_START=1", "POST=1"), "POST /containers/web/start")
    assert not allows(tecnativa("ALLOW_START=1", "POST=1"), "POST /containers/create")
    for method in ("POST", "DELETE", "GET"):
        assert allows(linuxserver("ALLOW_START=1"), f"{method} /v1.41/containers/web/start")
    assert allows(linuxserver("ALLOW_PAUSE=1"), "POST /libpod/pods/web/pause")
    assert not allows(tecnativa("ALLOW_PAUSE=1", "POST=1"), "POST /containers/web/pause")


def test_a_path_is_a_prefix_in_any_case() -> None:
    policy = tecnativa("CONTAINERS=1")
    assert allows(policy, "GET /containersX")
    assert allows(policy, "GET /V1.41/Containers/json")
    assert not allows(policy, "GET //containers/json")
    assert not allows(policy, "GET /v1.44/x/../containers/json")


def test_containers_opens_exec_and_linuxserver_guards_five_reads() -> None:
    for action in ("archive", "changes", "export", "logs", "top"):
        assert allows(tecnativa("CONTAINERS=1"), f"GET /containers/web/{action}")
        assert not allows(linuxserver("CONTAINERS=1"), f"GET /containers/web/{action}")
        guard = f"ALLOW_{action.upper()}=1"
        assert allows(linuxserver("CONTAINERS=1", guard), f"GET /containers/web/{action}")
        assert not allows(linuxserver(guard), f"GET /containers/web/{action}")
    assert allows(tecnativa("CONTAINERS=1", "POST=1"), "POST /containers/web/exec")
    assert not allows(tecnativa("EXEC=1", "POST=1"), "POST /containers/web/exec")


def test_podman_has_switches_with_linuxserver_only() -> None:
    assert allows(linuxserver("LIBPOD_CONTAINERS=1"), "GET /v4.0.0/libpod/containers/json")
    assert not allows(linuxserver("CONTAINERS=1"), "GET /libpod/containers/json")
    assert not allows(tecnativa("LIBPOD_CONTAINERS=1"), "GET /libpod/containers/json")


@pytest.mark.parametrize(
    "text",
    [
        "CONTAINERS=1",
        "environment:\n  - CONTAINERS=1",
        "environment:\n  CONTAINERS: 1",
        "    - 'CONTAINERS=1'",
        "docker run -d \\\n  -e CONTAINERS=1 \\\n  tecnativa/docker-socket-proxy",
        '  CONTAINERS: "1"  # lists',
    ],
)
def test_the_forms_in_which_people_have_switches(text: str) -> None:
    assert allows(tecnativa(text), "GET /containers/json")


def test_a_file_without_switches_is_refused() -> None:
    with pytest.raises(UsageError, match="CONTAINERS=1"):
        tecnativa("services: {}", "# CONTAINERS=1")


def test_reasons() -> None:
    policy = tecnativa("POST=0")
    assert policy.decide(Request("POST", "/containers/create", "/containers/create")).reason == "POST is off"
    assert policy.decide(Request("GET", "/info", "/info")).reason == "INFO is off"
    assert policy.decide(Request("GET", "/debug/vars", "/debug/vars")).reason == "no switch opens this path"
