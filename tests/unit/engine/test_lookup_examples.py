"""Request lines that real clients send, and some that they send by mistake."""

import pytest

from apispy.engine import UNKNOWN, lookup
from apispy.engine.lookup import with_form
from apispy.engine.versions import NEWEST


@pytest.mark.parametrize(
    ("line", "operation", "version", "arguments"),
    [
        ("GET /v1.41/containers/json?all=1", "ContainerList", "1.41", {}),
        ("GET /containers/web/json", "ContainerInspect", None, {"id": "web"}),
        ("GET /containers/json/json", "ContainerInspect", None, {"id": "json"}),
        ("GET /v1.41/images/ghcr.io/a/b:1@sha256:0f/json", "ImageInspect", "1.41", {"name": "ghcr.io/a/b:1@sha256:0f"}),
        ("GET /v1.41/images/ghcr.io%2Fa%2Fb%3A1/json", "ImageInspect", "1.41", {"name": "ghcr.io/a/b:1"}),
        ("POST /images/localhost:5000/a/push", "ImagePush", None, {"name": "localhost:5000/a"}),
        ("GET /images/get?names=a&names=b", "ImageGetAll", None, {}),
        ("GET /images/a/get/get", "ImageGet", None, {"name": "a/get"}),
        ("DELETE /images/a/b", "ImageDelete", None, {"name": "a/b"}),
        ("DELETE /containers/a/checkpoints/c1", "CheckpointDelete", None, {"id": "a", "checkpoint": "c1"}),
        ("GET /containers/a/attach/ws", "ContainerAttachWebsocket", None, {"id": "a"}),
        ("GET /plugins/privileges", "GetPluginPrivileges", None, {}),
        ("GET /plugins/vieux/sshfs:latest/json", "PluginInspect", None, {"name": "vieux/sshfs:latest"}),
        ("GET /v1.24/plugins/no-remove", "PluginInspectLegacy", "1.24", {"name": "no-remove"}),
        ("GET /distribution/docker.io/library/alpine/json", "DistributionInspect", None,
         {"name": "docker.io/library/alpine"}),
        ("HEAD /_ping", "SystemPingHead", None, {}),
        ("HEAD /v1.41/containers/c/archive?path=/etc", "ContainerArchiveInfo", "1.41", {"id": "c"}),
        ("POST /session", "Session", None, {}),
        ("GET /debug/pprof/", "DebugPprof", None, {}),
        ("GET /debug/pprof/heap", "DebugPprofLookup", None, {"name": "heap"}),
        ("GET /v1.41/networks/", "NetworkList", "1.41", {}),
        ("GET //v1.41//info//", "SystemInfo", "1.41", {}),
        ("GET /containers//json", "ContainerList", None, {}),  # where the daemon's redirect leads
        ("GET http://docker/v1.41/info", "SystemInfo", "1.41", {}),
        ("GET http://unix.sock:80/_ping", "SystemPing", None, {}),
        ("OPTIONS /containers/json", "Options", None, {"anyroute": "containers/json"}),
        ("OPTIONS /", "Options", None, {"anyroute": ""}),
        ("POST /v1.4/containers/a/copy", "ContainerCopy", "1.4", {"id": "a"}),
        ("POST /v1.10/images/a/b/insert", "ImageInsert", "1.10", {"name": "a/b"}),
        ("GET /v1.6/images/viz", "ImageViz", "1.6", {}),
        ("GET /v4.0.0/libpod/info", "Libpod", "4.0.0", {"path": "info"}),
        ("PATCH /v4.0.0/libpod/a%2Fb/", "Libpod", "4.0.0", {"path": "a/b"}),
        ("GET /v4.0.0/libpod/containers/json", "Libpod", "4.0.0", {"path": "containers/json"}),
        ("GET /v5.4.1/libpod/containers/a/json", "LibpodContainerInspect", "5.4.1", {"name": "a"}),
        ("POST /libpod", "Libpod", None, {"path": ""}),
    ],
)  # fmt: skip
def test_found(line: str, operation: str, version: str | None, arguments: dict[str, str]) -> None:
    call = lookup(*line.split())
    assert (call.operation.id, call.version, call.arguments) == (operation, version, arguments)


@pytest.mark.parametrize(
    ("line", "operation", "base", "version"),
    [
        ("GET /docker/v1.41/containers/json?all=1", "ContainerList", "/docker", "1.41"),
        ("GET /docker/_ping", "SystemPing", "/docker", None),
        ("GET /docker/version", "SystemVersion", "/docker", None),
        ("GET /a/b/v1.41/containers/web/json", "ContainerInspect", "/a/b", "1.41"),
        ("GET /a/v1.41/info", "SystemInfo", "/a", "1.41"),
        ("GET /a/_ping", "SystemPing", "/a", None),
        ("POST /a/containers/web/start", "ContainerStart", "/a", None),
        ("GET /api/endpoints/2/docker/containers/json?all=1", "ContainerList", "/api/endpoints/2/docker", None),
        ("GET /api/endpoints/2/docker/info", "SystemInfo", "/api/endpoints/2/docker", None),
        ("GET http://h:9000/api/endpoints/2/docker/v1.41/images/a/b/json", "ImageInspect", "/api/endpoints/2/docker",
         "1.41"),
        ("GET /docker/v5.0.0/libpod/info", "Libpod", "/docker", "5.0.0"),
        ("GET //docker//v1.41//info/", "SystemInfo", "//docker", "1.41"),
        ("GET /v1.41/info", "SystemInfo", "", "1.41"),
    ],
)  # fmt: skip
def test_found_under_a_base_path(line: str, operation: str, base: str, version: str | None) -> None:
    call = lookup(*line.split())
    assert (call.operation.id, call.base, call.version) == (operation, base, version)
    assert base not in call.path or not base


@pytest.mark.parametrize(
    "line",
    [
        "POST /api/auth",  # Portainer's own login
        "GET /api/version",
        "GET /api/system/info",
        "GET /containers/web/info",  # a mistake in a path of the API
        "GET /images/v1.41/info",
        "GET /v1.41/docker/info",
        "GET /container/json",
        "GET /" + "a/" * 2000 + "v1.41/info",
    ],
)
def test_not_taken_for_a_base_path(line: str) -> None:
    call = lookup(*line.split())
    assert (call.operation, call.base) == (UNKNOWN, "")


@pytest.mark.parametrize(
    "line",
    [
        "HEAD /info",
        "get /info",
        "GET /services/a/b",
        "GET /v1.41",
        "GET *",
        "CONNECT docker:2375",
        "GET /infos",
        "GET /vX/info",
    ],
)
def test_unknown(line: str) -> None:
    call = lookup(*line.split())
    assert call.operation is UNKNOWN
    assert not call.known


def test_the_path_is_kept_as_it_came() -> None:
    call = lookup("GET", "/v4.0.0/libpod/images/a%2Fb//json?x=%20y+z&x")
    assert (call.path, call.version) == ("/libpod/images/a%2Fb//json", "4.0.0")
    assert call.query == (("x", " y z"), ("x", ""))


@pytest.mark.parametrize(
    ("line", "open_"),
    [
        ("GET /events", True),
        ("GET /containers/a/logs?follow=1", True),
        ("GET /containers/a/logs?follow=False", False),
        ("GET /containers/a/stats", True),
        ("GET /containers/a/stats?stream=0", False),
        ("POST /containers/a/wait", True),
        ("GET /info", False),
    ],
)
def test_what_stays_open(line: str, open_: bool) -> None:
    assert lookup(*line.split()).stays_open is open_


@pytest.mark.parametrize(
    ("target", "nearest", "known"),
    [
        ("/v1.41/info", "1.41", True),
        ("/v1.9/info", "1.9", True),
        ("/v1.99/info", NEWEST, False),
        ("/v2.0/info", NEWEST, False),
        ("/v0.1/info", "1.0", False),
        ("/v4.0.0/info", NEWEST, False),
        ("/v..1/info", NEWEST, False),
        ("/info", NEWEST, False),
    ],
)
def test_versions(target: str, nearest: str, known: bool) -> None:
    call = lookup("GET", target)
    assert call.operation.id == "SystemInfo"
    assert (call.nearest_version, call.version_known) == (nearest, known)


def test_parameters_in_a_form() -> None:
    call = with_form(lookup("POST", "/containers/x/rename?name=old&force=0"), b"name=x%2Fb+c&force=1&empty=")
    assert call.form == (("name", "x/b c"), ("force", "1"), ("empty", ""))
    assert call.query == (("name", "old"), ("force", "0"))
    assert call.parameters == call.form + call.query
    assert (call.value("name"), call.flag("force")) == ("x/b c", True)  # as the daemon takes them


@pytest.mark.parametrize("line", ["GET /containers/json", "DELETE /containers/a", "POST /nothing"])
def test_no_form_where_the_daemon_reads_none(line: str) -> None:
    call = lookup(*line.split())
    assert with_form(call, b"all=1") is call


@pytest.mark.parametrize(
    ("line", "id_", "arguments"),
    [
        ("GET /models", "ModelList", {}),
        ("GET /models/ai/smollm2", "ModelInspect", {"name": "ai/smollm2"}),
        ("POST /models/create", "ModelCreate", {}),
        ("POST /engines/v1/chat/completions", "ModelChat", {}),
        ("POST /engines/llama.cpp/v1/chat/completions", "ModelChat", {}),
        ("POST /exp/vDD4.40/engines/v1/chat/completions", "ModelChat", {}),
        ("GET /exp/vDD4.40/models", "ModelList", {}),
        ("GET /engines/df", "ModelRunner", {"path": "df"}),
        ("GET /exp/vDD4.40/features", "Desktop", {"path": "vDD4.40/features"}),
        ("POST /v1.41/modelsx", "", {}),
    ],
)
def test_docker_desktop_and_model_runner(line: str, id_: str, arguments: dict[str, str]) -> None:
    call = lookup(*line.split(" "))
    assert (call.operation.id, call.arguments) == (id_, arguments)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /containers/create", b"Image=x"),
        ("POST /containers/x/rename", b'{"name":"x"}'),
        ("PUT /containers/x/archive?path=/", b"name\0\0=x"),
        ("POST /build", b"t=x"),
        ("POST /auth", b"username=x"),
    ],
)
def test_a_body_that_is_no_form(line: str, body: bytes) -> None:
    call = lookup(*line.split(" "))
    assert with_form(call, body) is call
