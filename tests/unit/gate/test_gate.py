"""The gate's decisions and counts."""

from apispy.gate import BrowserGuard, Decision, Gate, RespondWith, parse
from apispy.gate.actions import PASS
from apispy.model import Body, Chunk, Exchange, Headers, Request


def asked(
    method: str, target: str, body: bytes | None = None, client: str = "docker (pid 7)", **headers: str
) -> Exchange:
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    content = Body()
    if body is not None:
        fields.append((b"Content-Length", str(len(body)).encode()))
        content = Body((Chunk(0.0, body),), len(body))
    return Exchange(
        0, 0, 1.0, client, "", Request(method, target, headers=Headers(tuple(fields)), body=content)
    )


START = asked("POST", "/v1.41/containers/web/start")
PING = asked("GET", "/_ping")
CREATE = "/v1.41/containers/create"


def gate(*rules: str, **more: object) -> Gate:
    return Gate([parse(rule) for rule in rules], **more)  # type: ignore[arg-type]


def hits(made: Gate, exchange: Exchange, times: int) -> list[bool]:
    return [not made.decide(exchange).passes for _ in range(times)]  # type: ignore[union-attr]


def test_the_first_rule_that_hits_decides():
    made = gate("op:ContainerStart status=500 times=1", "method:POST status=404")
    found = [made.decide(START), made.decide(START), made.decide(PING)]
    assert found[0] == Decision(
        RespondWith(500, "apispy: fault op:ContainerStart status=500 times=1"),
        reason="fault op:ContainerStart status=500 times=1",
    )
    assert found[1].action == RespondWith(404, "apispy: fault method:POST status=404")  # type: ignore[union-attr]
    assert found[2] is PASS


def test_times_every_probability():
    assert hits(gate("reset times=2"), PING, 4) == [True, True, False, False]
    assert hits(gate("reset every=3"), PING, 7) == [False, False, True, False, False, True, False]
    assert hits(gate("reset every=2 times=1"), PING, 6) == [False, True, False, False, False, False]
    chances = iter([0.09, 0.1, 0.5, 0.0])
    assert hits(gate("reset probability=10%", chance=lambda: next(chances)), PING, 4) == [
        True,
        False,
        False,
        True,
    ]


def test_only_what_matches_is_counted():
    made = gate("op:ContainerStart reset every=2")
    assert hits(made, PING, 3) == [False] * 3
    assert hits(made, START, 2) == [False, True]
    assert made.report() == ["fault op:ContainerStart reset every=2: hit 1 of 2 matching requests"]
    assert gate("reset").report() == ["fault reset: no request matched"]


def test_a_rule_about_the_image_asks_for_the_body_and_counts_once():
    made = gate("reset times=1 op:SystemPing", "image:busybox* status=404 every=2")
    head = asked("POST", CREATE, b'{"Image": "busybox:1"}')
    assert made.decide(head, complete=False) is None
    assert made.decide(head) is PASS
    assert made.decide(head, complete=False) is None
    assert made.decide(head).action is not None  # type: ignore[union-attr]
    assert made.decide(asked("POST", CREATE, b'{"Image": "alpine"}')) is PASS
    assert made.decide(asked("POST", CREATE, b"no json")) is PASS


def test_a_container_goes_by_all_its_names():
    made = gate("container:web reset", aliases=lambda name: (name, "web") if name == "4c01" else (name,))
    assert hits(made, asked("POST", "/containers/4c01/start"), 1) == [True]
    assert hits(made, asked("POST", "/containers/db/start"), 1) == [False]
    assert hits(gate("client:docker* reset"), PING, 1) == [True]


def test_the_guard_comes_first_and_costs_no_rule_its_count():
    made = gate("reset times=1", guard=BrowserGuard())
    refused = made.decide(asked("GET", "/_ping", Host="evil.example"))
    assert isinstance(refused, Decision)
    assert isinstance(refused.action, RespondWith)
    assert (refused.action.status, refused.action.closes) == (403, True)
    assert hits(made, PING, 2) == [True, False]


def test_http2_passes_only_without_faults():
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    assert gate(guard=BrowserGuard()).decide_unreadable(preface + b"\nhost: evil.example\n") is PASS
    refused = gate("op:ContainerStart reset").decide_unreadable(preface)
    assert refused.reason.startswith("apispy refuses HTTP/2 while --fault or rules such as --deny are used")
    assert refused.action == RespondWith(400, refused.reason, closes=True)


def test_what_cannot_be_read_passes_only_without_faults():
    assert gate(guard=BrowserGuard()).decide_unreadable(b"\x16\x03\x01") is PASS
    assert gate("op:ContainerStart reset").decide_unreadable(b"\x16\x03\x01").action.status == 400  # type: ignore[union-attr]
    assert (
        gate(guard=BrowserGuard()).decide_unreadable(b"GET / HTTP/1.1\nhOst: evil.example\n\n").action.status
        == 403
    )  # type: ignore[union-attr]
