"""What requests ask for, found in bodies of any case and shape."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.engine import lookup, requested_access
from apispy.engine.requested_access import NAMESPACES

CREATE = lookup("POST", "/containers/create")
SERVICE = lookup("POST", "/services/create")
VOLUME = lookup("POST", "/volumes/create")
CALLS = [CREATE, SERVICE, VOLUME, *(lookup("POST", path) for path in (
    "/containers/web/exec", "/containers/web/start", "/services/x/update", "/networks/host/connect",
    "/build?networkmode=host",
))]  # fmt: skip


def test_paths_of_the_host() -> None:
    host = {
        "binds": ["/a/../b:/x:ro", "named:/y", "~/c:/z", 7],
        "Mounts": [
            {"Type": "bind", "Source": "//d/"},
            {
                "Type": "volume",
                "Source": "v",
                "VolumeOptions": {"DriverConfig": {"Options": {"device": "/e"}}},
            },
            {"Type": "tmpfs"},
        ],
    }
    assert requested_access.host_paths(CREATE, {"HostConfig": host}) == ["/b", "~/c", "/d", "/e"]
    template = {"ContainerSpec": {"Mounts": [{"Type": "bind", "Source": "/srv"}]}}
    assert requested_access.host_paths(SERVICE, {"TaskTemplate": template}) == ["/srv"]
    assert requested_access.host_paths(VOLUME, {"DriverOpts": {"device": "/etc"}}) == ["/etc"]
    assert requested_access.host_paths(VOLUME, {"DriverOpts": {"device": "//server/share"}}) == []


@pytest.mark.parametrize(
    ("path", "has"),
    [("/var/run/docker.sock", True), ("/run/user/1000/podman/podman.sock", True), ("/", True), ("/var/run", True),
     ("/run/user/1000", True), ("/srv", False), ("/var/lib", False)],
)  # fmt: skip
def test_sockets(path: str, has: bool) -> None:
    assert requested_access.mounts_socket(CREATE, {"HostConfig": {"Binds": [f"{path}:/x"]}}) is has


def test_namespaces() -> None:
    body = {"HostConfig": {"NetworkMode": "container:web", "pidmode": "host"},
            "NetworkingConfig": {"EndpointsConfig": {"front": {}}}}  # fmt: skip
    assert requested_access.namespaces(CREATE, body, "network") == ["container:web", "front"]
    assert requested_access.namespaces(CREATE, body, "pid") == ["host"]
    assert requested_access.namespaces(CREATE, body, "uts") == []
    assert requested_access.namespaces(
        SERVICE, {"TaskTemplate": {"Networks": [{"Target": "n"}]}}, "network"
    ) == ["n"]
    assert requested_access.namespaces(CALLS[-1], None, "network") == ["host"]
    assert requested_access.namespaces(CALLS[-2], {}, "network") == ["host"]


def test_users() -> None:
    assert requested_access.user(CREATE, {"User": "1000:0"}) == "1000:0"
    assert requested_access.user(CREATE, {}) == ""
    assert requested_access.user(VOLUME, {"User": "root"}) is None


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["HostConfig", "Binds", "Mounts", "Type", "Source", "CapAdd", "Devices", "PathOnHost", "User",
                         "TaskTemplate", "ContainerSpec", "DriverOpts", "device", "Networks", "NetworkingConfig",
                         "EndpointsConfig", "DeviceRequests", "DeviceCgroupRules", "Privileged"]),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.sampled_from(CALLS), BODIES)
def test_any_body_gives_texts(call: Any, body: Any) -> None:
    body = json.loads(json.dumps(body))
    found = [
        *requested_access.host_paths(call, body), *requested_access.capabilities(call, body),
        *requested_access.devices(call, body),
        *(one for kind in NAMESPACES for one in requested_access.namespaces(call, body, kind)),
    ]  # fmt: skip
    assert all(isinstance(one, str) for one in found)
    assert isinstance(requested_access.is_privileged(call, body), bool)
    assert isinstance(requested_access.mounts_socket(call, body), bool)
