"""What rules cost for a request that repeats one, counted in function calls: on a busy machine, times say little."""

import sys
from types import FrameType
from typing import Any

import pytest
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.options import Options
from mitmproxy.proxy import events
from mitmproxy.proxy.context import Context

from apispy.filters.policy import READS, parse_rule
from apispy.gate import BrowserGuard, Gate, PolicyCheck
from apispy.model import Exchange
from apispy.outputs.call_stats import CallCounter, CallStats
from apispy.pipeline.count_only import CountOnlyPipeline
from apispy.proxy.gated_relay import GatedRelay
from apispy.proxy.observers import Observers
from apispy.proxy.relay import Relay

PING = b"GET /_ping HTTP/1.1\r\nHost: 127.0.0.1:2375\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n\r\n"
LIST = PING.replace(b"/_ping", b"/v1.41/containers/json")
PONG = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"

RULES = [READS, *(parse_rule("deny", text) for text in ("privileged", "bind:/etc*", "op:ContainerExec"))]


class Counts(CallCounter):
    """Counts calls, as ``-q`` does."""

    calls = 0

    def count(self, stats: CallStats, exchange: Exchange) -> None:
        self.calls += 1


class Connection:
    """A connection through the relay that the proxy makes for *gate*, with the tap and the counts behind it."""

    def __init__(self, gate: Gate | None) -> None:
        self.counts = Counts()
        observers = Observers(CountOnlyPipeline([self.counts]).take_now)
        state = ConnectionState.OPEN
        client = Client(peername=("127.0.0.1", 5), sockname=("127.0.0.1", 2375), state=state)
        self._context = Context(client, Options())
        self._context.server.address = ("127.0.0.1", 7)
        self._context.server.state = state
        observer = observers.open(self._context)
        self._relay = Relay(self._context, observer)
        if gate is not None:
            self._relay = GatedRelay(self._context, observer, gate, "c", observers.clock, print)
        list(self._relay.handle_event(events.Start()))

    def call(self, request: bytes) -> None:
        """Pass a request to the daemon, and its response to the client."""
        for connection, data in ((self._context.client, request), (self._context.server, PONG)):
            sent = list(self._relay.handle_event(events.DataReceived(connection, data)))
            assert [command.data for command in sent] == [data]  # type: ignore[attr-defined]


def steps(gate: Gate | None, *requests: bytes) -> int:
    """The calls of functions, Python's and C's, for *requests* that were made before on the same connection."""
    connection, found = Connection(gate), 0

    def called(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    for request in requests * 2:
        connection.call(request)
    sys.setprofile(called)
    try:
        for request in requests:
            connection.call(request)
    finally:
        sys.setprofile(None)
    assert connection.counts.calls == len(requests) * 3
    return found


@pytest.mark.parametrize("guard", [None, BrowserGuard()], ids=["unix socket or TLS", "plain TCP"])
def test_rules_add_few_steps_to_a_request_that_repeats_one(guard: BrowserGuard | None) -> None:
    """On a unix socket: 304 steps with rules and 268 without. It was 590 when each was decided as new."""
    without = steps(Gate((), guard) if guard else None, PING)
    assert steps(Gate((), guard, PolicyCheck(RULES)), PING) < without + 60
    assert without < 340


def test_more_rules_cost_a_request_that_repeats_one_nothing() -> None:
    several = steps(Gate(policy=PolicyCheck(RULES)), PING, LIST)
    assert several == steps(Gate(policy=PolicyCheck([READS])), PING, LIST)


def test_requests_that_take_turns_cost_few_steps_too() -> None:
    without = steps(None, PING, LIST)
    assert (
        steps(Gate(policy=PolicyCheck(RULES)), PING, LIST) < without + 170
    )  # 128; 700 when each was decided as new
