"""Which decisions are remembered: of a request without a body that passed, and would pass again."""

from typing import Any

import pytest

from apispy import engine
from apispy.filters.fields import TABLE
from apispy.filters.policy import READS, Rule, parse_rule
from apispy.filters.subject import Part
from apispy.gate import Decision, Gate, HoldingForwarder, PolicyCheck, RespondWith, parse
from apispy.gate.passed_heads import MAX_BYTES, MAX_HEADS, PassedHeads
from apispy.gate.policy_check import VARYING
from apispy.gate.request_framing import Head, RequestFramer
from apispy.model import Exchange, Request
from apispy.outputs.base import DecodedCall
from apispy.structs import replace
from tests.laws.test_gate import Following

from .test_gate import asked

PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"


def head(raw: bytes) -> Head:
    framer = RequestFramer()
    framer.feed(raw)
    part = framer.next()
    assert isinstance(part, Head)
    return part


class Connection:
    """A client's connection through *gate*, which counts the requests that are described for a decision."""

    def __init__(self, gate: Gate, client: str = "c", started: float = 0.0) -> None:
        self.described = 0
        self._client, self._started = client, started
        self._forwarder = HoldingForwarder(gate, Following(), self._describe)

    def _describe(self, request: Request) -> Exchange:
        self.described += 1
        return Exchange(0, 0, self._started, self._client, "", request)

    def ask(self, raw: bytes) -> Decision:
        self._forwarder.feed(raw)
        output = self._forwarder.next()
        assert output is not None
        assert output[0] == raw
        return output[1]


def gate(*rules: Rule, **more: Any) -> Gate:
    return Gate(policy=PolicyCheck(rules or [READS], **more))


def test_a_request_that_repeats_one_is_not_decided_again() -> None:
    made = gate()
    first, second = Connection(made), Connection(made)
    assert [first.ask(PING).passes, first.ask(PING).passes, second.ask(PING).passes] == [True] * 3
    assert (first.described, second.described) == (1, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /containers/json HTTP/1.1\r\nHost: docker\r\nContent-Length: 2\r\n\r\n{}",
        b"GET /images/json HTTP/1.1\r\nHost: docker\r\nX-Registry-Auth: e30=\r\n\r\n",
        b"GET /images/json HTTP/1.1\r\nHost: docker\r\nX: %b\r\n\r\n" % bytes(MAX_BYTES).replace(b"\0", b"x"),
        b"POST /containers/web/attach HTTP/1.1\r\nHost: docker\r\n\r\n",
    ],
    ids=["with a body", "with credentials", "long", "may hijack"],
)
def test_what_passed_is_decided_again_if_more_than_a_short_head_decides(raw: bytes) -> None:
    made = gate(READS, parse_rule("allow", "op:ContainerAttach"))
    assert Connection(made).ask(raw).passes
    again = Connection(made)
    assert again.ask(raw).passes
    assert again.described == 1


def test_a_refusal_is_decided_and_counted_each_time() -> None:
    start = b"POST /containers/web/start HTTP/1.1\r\nHost: docker\r\n\r\n"
    made = gate()
    for _ in range(2):
        assert isinstance(Connection(made).ask(start).action, RespondWith)
    assert made.report() == ["2 requests refused: no rule allows them, or they can be read in two ways"]


def test_an_audit_says_each_time_what_it_would_refuse() -> None:
    start = b"POST /containers/web/start HTTP/1.1\r\nHost: docker\r\n\r\n"
    made = gate(READS, audit=True)
    assert [Connection(made).ask(start).reason.startswith("would be refused") for _ in range(2)] == [True] * 2


def test_faults_count_every_request() -> None:
    made = Gate([parse("op:SystemPing status=500 every=2")], policy=PolicyCheck([READS]))
    assert [Connection(made).ask(PING).passes for _ in range(4)] == [True, False, True, False]


def test_a_rule_about_the_client_is_asked_for_each_client() -> None:
    made = gate(parse_rule("deny", "client:evil*"))
    assert Connection(made, "docker").ask(PING).passes
    assert not Connection(made, "evil").ask(PING).passes


def test_a_rule_about_the_time_is_asked_each_time() -> None:
    made = gate(parse_rule("deny", "time>=2026-11-30T12:00:00Z"))
    assert Connection(made, started=1.7e9).ask(PING).passes
    assert not Connection(made, started=1.9e9).ask(PING).passes


def test_a_rule_about_a_container_is_asked_again_because_names_are_learned() -> None:
    known: dict[str, tuple[str, ...]] = {}
    check = PolicyCheck([parse_rule("deny", "container:web")])
    made = Gate(policy=check, aliases=lambda name: known.get(name, (name,)))
    inspect = b"GET /containers/4e5f/json HTTP/1.1\r\nHost: docker\r\n\r\n"
    assert Connection(made).ask(inspect).passes
    known["4e5f"] = ("4e5f", "web")
    assert not Connection(made).ask(inspect).passes


@pytest.mark.parametrize(
    "field", [one for one in TABLE if one.known in (Part.HEAD, Part.BODY)], ids=lambda one: one.name
)
def test_the_fields_that_vary_are_those_that_depend_on_more_than_the_request(field: Any) -> None:
    """A new field of rules is tried here too."""
    one = (
        asked("GET", "/v1.41/images/4e5f/json")
        if field.name == "image"
        else asked("GET", "/v1.41/containers/4e5f/json")
    )
    call = engine.lookup(one.request.method, one.request.target)
    other = replace(one, id=9, connection=9, started=2e9, client="other", upstream="other")
    subjects = (
        DecodedCall(one, call, {}, aliases=lambda name: (name,)),
        DecodedCall(other, call, {}, aliases=lambda name: (name, "web")),
    )
    values = [list(field.values(subject)) for subject in subjects]
    assert (values[0] == values[1]) is (field.name not in VARYING)


def test_the_memory_is_bounded() -> None:
    memory = PassedHeads()
    heads = [head(b"GET /%d HTTP/1.1\r\nHost: docker\r\n\r\n" % number) for number in range(MAX_HEADS + 1)]
    for one in heads:
        memory.add(one)
    assert [one.raw in memory for one in (heads[0], heads[1], heads[-1])] == [False, True, True]
