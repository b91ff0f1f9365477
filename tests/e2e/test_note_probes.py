"""Every kind of note that says what a daemon ignores or refuses, tried: send it, and look whether it had an effect.

The daemon is that of the other tests, whose release ``make e2e-modern`` chooses; APISPY_PROBE_SOCKET names another one,
which has the image and may be shared: then nothing is done that affects other users.
"""

import base64
import http.client
import http.server
import io
import json
import os
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from apispy.decoders.registry_auth import why_ignored
from apispy.engine.filters import FILTERS, UNCHECKED, filter_problems
from apispy.engine.operations import BY_ID
from apispy.engine.undocumented_fields import READ_FIELDS
from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response
from apispy.pipeline import read

from .daemon import IMAGE

SHARED = os.environ.get("APISPY_PROBE_SOCKET", "")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PREFIX = "note-probe"


@dataclass(frozen=True)
class Answer:
    """A response, and the notes that apispy makes of its call."""

    status: int
    body: bytes
    notes: tuple[str, ...]

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    @property
    def says_ignored(self) -> bool:
        return any(
            part in note
            for note in self.notes
            for part in ("so Docker ignores it", " is ignored by Docker", " has no effect on ")
        )


@dataclass(frozen=True)
class Daemon:
    path: str
    image: str

    def call(
        self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Make a call; a body that is no bytes is sent as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", JSON)
        connection = http.client.HTTPConnection("d", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        connection.sock.connect(self.path)
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        answered = tuple((name.encode(), value.encode()) for name, value in response.getheaders())
        exchange = Exchange(
            1, 1, 0.0, "", "",
            Request(method, target, headers=_headers(headers), body=_body(body or b"")),
            Response(response.status, headers=Headers(answered), body=_body(content)),
            end="complete",
        )  # fmt: skip
        return Answer(response.status, content, read(exchange, NameRegistry()).notes)

    def inspect(self, container: str) -> Any:
        return self.call("GET", f"/containers/{container}/json").json

    def remove(self, container: str) -> None:
        self.call("DELETE", f"/containers/{container}?force=1")


def _headers(fields: dict[str, str]) -> Headers:
    return Headers(tuple((name.encode(), value.encode()) for name, value in fields.items()))


def _body(content: bytes) -> Body:
    return Body((Chunk(0.0, content),) if content else (), len(content), ended_at=0.0)


@pytest.fixture(scope="module")
def daemon(request: pytest.FixtureRequest) -> Daemon:
    if SHARED:
        return Daemon(SHARED, "busybox")
    return Daemon(request.getfixturevalue("daemons").plain.unix.path, IMAGE)


@pytest.fixture(scope="module")
def container(daemon: Daemon) -> Iterator[str]:
    """A container that runs, with a name and a label."""
    name = f"{PREFIX}-{os.getpid()}"
    body = {"Image": daemon.image, "Cmd": ["sleep", "600"], "HostConfig": {"NetworkMode": "none"}}
    daemon.remove(name)
    assert daemon.call("POST", f"/containers/create?name={name}", body).status == 201
    assert daemon.call("POST", f"/containers/{name}/start").status == 204
    yield name
    daemon.remove(name)


# --- fields of ContainerCreate

HOST_CONFIG = {
    "AutoRemove": True,
    "Binds": ["/tmp:/x"],
    "CapAdd": ["SYS_TIME"],
    "CpuShares": 77,
    "CpusetCpus": "0",
    "Dns": ["9.9.9.9"],
    "ExtraHosts": ["a:1.2.3.4"],
    "Init": True,
    "IpcMode": "host",
    "Memory": 100_000_000,
    "Mounts": [{"Type": "tmpfs", "Target": "/zz"}],
    "NetworkMode": "host",
    "PidMode": "host",
    "PidsLimit": 55,
    "Privileged": True,
    "ReadonlyRootfs": True,
    "ShmSize": 12_345_678,
    "Tmpfs": {"/q": "size=1m"},
    "VolumeDriver": "nosuch",
}
"""Fields of HostConfig, with values that no default has."""


@dataclass(frozen=True)
class Create:
    """A ContainerCreate with one more field or parameter, and where its effect would be seen in the container."""

    name: str
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    seen: Callable[[Any], bool] = lambda inspected: False


def _host(name: str, value: Any) -> Callable[[Any], bool]:
    return lambda inspected: inspected["HostConfig"].get(name) == value


BESIDE = {"HostConfig": {"StorageOpt": None, "UsernsMode": "host"}}

CREATES = (
    *(Create(name, {name: value}, seen=_host(name, value)) for name, value in HOST_CONFIG.items()),
    *(
        Create(f"{name} beside a HostConfig", {name: value} | BESIDE, seen=_host(name, value))
        for name, value in HOST_CONFIG.items()
    ),
    Create("Cpuset", {"Cpuset": "0"}, seen=_host("CpusetCpus", "0")),
    Create("Cpuset beside a HostConfig", {"Cpuset": "0"} | BESIDE, seen=_host("CpusetCpus", "0")),
    Create("Memory in both", {"Memory": 7_000_000, "HostConfig": {"Memory": 8_000_000}}, seen=_host("Memory", 7_000_000)),
    Create("name", {"name": f"{PREFIX}-named"}, seen=lambda one: one["Name"] == f"/{PREFIX}-named"),
    Create("Hostname in the query", query="Hostname=probed", seen=lambda one: one["Config"]["Hostname"] == "probed"),
    Create("hostname in the body", {"hostname": "probed"}, seen=lambda one: one["Config"]["Hostname"] == "probed"),
    Create("NetworkMode in the query", query="NetworkMode=none", seen=_host("NetworkMode", "none")),
    Create("Labels in HostConfig", {"HostConfig": {"Labels": {"a": "b"}}}, seen=lambda one: bool(one["Config"]["Labels"])),
    Create("MacAddress", {"MacAddress": "02:42:ac:11:00:09"},
           seen=lambda one: "02:42:ac:11:00:09" in json.dumps(one)),
)  # fmt: skip


@pytest.mark.parametrize("row", CREATES, ids=lambda row: row.name)
def test_a_field_of_a_container_is_said_to_be_ignored_exactly_if_it_has_no_effect(
    daemon: Daemon, row: Create
) -> None:
    made = daemon.call(
        "POST", f"/v1.41/containers/create?{row.query}", {"Image": daemon.image, "Cmd": ["true"]} | row.body
    )
    assert made.status == 201, made.body
    try:
        assert row.seen(daemon.inspect(made.json["Id"])) is not made.says_ignored, made.notes
    finally:
        daemon.remove(made.json["Id"])


# --- other operations


def test_fields_of_other_operations(daemon: Daemon, container: str) -> None:
    update = daemon.call("POST", f"/v1.41/containers/{container}/update", {"HostConfig": {"PidsLimit": 44}})
    assert (daemon.inspect(container)["HostConfig"]["PidsLimit"] == 44) is not update.says_ignored
    volume = daemon.call("POST", "/v1.41/volumes/create", {"Name": PREFIX, "Options": {"type": "tmpfs"}})
    assert bool(volume.json["Options"]) is not volume.says_ignored
    assert daemon.call("DELETE", f"/volumes/{PREFIX}").status == 204
    made = daemon.call("POST", f"/v1.41/containers/{container}/exec", {"Cmd": ["hostname"], "Hostname": "x"})
    assert made.says_ignored


@pytest.mark.skipif(bool(SHARED), reason="a swarm affects everyone who uses the daemon")
def test_fields_of_a_swarm(daemon: Daemon) -> None:
    body = {
        "ListenAddr": "127.0.0.1:24377", "AdvertiseAddr": "127.0.0.1",
        "Availability": "drain", "AutoLockManagers": True,
    }  # fmt: skip
    made = daemon.call("POST", "/v1.41/swarm/init", body)
    try:
        assert made.status == 200, made.body
        node = daemon.call("GET", f"/nodes/{made.json}").json
        assert node["Spec"]["Availability"] == "drain"
        assert not made.says_ignored, made.notes
        for id_ in ("NodeList", "ServiceList", "TaskList", "SecretList", "ConfigList"):
            check_filter_names(daemon, id_)
    finally:
        daemon.call("POST", "/swarm/leave?force=1")


# --- parameters


def test_parameters_of_lists(daemon: Daemon, container: str) -> None:
    later = daemon.call(
        "POST", f"/containers/create?name={PREFIX}-later", {"Image": daemon.image, "Cmd": ["true"]}
    ).json["Id"]
    try:
        for query in (f"since={container}", f"before={PREFIX}-later", "al=1"):
            for version in ("v1.24", "v1.41"):
                plain = {one["Id"] for one in daemon.call("GET", f"/{version}/containers/json").json}
                listed = daemon.call("GET", f"/{version}/containers/json?{query}")
                assert ({one["Id"] for one in listed.json} != plain) is not listed.says_ignored, query
        every = daemon.call("GET", "/v1.41/containers/json?all=1")
        assert later in {one["Id"] for one in every.json}
        assert not every.says_ignored
    finally:
        daemon.remove(later)


@pytest.mark.parametrize("version", ["1.24", "1.40", "1.41"])
def test_the_old_filter_of_images(daemon: Daemon, version: str) -> None:
    listed = daemon.call("GET", f"/v{version}/images/json?filter=nosuch")
    assert (listed.json == []) is not any("has no parameter filter" in note for note in listed.notes)


# --- filters

FORMS = (
    *('{"name":["PROBE"]}', '{"name":{"PROBE":true}}', '{"name":{"PROBE":false}}', '{"name":["PROBE",null]}'),
    *(
        '{"status":"running"}',
        '{"status":["running",1]}',
        '{"status":[true]}',
        '{"status":{"running":"true"}}',
    ),
    *('{"status":null}', '{"status":[]}', "null", '["status=running"]', '""', "status=running", "1", "{}"),
    *(
        '{"name":["PROBE"],"status":{"running":true}}',
        '{"name":{"PROBE":1}}',
        '{"name":[NaN]}',
        '{"name":["a"]',
    ),
    *('{"status":["Running"]}', '{"statsu":["running"]}', '{"health":["HEALTHY"]}', '{"is-task":["maybe"]}'),
    *('{"name":["a"],"name":["PROBE"]}', ' {"name":["PROBE"]}\n', '{"status":["dead","paused"]}'),
)


@pytest.mark.parametrize("text", FORMS)
def test_filters_are_said_to_be_refused_exactly_if_they_are(
    daemon: Daemon, container: str, text: str
) -> None:
    value = text.replace("PROBE", container)
    listed = daemon.call("GET", f"/v1.41/containers/json?filters={quote(value)}")
    problems = filter_problems("ContainerList", value)
    assert (listed.status >= 400) is any(one.kind == "refused" for one in problems), listed.body
    assert all(one.text in listed.notes for one in problems)
    if any(one.kind == "not negated" for one in problems):
        assert len(listed.json) == 1  # the container itself


PROBED_LISTS = ("ContainerList", "ImageList", "NetworkList", "VolumeList", "PluginList", "SystemEvents")
NAMES = sorted({name for names in FILTERS.values() for name in names} | {"nosuch"})


@pytest.mark.parametrize("id_", PROBED_LISTS)
def test_the_names_of_filters(daemon: Daemon, id_: str) -> None:
    check_filter_names(daemon, id_)


def check_filter_names(daemon: Daemon, id_: str) -> None:
    row = BY_ID[id_]
    api = daemon.call("GET", "/version").json["ApiVersion"]
    for name in NAMES:
        value = json.dumps({name: ["nosuch"]})
        ends = "until=1&" if id_ == "SystemEvents" else ""
        answer = daemon.call(row.method, f"{row.path}?{ends}filters={quote(value)}")
        refused = f"invalid filter '{name}'" in answer.body.decode().lower()
        problems = filter_problems(id_, value, api)
        said = any(
            "so the daemon refuses it" in one.text or "available since" in one.text for one in problems
        )
        assert refused is said, (name, answer.body, problems)
        assert (id_ in UNCHECKED and name not in FILTERS[id_]) is any(
            one.kind == "ignored" for one in problems
        )


# --- the declared type of a body


TYPED = (
    *("ContainerCreate", "ContainerUpdate", "ContainerExec", "ExecStart", "ImageCommit", "NetworkCreate"),
    *("NetworkConnect", "NetworkDisconnect", "VolumeCreate"),
)


@pytest.mark.parametrize("id_", TYPED)
@pytest.mark.parametrize("declared", [FORM, "text/plain", JSON])
def test_json_under_another_type(daemon: Daemon, id_: str, declared: str) -> None:
    row = BY_ID[id_]
    target = row.path.replace("{id}", "nosuch")
    query = "?container=nosuch" if id_ == "ImageCommit" else ""
    answer = daemon.call(row.method, f"/v1.41{target}{query}", b'{"Nosuch":0}', {"Content-Type": declared})
    refused = b"content-type" in answer.body.lower()
    assert refused is any("-H 'Content-Type: application/json'" in note for note in answer.notes), answer
    assert refused is (declared != JSON)


def test_an_archive_declared_as_a_form_is_not_unpacked(daemon: Daemon, container: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(f"{PREFIX}.txt"))
    target = f"/v1.41/containers/{container}/archive"
    for declared, there in ((FORM, False), ("application/x-tar", True)):
        put = daemon.call("PUT", f"{target}?path=/", packed.getvalue(), {"Content-Type": declared})
        assert put.status == 200
        found = daemon.call("HEAD", f"{target}?path=/{PREFIX}.txt").status == 200
        assert found is there
        assert found is not any("takes no archive from this body" in note for note in put.notes)


def test_a_form_where_the_daemon_takes_one(daemon: Daemon, container: str) -> None:
    form = {"Content-Type": FORM}
    for old, new in ((container, f"{container}-other"), (f"{container}-other", container)):
        renamed = daemon.call("POST", f"/v1.41/containers/{old}/rename", f"name={new}".encode(), form)
        assert renamed.status == 204
        assert not renamed.says_ignored


# --- registry credentials

BOB = {"username": "bob", "password": "a!?testpassword~~>?>"}


def _packed(value: Any) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value).encode())


CREDENTIALS = {
    "base64url": _packed(BOB),
    "standard base64": base64.b64encode(json.dumps(BOB).encode()),
    "no padding": _packed(BOB | {"email": "x"}).rstrip(b"="),
    "raw JSON": json.dumps(BOB).encode(),
    "user and password": base64.b64encode(b"bob:pw"),
    "user and password, raw": b"bob:pw",
    "quoted": b'"' + _packed(BOB) + b'"',
    "names in another case": _packed({"Username": "bob", "Password": "pw"}),
    "auth only": _packed({"auth": base64.b64encode(b"bob:pw").decode()}),
    "by host": _packed({"127.0.0.1:5000": BOB}),
    "a list": _packed([BOB]),
    "more fields": _packed(BOB | {"more": 1}),
    "more text": base64.urlsafe_b64encode(json.dumps(BOB).encode() + b" x"),
}


class Registry(http.server.ThreadingHTTPServer):
    """A registry that asks for credentials, and remembers whether it got some."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[str] = []
        super().__init__(("127.0.0.1", 0), Questions)


class Questions(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.got.append(self.headers.get("Authorization", ""))
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="probe"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def serving[S: Registry](server: S) -> Iterator[S]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with serving(Registry()) as server:
        yield server


@pytest.mark.parametrize("form", CREDENTIALS)
def test_credentials_are_said_to_be_ignored_exactly_if_they_are(
    daemon: Daemon, registry: Registry, form: str
) -> None:
    value = CREDENTIALS[form]
    registry.got.clear()
    image = f"127.0.0.1:{registry.server_address[1]}/x"
    answer = daemon.call(
        "POST", f"/images/create?fromImage={image}&tag=1", None, {"X-Registry-Auth": value.decode()}
    )
    assert registry.got, answer.body
    used = any(registry.got)
    assert used is not bool(why_ignored(value))
    assert used is not any("ignores the credentials" in note for note in answer.notes), answer.notes


class TokenServer(Registry):
    """A registry that sends clients to a token server, itself, and remembers what that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = Tokens


class Tokens(Questions):
    def do_GET(self) -> None:
        self.server.got.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        is_token = self.path.startswith("/token")
        content = b'{"access_token":"probe","token":"probe"}' if is_token else b"{}"
        if is_token or self.headers.get("Authorization"):
            self.send_response(200)
        else:
            self.send_response(401)
            realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="probe"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    with serving(TokenServer()) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "is_used"), [("identitytoken", True), ("registrytoken", False), ("auth", False)]
)
def test_which_fields_of_a_login_are_used(
    daemon: Daemon, token_server: TokenServer, name: str, is_used: bool
) -> None:
    """The table says so too; the notes on this call do not, as the values are hidden from them."""
    body = {
        "username": "bob",
        "serveraddress": f"127.0.0.1:{token_server.server_address[1]}",
        name: "planted",
    }
    answer = daemon.call("POST", "/v1.41/auth", body)
    assert answer.status == 200, answer.body
    assert any("planted" in got for got in token_server.got) is is_used, token_server.got
    assert (("SystemAuth", name) in READ_FIELDS) is is_used
    assert not answer.says_ignored


# --- what the reference of a version does not have


def test_a_parameter_of_a_later_version_may_be_used(daemon: Daemon) -> None:
    """Hence "engines may ignore it": the reference has this parameter since API 1.39."""
    packed = io.BytesIO()
    tarfile.open(fileobj=packed, mode="w").close()
    query = f"fromSrc=-&repo={PREFIX}-imported&message=planted"
    made = daemon.call(
        "POST", f"/v1.38/images/create?{query}", packed.getvalue(), {"Content-Type": "application/x-tar"}
    )
    assert made.status == 200, made.body
    try:
        assert daemon.call("GET", f"/images/{PREFIX}-imported/json").json["Comment"] == "planted"
        assert any("documented since API 1.39, not for API 1.38" in note for note in made.notes)
    finally:
        daemon.call("DELETE", f"/images/{PREFIX}-imported")


def test_a_push_without_credentials(daemon: Daemon) -> None:
    """`explain ImagePush` says which engines refuse it, and its curl command has none."""
    image = f"127.0.0.1:1/{PREFIX}"
    assert daemon.call("POST", f"/images/{daemon.image}/tag?repo={image}&tag=1").status == 201
    try:
        without = daemon.call("POST", f"/images/{image}/push?tag=1")
        none = daemon.call("POST", f"/images/{image}/push?tag=1", headers={"X-Registry-Auth": "e30="})
    finally:
        daemon.call("DELETE", f"/images/{image}:1")
    version = daemon.call("GET", "/version").json["Version"]
    release = tuple(int(part) for part in version.split(".")[:2])
    assert none.status == 200
    assert without.status == (200 if release >= (28, 5) else 400), version


@pytest.mark.parametrize("line", ["GET /v1.24/configs", "GET /v1.24/distribution/127.0.0.1:1/x/json"])
def test_an_older_version_hides_no_operation(daemon: Daemon, line: str) -> None:
    method, target = line.split(" ")
    assert daemon.call(method, target).status != 404


# --- request lines


LINES = (
    *(
        "GET /containers/create",
        "GET /V1.41/containers/json",
        "GET /1.41/containers/json",
        "get /containers/json",
    ),
    *("GET /containers/json/", "GET /exec/x/start", "GET /container/json", "POST /containers/json"),
    *("GET /Containers/json", "GET /containers", "GET /containers/x", "DELETE /containers", "GET /info/"),
)


@pytest.mark.parametrize("line", LINES)
def test_a_hint_is_given_for_what_is_not_found(daemon: Daemon, line: str) -> None:
    method, target = line.split(" ")
    answer = daemon.call(method, target)
    assert answer.status == 404
    assert len(answer.notes) == 1
