"""Rules about requests: what they refuse, and what is refused because a daemon might read it otherwise."""

import json
from typing import Any

import pytest

from apispy.filters.policy import READS, parse_policy, parse_rule
from apispy.gate import AskUser, Decision, Gate, HoldingForwarder, PolicyCheck, RespondWith
from apispy.gate.actions import PASS
from tests.laws.test_gate import Following, described

from .test_gate import CREATE, PING, START, asked

JSON = "application/json"


def decided(check: PolicyCheck, *call: Any, **headers: str) -> Decision:
    """The decision of a gate about a whole request."""
    found = Gate(policy=check).decide(asked(*call, **headers))
    assert found is not None
    return found


def denying(*filters: str, audit: bool = False) -> PolicyCheck:
    return PolicyCheck([parse_rule("deny", text) for text in filters], audit=audit)


def create(host: dict[str, Any] | None = None, **body: Any) -> tuple[str, str, bytes]:
    return "POST", CREATE, json.dumps({"Image": "busybox", "HostConfig": host or {}} | body).encode()


ASKS = [
    ("privileged", create({"Privileged": True})),
    ("privileged", create({"privileged": True})),
    (
        "privileged",
        ("POST", CREATE, '{"Ho\u017ftConfig": {"Privileged": true}}'.encode()),
    ),  # the long s, as Go folds
    ("privileged", ("POST", "/containers/web/exec", b'{"Privileged": true}')),
    ("bind:/etc*", create({"Binds": ["/etc/passwd:/p"]})),
    ("bind:/etc*", create({"Binds": ["/srv/../etc:/p"]})),
    ("bind:/etc*", create({"Binds": ["//etc:/p"]})),
    ("bind:/etc*", create({"Binds": ["/:/host"]})),  # which has /etc in it
    ("bind:/etc*", create({"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/x"}]})),
    ("bind", ("POST", "/volumes/create", b'{"DriverOpts": {"type": "none", "o": "bind", "device": "/etc"}}')),
    ("socket", create({"Binds": ["/var/run/docker.sock:/s"]})),
    ("socket", create({"Binds": ["/run:/r"]})),
    ("socket", create({"Binds": ["/:/r"]})),
    ("network:host", create({"NetworkMode": "host"})),
    ("network:host", create({}, NetworkingConfig={"EndpointsConfig": {"host": {}}})),
    ("network:host", ("POST", "/build?networkmode=host", None)),
    ("pid:host", create({"PidMode": "host"})),
    ("ipc:host or uts:host", create({"UTSMode": "host"})),
    ("cap:SYS_ADMIN", create({"CapAdd": ["SYS_ADMIN"]})),
    ("cap:SYS_ADMIN", create({"CapAdd": ["cap_sys_admin"]})),
    ("cap:SYS_ADMIN", create({"CapAdd": ["ALL"]})),
    ("cap:SYS_ADMIN", create({"Privileged": True})),
    ("device", create({"Devices": [{"PathOnHost": "/dev/kvm"}]})),
    ("device:/dev/kvm", create({"Privileged": True})),
    ("device", create({"DeviceRequests": [{"Driver": "nvidia", "Count": -1}]})),
    ("device", create({"Privileged": True})),
    ("cap", create({"Privileged": True})),
    ("user:root", create(User="0:0")),
    ("user:root", create(User="root")),
    ("user:root", create()),  # the image decides
    ("image:evil/*", create(Image="evil/tool:1")),
    ("not image:registry.local/*", create()),
    ("effect:exec", ("POST", "/containers/web/exec", b"{}")),
    ("effect:archive-out", ("GET", "/containers/web/archive?path=/etc", None)),
    ("effect:secret", ("GET", "/secrets/x", None)),
    ("bind and not bind:/srv/*", create({"Binds": ["/srv/a:/a", "/etc:/e"]})),  # one of them is not there
]


@pytest.mark.parametrize(("rule", "call"), ASKS, ids=str)
def test_deny_refuses_what_a_body_asks_for(rule: str, call: tuple[Any, ...]) -> None:
    found = decided(denying(rule), *call)
    assert isinstance(found.action, RespondWith)
    assert (found.action.status, found.reason) == (403, f"refused by deny {rule}")
    assert found.action.message.startswith(f"apispy: refused by deny {rule}; ")


@pytest.mark.parametrize(
    ("rule", "call"),
    [
        ("privileged", create({"Privileged": False})),
        ("bind:/etc*", create({"Binds": ["/srv:/s", "data:/etc"]})),
        ("socket", create({"Binds": ["/srv:/s"]})),
        ("network:host", create({"NetworkMode": "bridge"})),
        ("cap:SYS_ADMIN", create({"CapAdd": ["NET_ADMIN"]})),
        ("user:root", create(User="1000:0")),
        ("bind and not bind:/srv/*", create({"Binds": ["/srv/a:/a", "/srv/b:/b"]})),
        ("not image:registry.local/*", create(Image="registry.local/app:2")),
        ("privileged", ("GET", "/containers/json?all=1", None)),
        ("privileged", ("POST", "/containers/web/start", None)),
        ("privileged", ("GET", "/images/busybox%40sha256:0123/json", None)),
    ],
    ids=str,
)
def test_deny_lets_everything_else_pass(rule: str, call: tuple[Any, ...]) -> None:
    assert decided(denying(rule), *call) is PASS


def test_allow_refuses_all_else_and_needs_all_of_a_request() -> None:
    only_srv = PolicyCheck([parse_rule("allow", "op:ContainerCreate and (not bind or bind:/srv/*)")])
    assert decided(only_srv, *create({"Binds": ["/srv/a:/a"]})) is PASS
    assert decided(only_srv, *create()) is PASS
    assert (
        decided(only_srv, *create({"Binds": ["/srv/a:/a", "/etc:/e"]})).reason == "refused: no rule allows it"
    )
    assert decided(only_srv, *create({"Binds": ["/srv/../etc:/a"]})).reason == "refused: no rule allows it"
    assert not decided(only_srv, "GET", "/containers/json").passes


def test_a_container_is_allowed_by_any_of_its_names() -> None:
    gate = Gate(
        policy=PolicyCheck([parse_rule("allow", "container:web")]),
        aliases=lambda name: (name, "web") if name == "0123" else (name,),
    )
    assert gate.decide(asked("GET", "/containers/0123/json")) is PASS
    assert not gate.decide(asked("GET", "/containers/4567/json")).passes  # type: ignore[union-attr]


READ_ONLY = PolicyCheck([READS])


@pytest.mark.parametrize(
    ("method", "target", "passes"),
    [
        ("GET", "/containers/web/export", True),
        ("GET", "/images/busybox/get", True),
        ("GET", "/containers/web/archive?path=/etc", True),
        ("POST", "/containers/web/wait", True),
        ("POST", "/containers/web/attach?stdout=1&stream=1", True),
        ("POST", "/containers/web/attach?stdin=1&stream=1", False),
        ("GET", "/containers/web/attach/ws?stream=1&stdin=1", False),
        ("POST", "/auth", False),
        ("POST", "/containers/web/stop", False),
        ("POST", "/session", False),
        ("GET", "/nosuch", False),
        ("GET", "/libpod/images/json", False),
    ],
)
def test_read_only_goes_by_the_catalogue(method: str, target: str, passes: bool) -> None:
    assert decided(READ_ONLY, method, target).passes is passes


HOLES = [
    # names of fields in another case, or twice
    (b'{"HostConfig": {"Privileged": true, "privileged": false}}', {}, "twice"),
    (b'{"HostConfig": {}, "hostconfig": {"Privileged": true}}', {}, "twice"),
    ('{"HostConfig": {}, "Ho\u017ftConfig": {"Privileged": true}}'.encode(), {}, "twice"),
    (b'{"HostConfig": {}} {"HostConfig": {"Privileged": true}}', {}, "not JSON"),
    (b'{"HostConfig": {"Memory": NaN}}', {}, "NaN"),
    (b"[" * 100_000, {}, "nested"),
    ('{"HostConfig": {}}'.encode("utf-16"), {}, "UTF-8"),
    (b"\xef\xbb\xbf{}", {}, "not JSON"),
    (b"", {"Transfer_Encoding": "chunked"}, None),
    (b"\x1f\x8b\x08", {"Content_Encoding": "gzip"}, "compressed"),
    (b"HostConfig=x", {"Content_Type": "application/x-www-form-urlencoded"}, "form"),
    (b"--x", {"Content_Type": "multipart/form-data; boundary=x"}, "form"),
]


@pytest.mark.parametrize(("body", "headers", "doubt"), HOLES, ids=str)
def test_a_body_that_can_be_read_in_two_ways_is_refused(
    body: bytes, headers: dict[str, str], doubt: str | None
) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = decided(denying("privileged"), "POST", CREATE, body, **named)
    assert (doubt is None and found is PASS) or (doubt and doubt in found.reason)


@pytest.mark.parametrize(
    "target",
    [
        "//containers/json",
        "/v1.41/../containers/json",
        "/containers/./json",
        "/containers/json/",
        "/containers%2Fcreate",
        "/c%6fntainers/json",
        "/containers/x%2e%2e/json",
        "/containers/%00/json",
        "/containers/%zz/json",
        "/containers/a\\b/json",
        "/containers/json#x",
        "/containers/json?all=1;x=2",
        "/containers/json?all=0&all=1",
        "http://other/containers/json",
        "*",
        "/containers/\xe9/json",
    ],
)
def test_a_path_that_can_be_read_in_two_ways_is_refused(target: str) -> None:
    """Also where only reading is allowed, and where nothing but one thing is denied."""
    for check in (READ_ONLY, denying("effect:exec")):
        assert decided(check, "GET", target).reason.startswith("refused: ")


def test_an_upgrade_needs_an_operation_that_has_one() -> None:
    h2c = {"Upgrade": "h2c", "Connection": "Upgrade"}
    assert "upgrade" in decided(READ_ONLY, "GET", "/containers/json", **h2c).reason
    exec_start = {"Upgrade": "tcp", "Connection": "Upgrade"}
    assert decided(denying("privileged"), "POST", "/exec/0123/start", b'{"Tty":true}', **exec_start) is PASS


def test_what_cannot_be_checked_needs_a_rule_that_allows_it() -> None:
    assert not decided(denying("privileged"), "GET", "/nosuch").passes
    unknown = PolicyCheck([parse_rule("allow", "op:?"), parse_rule("deny", "privileged")])
    assert decided(unknown, "GET", "/nosuch") is PASS


def test_a_body_is_awaited_only_if_a_rule_needs_it() -> None:
    whole = asked(*create())
    gate = Gate(policy=denying("privileged"))
    assert gate.decide(whole, complete=False) is None
    assert gate.decide(START, complete=False) is PASS
    by_operation = Gate(policy=denying("op:ContainerCreate"))
    assert not by_operation.decide(whole, complete=False).passes  # type: ignore[union-attr]


def test_an_audit_forwards_and_says_so() -> None:
    check = denying("privileged", audit=True)
    found = decided(check, *create({"Privileged": True}))
    assert found.passes
    assert found.reason == "would be refused by deny privileged"
    assert check.report() == ["1 request would have been refused: deny privileged"]
    assert Gate(policy=check).decide_unreadable(b"nonsense") is PASS


def test_faults_come_after_rules_and_each_request_counts_once() -> None:
    from apispy.gate import parse

    check = denying("op:ContainerStart")
    gate = Gate([parse("image:busybox status=500"), parse("op:ContainerStart status=500")], policy=check)
    assert gate.decide(START).action.status == 403  # type: ignore[union-attr]
    whole = asked(*create())
    assert gate.decide(whole, complete=False) is None
    assert gate.decide(whole).action.status == 500  # type: ignore[union-attr]
    assert gate.decide(PING) is PASS
    assert gate.report()[0] == "1 request refused: deny op:ContainerStart"


def test_bytes_that_are_no_request_are_refused() -> None:
    for data in (b"PRI * HTTP/2.0\r\n\r\n", b"nonsense"):
        found = Gate(policy=READ_ONLY).decide_unreadable(data)
        assert isinstance(found.action, RespondWith)
        assert found.action.closes


def test_a_file_has_the_rules_of_the_options() -> None:
    text = "# for CI\nread-only\n\n allow op:ContainerStart\ndeny container:prod*\n"
    assert [str(rule) for rule in parse_policy(text)] == [
        "read-only", "allow op:ContainerStart", "deny container:prod*",
    ]  # fmt: skip


async def nobody(question: Any) -> bool:
    raise AssertionError(question)


def test_the_user_is_asked_in_words_about_what_is_allowed() -> None:
    check = PolicyCheck([parse_rule("confirm", "effect:change"), parse_rule("deny", "cap")], ask=nobody)
    found = decided(check, *create({"Binds": ["/srv:/s"]}))
    assert isinstance(found.action, AskUser)
    assert found.action.question == (
        "apispy: docker (pid 7) asks for ContainerCreate, POST /v1.41/containers/create",
        "  Creates a container from an image, without starting it.",
        "  ! mounts /srv of the host",
        "  ! a container can be given any file and device of the host, unless its body is checked",
        "apispy",
    )
    assert found.action.refusal.status == 403
    assert decided(check, "GET", "/containers/json") is PASS
    assert isinstance(decided(check, *create({"CapAdd": ["ALL"]})).action, RespondWith)
    assert check.report() == [
        "the user was asked about 1 request: confirm effect:change", "1 request refused: deny cap",
    ]  # fmt: skip


def test_without_a_user_what_would_be_asked_is_refused_and_an_audit_says_so() -> None:
    rules = [parse_rule("confirm", "effect:change")]
    assert decided(PolicyCheck(rules), "POST", "/containers/web/start").action.status == 403  # type: ignore[union-attr]
    audited = decided(PolicyCheck(rules, audit=True), "POST", "/containers/web/start")
    assert (audited.passes, audited.reason) == (True, "would be asked about by confirm effect:change")


def test_only_rules_about_containers_and_images_need_their_names() -> None:
    assert Gate(
        policy=PolicyCheck([parse_rule("allow", "op:ContainerList and not container:web")])
    ).needs_names
    assert Gate(policy=denying("image:evil*")).needs_names
    assert not Gate(policy=denying("privileged", "bind:/etc*", "effect:exec")).needs_names


@pytest.mark.parametrize(
    ("rule", "target"),
    [
        ("network:host", "/build?networkmode=host"),
        ("addhost:db=10.*", "/build?extrahosts=web:10.0.0.1&extrahosts=db:10.0.0.2"),
        ("context:https://*", "/build?remote=https://example.com/x.git"),
        ("cache:registry", "/build?cachefrom=%5B%22evil%2Fcache%22%5D"),
        ("cache:evil/*", "/build?cachefrom=%5B%22evil%2Fcache%22%5D"),
        ("output:local", "/build?version=2&outputs=%5B%7B%22type%22:%22local%22,%22attrs%22:%7B%7D%7D%5D"),
        ("output:push", "/build?outputs=%5B%7B%22Type%22:%22image%22,%22Attrs%22:%7B%22push%22:%22true%22%7D%7D%5D"),
        ("image:evil/*", "/build?t=evil/app"),
        ("image:evil/*", "/build?t=app"),  # its Dockerfile may begin with any image
    ],
)  # fmt: skip
def test_a_build_without_grpc_is_refused_for_the_same(rule: str, target: str) -> None:
    assert decided(denying(rule), "POST", target).reason == f"refused by deny {rule}"


def test_parameters_of_a_build_that_are_json_are_read_strictly() -> None:
    for value in ("%5B", "%5B%7B%22Type%22:%22a%22,%22type%22:%22local%22%7D%5D"):
        for name in ("outputs", "cachefrom"):
            found = decided(denying("bind"), "POST", f"/build?{name}={value}")
            assert found.reason == f"refused: its parameter {name} is not JSON, or has a field twice"
    assert (
        decided(denying("bind"), "POST", "/build?extrahosts=a:1&extrahosts=b:2&remote=client-session") is PASS
    )


def test_names_of_hosts_are_seen_in_containers_and_services() -> None:
    assert not decided(denying("addhost:db=*"), *create({"ExtraHosts": ["web:10.0.0.1", "db:::1"]})).passes
    spec = {"TaskTemplate": {"ContainerSpec": {"Hosts": ["10.0.0.2 db alias"]}}}
    for name in ("db", "alias"):
        rule = f"addhost:{name}=10.0.0.2"
        assert not decided(denying(rule), "POST", "/services/create", json.dumps(spec).encode()).passes


def test_a_rule_that_allows_does_not_hold_if_more_may_be_asked_for() -> None:
    built = PolicyCheck([parse_rule("allow", "op:ImageBuild and image:app*")])
    assert not decided(built, "POST", "/build?t=app").passes  # its Dockerfile may begin with any image
    added = PolicyCheck([parse_rule("allow", "op:ContainerCreate and cap:NET_ADMIN")])
    assert decided(added, *create({"CapAdd": ["NET_ADMIN"]})) is PASS
    assert not decided(added, *create({"CapAdd": ["NET_ADMIN"], "Privileged": True})).passes


PRIVILEGED = b'{"Image": "busybox", "HostConfig": {"Privileged": true}}'


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"Content-Length: 9999\r\n\r\n" + PRIVILEGED,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(PRIVILEGED), PRIVILEGED),
        b"Content-Le",
    ],
)
def test_a_request_that_the_client_ends_too_early_never_passes(request_bytes: bytes) -> None:
    """A daemon reads the JSON of a body, and may act on it, before it notices that the body is incomplete."""
    sent = b"POST %b HTTP/1.1\r\nHost: docker\r\n" % CREATE.encode() + request_bytes
    for audit in (False, True):
        forwarder = HoldingForwarder(Gate(policy=denying("privileged", audit=audit)), Following(), described)
        forwarder.feed(sent)
        passed = b""
        while (output := forwarder.next()) is not None:
            passed += output[0]
        assert passed + forwarder.take_rest() == (sent if audit else b"")
        assert forwarder.take_undecided() == (b"" if audit else sent)
