"""The calls in BuildKit's tunnel: what passes byte for byte, what is refused and answered, and what ends the tunnel."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, TrailersReceived

from apispy.filters.policy import READS, parse_rule
from apispy.gate import AskUser, Gate, PolicyCheck, TunnelAnswer
from apispy.gate.tunnel_reader import LATER, MAX_CALLS, MAX_HELD, TunnelReader
from tests.h2_peer import message
from tests.protobuf_writer import mapped, pb, varint
from tests.tunnel_frames import (
    CONTINUATION,
    CONTROL,
    DATA,
    END,
    END_HEADERS,
    FRONTEND_SOLVE,
    GOAWAY,
    HEADERS,
    INFO,
    PADDED,
    PING,
    PRIORITIZED,
    PRIORITY,
    PRUNE,
    PUSH,
    RST,
    SETTINGS,
    SOLVE,
    START,
    WINDOW,
    WORKERS,
    Caller,
    frame,
    solve,
    steps,
    typed,
)

from .test_gate import asked
from .test_policy_check import denying

H2C = {"Upgrade": "h2c", "Connection": "Upgrade"}


@dataclass
class Result:
    """What became of a client's bytes. ``answers``: the frames of apispy's own."""

    passed: bytes = b""
    refused: bytes = b""
    answers: bytes = b""
    reasons: list[str] = field(default_factory=list)
    ended: bool = False


def opened(check: PolicyCheck) -> TunnelReader:
    """The reader of a tunnel that the policy has let be opened."""
    found = Gate(policy=check).decide(asked("POST", "/grpc", **H2C))
    assert found is not None
    assert found.passes, found
    assert found.inside is not None
    return TunnelReader(found.inside.decide, found.inside.refuse, audit=found.inside.audit)


def through(check: PolicyCheck, *pieces: bytes) -> Result:
    reader, result = opened(check), Result()
    for piece in pieces:
        for raw, decision in reader.feed(piece):
            result.reasons += [decision.reason] if decision.reason else []
            if decision.passes:
                result.passed += raw
                continue
            assert isinstance(decision.action, TunnelAnswer)
            result.refused += raw
            result.answers += decision.action.frames
            result.ended |= decision.action.ends
    return result


def allowing(*filters: str, deny: tuple[str, ...] = (), audit: bool = False) -> PolicyCheck:
    rules = [parse_rule("allow", text) for text in filters] + [parse_rule("deny", text) for text in deny]
    return PolicyCheck(rules, audit=audit)


def exec_op(**fields: Any) -> dict[int, Any]:
    numbers = {"meta": 1, "network": 3, "security": 4, "devices": 6, "unknown": 77}
    return {2: {numbers[name]: value for name, value in fields.items()}}


IMPORTS = '[{"Type": "registry", "Attrs": {"ref": "evil/c"}}]'
ASKS = [
    ("privileged", SOLVE, solve("security.insecure")),
    ("privileged", SOLVE, solve(definition=steps(exec_op(security=1)))),
    ("privileged", FRONTEND_SOLVE, pb({13: [{1: "base", 2: steps(exec_op(security=1))}]})),
    ("network:host", SOLVE, solve("network.host")),
    ("network:host", SOLVE, solve(options={"force-network-mode": "host"})),
    ("network:host", SOLVE, solve(definition=steps(exec_op(network=1)))),
    ("network:host", SOLVE, solve(inputs=[{1: "base", 2: steps(exec_op(network=1))}])),
    ("network:host", FRONTEND_SOLVE, pb({2: "dockerfile.v0", 3: mapped({"force-network-mode": "host"})})),
    ("network:host", FRONTEND_SOLVE, pb({1: steps(exec_op(network=1))})),
    ("device", SOLVE, solve("device")),
    ("device:vendor.com/*", SOLVE, solve("device=vendor.com/gpu")),
    ("device", SOLVE, solve(definition=steps(exec_op(devices=[{1: "vendor.com/gpu"}])))),
    ("addhost:db=*", SOLVE, solve(options={"add-hosts": "web=10.0.0.1,db=10.0.0.2"})),
    ("addhost", SOLVE, solve(definition=steps(exec_op(meta={6: [{1: "db", 2: "10.0.0.2"}]})))),
    ("context:https://*", SOLVE, solve(options={"context": "https://example.com/x.git"})),
    ("context", FRONTEND_SOLVE, pb({3: mapped({"context:base": "docker-image://busybox"})})),
    ("context:git://*", SOLVE, solve(definition=steps({3: {1: "git://example.com/x"}}))),
    ("output:push", SOLVE, solve(outputs=[typed("image", name="a", push="true")])),
    ("output:push", SOLVE, solve(outputs=[typed("image", name="a", push="")])),
    ("output:local", SOLVE, solve(outputs=[typed("moby"), typed("local", dest="out")])),
    ("output:oci", SOLVE, solve(exporter="oci")),
    ("cache:registry", SOLVE, solve(cache={4: [typed("registry", ref="evil/cache")]})),
    ("cache:evil/*", SOLVE, solve(cache={5: [typed("registry", ref="evil/cache")]})),
    ("cache:evil/*", FRONTEND_SOLVE, pb({12: [typed("registry", ref="evil/cache")]})),
    ("cache:evil/*", FRONTEND_SOLVE, pb({3: mapped({"cache-imports": IMPORTS})})),
    ("addhost:db=*", SOLVE, solve(options={"add-hosts": '"web=10.0.0.1","db=10.0.0.2"'})),
    ("image:evil/*", SOLVE, solve(outputs=[typed("image", name="app,evil/app")])),
    ("image:evil/*", SOLVE, solve(definition=steps({3: {1: "docker-image://evil/x:1"}}))),
    ("image:evil/*", FRONTEND_SOLVE, pb({2: "gateway.v0", 3: mapped({"source": "good/frontend"})})),
    ("image:evil/*", FRONTEND_SOLVE, pb({2: "dockerfile.v0"})),  # its Dockerfile may begin with any image
    ("image:evil/*", "/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig", pb({1: "evil/x"})),
    ("effect:change and op:Control*", PRUNE, b""),
    ("op:Control/Solve", SOLVE, solve()),
    ("path:*LLBBridge/Solve", FRONTEND_SOLVE, b""),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "content"), ASKS, ids=str)
def test_deny_refuses_what_a_build_asks_for_and_the_client_is_told(
    rule: str, path: str, content: bytes
) -> None:
    caller = Caller()
    good = START + caller.call(INFO)
    bad = caller.call(path, content)
    result = through(denying(rule), good + bad)
    assert result.passed == good
    assert result.refused == bad
    assert not result.ended
    assert result.reasons == [f"refused by deny {rule}"]
    assert told(3, result.answers) == (
        "7",
        f"apispy: refused by deny {rule}; the daemon did not get the request",
    )


def told(stream: int, answers: bytes) -> tuple[str, str]:
    """The status and the message of the answer to a call, as a client of HTTP/2 reads them."""
    peer = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    peer.initiate_connection()
    for number in range(1, stream + 1, 2):
        peer.send_headers(number, Caller().fields(INFO), end_stream=number != stream)
    events = peer.receive_data(frame(SETTINGS) + answers)
    [answer] = [event for event in events if isinstance(event, ResponseReceived | TrailersReceived)]
    assert answer.stream_id == stream
    given = {str(name): str(value) for name, value in answer.headers or ()}
    assert given["content-type"] == "application/grpc"
    return given["grpc-status"], given["grpc-message"].replace("%3B", ";")


ORDINARY = solve(
    options={"filename": "Dockerfile", "force-network-mode": "none", "build-arg:A": "b"},
    cache={4: [typed("inline")]},
    outputs=[typed("moby", name="app")],
    exporter="moby",
)
PASSING = [
    ("privileged", SOLVE, ORDINARY),
    ("privileged", SOLVE, solve("network.host")),
    ("network:host", SOLVE, ORDINARY),
    ("network:host", SOLVE, solve("security.insecure", definition=steps(exec_op(network=2), {4: b""}))),
    ("device", SOLVE, solve("network.host")),
    ("output:push", SOLVE, solve(outputs=[typed("image", name="a", push="false")])),
    ("output and not output:moby", SOLVE, ORDINARY),
    ("context", SOLVE, solve(options={"context:x": "local:x", "context:y": "input:y"})),
    ("image:evil/*", SOLVE, ORDINARY),
    ("cache:registry", SOLVE, ORDINARY),
    ("privileged", FRONTEND_SOLVE, pb({2: "dockerfile.v0", 3: mapped({"target": "x"}), 5: 1, 6: 1})),
    ("bind", SOLVE, ORDINARY),
    ("effect:exec", PRUNE, b"\x10\x01"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "content"), PASSING, ids=str)
def test_deny_lets_everything_else_pass_byte_for_byte(rule: str, path: str, content: bytes) -> None:
    sent = START + Caller().call(path, content, size=7) + frame(PING, bytes(8)) + frame(GOAWAY, bytes(8))
    check = PolicyCheck([parse_rule("deny", rule), parse_rule("deny", "path:/nosuch")])
    result = through(check, *(sent[at : at + 5] for at in range(0, len(sent), 5)))
    assert (result.passed, result.refused, result.reasons) == (sent, b"", [])


def test_read_only_lets_calls_pass_that_change_nothing() -> None:
    check = PolicyCheck([READS])
    for method, passes in (
        ("Info", True), ("ListWorkers", True), ("DiskUsage", True), ("Status", True), ("ListenBuildHistory", True),
        ("Solve", False), ("Prune", False), ("UpdateBuildHistory", False), ("Session", False), ("Nonsense", False),
    ):  # fmt: skip
        sent = START + Caller().call(CONTROL + method)
        result = through(check, sent)
        assert (result.passed == sent) is passes, method
        assert passes or result.reasons == ["refused: read-only allows only operations that change nothing"]


def test_what_apispy_does_not_know_needs_a_rule_that_allows_it() -> None:
    unknown = START + Caller().call("/moby.buildkit.v1.frontend.LLBBridge/NewContainer")
    nested = START + Caller().call(f"{CONTROL}Session")
    assert "does not know this operation" in through(denying("privileged"), unknown).reasons[0]
    assert "does not look into a session" in through(denying("privileged"), nested).reasons[0]
    assert through(allowing("op:GrpcCall", "op:Control/Info"), unknown).passed == unknown
    # a rule about its message cannot be sure that it asks for nothing
    named = allowing("op:Grpc", deny=("privileged",))
    assert "which apispy does not read" in through(named, unknown).reasons[0]
    assert through(named, nested).passed == nested


def test_allow_needs_all_of_a_build() -> None:
    check = allowing("op:Control/Solve and (not output or output:moby)")
    for content, passes in (
        (solve(), True),
        (solve(outputs=[typed("moby")]), True),
        (solve(outputs=[typed("moby"), typed("local")]), False),
    ):
        sent = START + Caller().call(SOLVE, content)
        assert (through(check, sent).passed == sent) is passes


def test_a_tunnel_is_opened_if_a_call_in_it_may_be_allowed() -> None:
    def decision(*rules: str) -> Any:
        check = PolicyCheck([parse_rule(*text.split(" ", 1)) for text in rules])  # type: ignore[arg-type]
        return Gate(policy=check).decide(asked("POST", "/grpc", **H2C))

    assert decision("allow op:ContainerList").reason == "refused: no rule allows a call in this tunnel"
    assert decision("deny op:Grpc and effect:build").reason == "refused by deny op:Grpc and effect:build"
    assert decision("deny effect:build").inside is not None  # which is about the calls in it
    assert decision("deny tag:gRPC").reason == "refused: no rule allows a call in this tunnel"
    assert decision("allow op:Control/Info").inside is not None
    # allowed by name, it is checked only if a rule may refuse a call in it
    assert decision("allow op:Grpc").inside is None
    assert decision("allow op:Grpc", "deny effect:exec").inside is None
    assert decision("allow op:Grpc", "deny privileged").inside is not None
    assert decision("allow op:Grpc", "deny path:/moby.x.Y/Z").inside is not None
    assert decision("allow op:Grpc", "confirm op:Control/Prune").inside is not None


@pytest.mark.parametrize(
    ("headers", "body", "doubt"),
    [
        ({}, None, "does not ask for an upgrade to h2c"),
        ({"Upgrade": "websocket"}, None, "does not ask for an upgrade to h2c"),
        ({"Upgrade": "h2c, websocket"}, None, "does not ask for an upgrade to h2c"),
        (H2C, START, "has a body"),  # which the daemon would read as the tunnel's beginning
        (H2C | {"Transfer-Encoding": "chunked"}, None, "has a body"),
        (H2C | {"Expect": "100-continue"}, None, "has a body"),
    ],
    ids=str,
)
def test_a_tunnel_that_cannot_be_checked_is_not_opened(
    headers: dict[str, str], body: bytes | None, doubt: str
) -> None:
    for check in (denying("privileged"), allowing("op:Grpc", deny=("privileged",)), PolicyCheck([READS])):
        found = Gate(policy=check).decide(asked("POST", "/grpc", body, **headers))
        assert found is not None
        assert doubt in found.reason
        assert not found.passes


def test_after_a_refusal_open_calls_go_on_and_new_ones_are_refused() -> None:
    caller = Caller()
    status = caller.head(f"{CONTROL}Status")
    bad = caller.call(SOLVE, solve("network.host"))
    later = caller.call(INFO)
    on_status = frame(DATA, message(b"\x0a\x01x"), 1, END) + frame(WINDOW, b"\0\0\1\0", 1)
    on_refused = frame(RST, bytes(4), 3) + frame(WINDOW, b"\0\0\1\0", 3)
    settings = frame(SETTINGS, flags=1)
    result = through(denying("network:host"), START + status + bad, on_refused + on_status + later, settings)
    assert result.passed == START + status + on_status + settings
    assert result.refused == bad + on_refused + later
    assert result.reasons == ["refused by deny network:host", f"refused by deny network:host: {LATER}"]
    # what the refused calls have taken of the window comes back, so that the open ones can go on
    peer = H2Connection(H2Configuration(client_side=True))
    peer.initiate_connection()
    for number in (1, 3, 5):
        peer.send_headers(number, Caller().fields(INFO))
    before = peer.outbound_flow_control_window
    peer.receive_data(frame(SETTINGS) + result.answers)
    sizes = len(message(solve("network.host"))) + len(message(b""))
    assert peer.outbound_flow_control_window == before + sizes


def test_calls_wait_for_the_one_before_them_in_order() -> None:
    caller = Caller()
    head, first = caller.head(SOLVE), caller.stream
    content = message(solve("security.insecure"))
    other = caller.call(INFO)
    sent = START + head + frame(DATA, content[:9], first) + other
    rest = frame(DATA, content[9:], first, END)
    reader = opened(denying("network:host"))
    assert [raw for raw, _ in reader.feed(sent)] == [START]
    assert b"".join(raw for raw, _ in reader.feed(rest)) == (sent + rest)[len(START) :]
    assert through(denying("privileged"), sent + rest).passed == START


def padded(caller: Caller) -> bytes:
    caller.stream += 2
    block = caller.encoder.encode(caller.fields(INFO))
    return frame(HEADERS, b"\x02" + block + b"\0\0", caller.stream, END_HEADERS | PADDED)


def continued(caller: Caller, *between: bytes, stream: int = 1) -> bytes:
    head = caller.head(INFO, flags=0)
    cut = bytes([0, 0, 4]) + head[3:9] + head[9:13]
    return cut + b"".join(between) + frame(CONTINUATION, head[13:], stream, END_HEADERS)


ENDING = [
    ("does not begin with HTTP/2", lambda it: b"GET / HTTP/1.1\r\n\r\n"),
    ("does not begin with HTTP/2", lambda it: b"PRI * HTTP/2.0\r\n\r\nXX"),
    ("first frame is not SETTINGS", lambda it: START[:24] + frame(PING, bytes(8))),
    ("first frame is not SETTINGS", lambda it: START[:24] + frame(SETTINGS, flags=1)),
    ("padding", lambda it: START + padded(it)),
    ("padding", lambda it: START + it.head(SOLVE) + frame(DATA, b"\0" + message(b""), 1, PADDED | END)),
    ("a priority", lambda it: START + it.head(INFO, flags=END_HEADERS | PRIORITIZED)),
    ("of the type 2", lambda it: START + frame(PRIORITY, bytes(5), 1)),
    ("of the type 5", lambda it: START + frame(PUSH, bytes(4), 1, END_HEADERS)),
    ("of the type 12", lambda it: START + frame(12, b"", 1)),
    ("not continued", lambda it: START + continued(it, frame(PING, bytes(8)))),
    ("not continued", lambda it: START + continued(it, frame(DATA, b"", 1))),
    ("not continued", lambda it: START + frame(CONTINUATION, b"", 1, END_HEADERS)),
    ("that is not open", lambda it: START + continued(it, stream=3)),
    ("continuation frames", lambda it: START + continued(it, *[frame(CONTINUATION, b"", 1)] * 100)),
    ("malformed", lambda it: START + frame(HEADERS, b"\xff\xff\xff\xff\xff\xff", 1, END_HEADERS)),
    ("begins no new call", lambda it: START + frame(HEADERS, b"", 2, END_HEADERS)),
    ("begins no new call", lambda it: START + it.call(INFO) + frame(HEADERS, b"", 1, END_HEADERS)),  # trailers
    ("of a stream", lambda it: START + frame(HEADERS, b"", 0, END_HEADERS)),
    ("of a stream", lambda it: START + frame(SETTINGS, b"", 1)),
    ("reserved bit", lambda it: START + frame(DATA, b"", 1 << 31 | 1)),
    ("of a size", lambda it: START + frame(SETTINGS, bytes(7))),
    ("of a size", lambda it: START + frame(PING, bytes(7))),
    ("of a size", lambda it: START + (1 << 21).to_bytes(3) + bytes([DATA, 0, 0, 0, 0, 1])),
    ("of no open call", lambda it: START + frame(DATA, b"", 1)),
    ("of no open call", lambda it: START + it.call(INFO) + frame(DATA, b"", 1)),
    ("that has not begun", lambda it: START + frame(RST, bytes(4), 1)),
    ("that has not begun", lambda it: START + frame(WINDOW, b"\0\0\0\1", 7)),
    ("more than one message", lambda it: START + it.head(SOLVE) + it.data(message(solve()), ends=False)
                                         + it.data(message(solve("security.insecure")))),
    (f"more than {MAX_CALLS} calls", lambda it: START + b"".join(it.head(INFO) for _ in range(MAX_CALLS + 1))),
]  # fmt: skip


@pytest.mark.parametrize(("doubt", "make"), ENDING, ids=[row[0] + str(at) for at, row in enumerate(ENDING)])
def test_what_clients_do_not_send_ends_the_tunnel(doubt: str, make: Any) -> None:
    sent = make(Caller())
    for check in (
        denying("privileged"),
        PolicyCheck([parse_rule("allow", "op:Control/*"), parse_rule("deny", "cap")]),
    ):
        result = through(check, sent, frame(PING, bytes(8)))
        if not result.ended:  # without a rule about it, a message is not read
            assert doubt == "more than one message"
            continue
        assert doubt in result.reasons[-1]
        assert sent.startswith(result.passed)
        assert result.passed + result.refused == sent
        peer = H2Connection(H2Configuration(client_side=True))
        peer.initiate_connection()
        [gone] = [
            one
            for one in peer.receive_data(frame(SETTINGS) + result.answers)
            if isinstance(one, ConnectionTerminated)
        ]
        assert gone.additional_data is not None
        assert gone.additional_data.startswith(b"apispy: refused: ")


def wide(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


OF_CALLS = [
    ("pseudo-header", lambda it: it.head("", fields=[*it.fields(INFO), (":path", SOLVE)])),
    ("pseudo-header", lambda it: it.head("", fields=[*it.fields(INFO)[:2], *it.fields(INFO)[3:], (":path", INFO)])),
    ("pseudo-header", lambda it: it.head("", fields=it.fields(INFO)[1:])),
    ("pseudo-header", lambda it: it.head("", fields=[(":protocol", "x"), *it.fields(INFO)])),
    ("twice", lambda it: it.head("", fields=[(":path", SOLVE), *it.fields(INFO)])),
    ("twice", lambda it: it.head("", fields=[*it.fields(INFO), ("content-type", "application/grpc")])),
    ("must not have", lambda it: it.head(INFO, transfer_encoding="chunked")),
    ("must not have", lambda it: it.head(INFO, content_length="5")),
    ("must not have", lambda it: it.head(INFO, X="y")),
    ("must not have", lambda it: it.head(INFO, x="a\nb")),
    ("method or path", lambda it: it.head("/containers/json")),
    ("method or path", lambda it: it.head(f"{INFO}?x")),
    ("method or path", lambda it: it.head(INFO.replace("Info", "%49nfo"))),
    ("method or path", lambda it: it.head(f"/{INFO}")),
    ("method or path", lambda it: it.head(f"{INFO}/")),
    ("method or path", lambda it: it.head("/v1.41/info")),
    ("method or path", lambda it: it.head(f"{CONTROL}solve")),
    ("method or path", lambda it: it.head("", fields=[(":method", "GET"), *it.fields(INFO)[1:]])),
    ("declared as gRPC", lambda it: it.head(INFO, content_type="application/grpc+json")),
    ("declared as gRPC", lambda it: it.head(INFO, content_type="application/json")),
    ("compressed", lambda it: it.head(INFO, grpc_encoding="gzip")),
    ("compressed", lambda it: it.head(SOLVE) + it.data(message(solve(), 1))),
    ("it has none", lambda it: it.head(SOLVE, flags=END_HEADERS | END)),
    ("ends in its message", lambda it: it.head(SOLVE) + it.data(message(solve())[:-1])),
    ("ends in its message", lambda it: it.head(SOLVE) + it.data(b"")),
    ("more than one message", lambda it: it.head(SOLVE) + it.data(message(solve()) + message(b""))),
    ("over 48 KiB", lambda it: it.head(SOLVE) + it.data(message(bytes(MAX_HELD)))),
    ("over 48 KiB", lambda it: it.head(SOLVE) + it.data(b"\0\xff\xff\xff\xff", ends=False)),
    ("was reset", lambda it: it.head(SOLVE) + frame(RST, bytes(4), it.stream)),
    ("not protobuf", lambda it: it.call(SOLVE, b"\xff\xff")),
    ("not protobuf", lambda it: it.call(SOLVE, pb({1: "x"}) + b"\x4b\x4c")),  # a group
    ("does not know: Control/Solve 12", lambda it: it.call(SOLVE, pb({12: {1: 1}}))),  # a policy for sources
    ("does not know: Control/Solve 99", lambda it: it.call(SOLVE, pb({99: 1}))),
    ("does not know: CacheOptions 1", lambda it: it.call(SOLVE, solve(cache={1: "evil/cache"}))),
    ("does not know: Op 5", lambda it: it.call(SOLVE, solve(definition=steps({5: {1: 1}})))),
    ("does not know: ExecOp 77", lambda it: it.call(SOLVE, solve(definition=steps(exec_op(unknown=1))))),
    ("twice: Cache", lambda it: it.call(SOLVE, pb({8: [{4: typed("a")}, {4: typed("b")}]}))),
    ("twice: Ref", lambda it: it.call(SOLVE, pb({1: ["a", "b"]}))),
    ("twice, in FrontendAttrs", lambda it: it.call(SOLVE, pb({7: [*mapped({"a": "b"}), *mapped({"a": "c"})]}))),
    ("not one", lambda it: it.call(SOLVE, pb({7: {1: ["force-network-mode", "x"], 2: "host"}}))),
    ("not UTF-8", lambda it: it.call(SOLVE, pb({9: b"\xff"}))),
    ("a number in Entitlements", lambda it: it.call(SOLVE, wide(9, 1))),
    ("too large", lambda it: it.call(SOLVE, solve(definition=steps({2: wide(3, 1 << 32 | 1)})))),
    ("an entitlement", lambda it: it.call(SOLVE, solve("Security.Insecure"))),
    ("an entitlement", lambda it: it.call(SOLVE, solve("future.power"))),
    ("cache-imports", lambda it: it.call(FRONTEND_SOLVE, pb({3: mapped({"cache-imports": "nonsense"})}))),
    ("cache-imports", lambda it: it.call(SOLVE, solve(options={"cache-imports": '[{"Type": "a", "type": "b"}]'}))),
    ("to the session", lambda it: it.call(SOLVE, solve(session=1))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("doubt", "make"), OF_CALLS, ids=[row[0] + str(at) for at, row in enumerate(OF_CALLS)]
)
def test_a_call_that_can_be_read_in_two_ways_is_refused(doubt: str, make: Any) -> None:
    caller = Caller()
    good = START + caller.call(INFO)
    bad = make(caller)
    result = through(denying("privileged"), good + bad)
    assert doubt in result.reasons[0]
    assert (result.passed, result.refused) == (good, bad)


def test_what_floods_a_call_that_waits_is_not_kept() -> None:
    sent = START + Caller().head(SOLVE) + frame(PING, bytes(8)) * 70_000
    result = through(denying("privileged"), sent)
    assert result.passed == START
    assert "too much follows" in result.reasons[-1]


def test_an_audit_forwards_every_byte_and_says_what_it_would_refuse() -> None:
    caller = Caller()
    sent = START + caller.call(SOLVE, solve("network.host")) + caller.call(PRUNE) + caller.call(WORKERS)
    check = denying("network:host", "op:Control/Prune", audit=True)
    result = through(check, *(sent[at : at + 50] for at in range(0, len(sent), 50)), b"nonsense!", b"more")
    assert result.passed == sent + b"nonsense!more"
    assert result.reasons[:2] == [
        "would be refused by deny network:host",
        "would be refused by deny op:Control/Prune",
    ]
    assert "would be refused: it has a frame" in result.reasons[2]
    assert check.report()[0].endswith("would have been refused: deny network:host")


async def nobody(question: Any) -> bool:
    raise AssertionError(question)


def test_the_user_is_asked_about_a_call_and_a_no_ends_the_tunnel() -> None:
    check = PolicyCheck([parse_rule("confirm", "op:Control/Prune")], ask=nobody)
    caller = Caller()
    before, asked_about = START + caller.call(INFO), caller.call(PRUNE)
    outputs = opened(check).feed(before + asked_about)
    assert b"".join(raw for raw, _ in outputs) == before + asked_about
    [(raw, second)] = [output for output in outputs if not output[1].passes]
    assert asked_about.startswith(raw)
    assert isinstance(second.action, AskUser)
    assert second.action.question[0].endswith("asks for Control/Prune, POST /moby.buildkit.v1.Control/Prune")
    assert isinstance(second.action.refusal, TunnelAnswer)
    assert second.action.refusal.ends


def test_the_question_says_what_a_build_asks_for() -> None:
    check = PolicyCheck([parse_rule("confirm", "network:host")], ask=nobody)
    outputs = opened(check).feed(START + Caller().call(SOLVE, solve("network.host", "device=vendor.com/gpu")))
    [action] = [decision.action for _, decision in outputs if not decision.passes]
    assert isinstance(action, AskUser)
    assert action.question[1:-1] == (
        "  Runs a build.",
        "  ! steps of the build share the network namespace of the host",
        "  ! steps of the build may have the device vendor.com/gpu",
        "  ! a build runs programs on the daemon's machine",
    )


def all_rests() -> Iterator[bytes]:
    yield START + Caller().head(SOLVE)
    yield START + Caller().call(SOLVE, solve("security.insecure"))[:-1]
    yield START[:-3]


@pytest.mark.parametrize("sent", list(all_rests()), ids=len)
def test_what_is_not_decided_when_the_client_ends_never_passes(sent: bytes) -> None:
    for audit in (False, True):
        reader = opened(denying("privileged", audit=audit))
        passed = b"".join(raw for raw, _ in reader.feed(sent))
        assert passed + reader.take_rest() == (sent if audit else passed)
