"""A build on HTTP/2 from the first byte reads as in the tunnels of POST /grpc and POST /session."""

from collections.abc import Callable

import pytest

from apispy.learn import NameRegistry
from apispy.model import Direction, Item
from apispy.outputs import DecodedCall, Output
from apispy.outputs.build_lines import BuildLines
from apispy.pipeline import Pipeline, read
from apispy.redaction import Policy, Redactor
from apispy.redaction.tokens import Tokens
from apispy.tap import Closed, ConnectionTap
from tests.h2_peer import Peers, Session
from tests.protobuf_writer import mapped, pb, timestamp

SOLVE, STATUS = "/moby.buildkit.v1.Control/Solve", "/moby.buildkit.v1.Control/Status"
SECRETS = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
STEP = {1: "v", 3: "[1/2] RUN echo planted", 5: timestamp(10)}
ERROR = [
    ("grpc-message", 'process "/bin/sh -c echo planted" failed'),
    ("grpc-status-details-bin", "cGxhbnRlZA"),
]


class Collector(Output):
    """Collects the finished calls, and the lines of builds."""

    def __init__(self) -> None:
        self.calls: list[DecodedCall] = []
        self.lines: list[tuple[str, str]] = []
        self._views: dict[int, BuildLines] = {}

    def item(self, decoded: DecodedCall, direction: Direction, item: Item) -> None:
        self.lines += self._views.setdefault(decoded.exchange.id, BuildLines()).lines(item)

    def write(self, decoded: DecodedCall) -> None:
        self.calls.append(decoded)
        if view := self._views.get(decoded.exchange.id):
            self.lines += view.close()


class Wire:
    """A pipeline that is fed by connections."""

    def __init__(self) -> None:
        self.seen = Collector()
        self._pipeline = Pipeline([self.seen], redactor=Redactor(tokens=Tokens(b"fixed")))
        self._count = 0

    def connect(self) -> tuple[Callable[[bytes], None], Callable[[bytes], None], Callable[[], None]]:
        tap = ConnectionTap(1, "client", "daemon", self._number)

        def feed(step: Callable[[bytes, float], object], data: bytes) -> None:
            for event in step(data, 1.0) if data else ():  # type: ignore[attr-defined]
                self._pipeline.feed(event)

        def end() -> None:
            for event in [*tap.client_eof(1.0), *tap.server_eof(1.0), *tap.lost(1.0)]:
                self._pipeline.feed(event)

        return lambda data: feed(tap.from_client, data), lambda data: feed(tap.from_server, data), end

    def _number(self) -> int:
        self._count += 1
        return self._count


def calls(peers: Peers, deliver: Callable[[], None]) -> None:
    """A build that fails, in calls to the daemon."""
    solve = peers.call(SOLVE, pb({1: "r", 7: mapped({"build-arg:A": "planted", "target": "t"})}))
    status = peers.call(STATUS, pb({1: "r"}))
    deliver()
    log = {1: "v", 3: 1, 4: "out\n"}
    peers.answer(status, pb({1: [STEP], 3: [log]}), pb({1: [STEP | {6: timestamp(12), 7: "exit code: 3"}]}))
    peers.answer(solve, status=2, more=ERROR)
    deliver()


def build(*, native: bool) -> Collector:
    wire, peers = Wire(), Peers()
    client, server, end = wire.connect()
    if not native:
        client(b"POST /grpc HTTP/1.1\r\nHost: d\r\n" + UPGRADE + b"\r\n")
        server(b"HTTP/1.1 101 Switching Protocols\r\n" + UPGRADE + b"\r\n")

    def deliver() -> None:
        asked, answered = peers.exchange()
        client(asked)
        server(answered)

    deliver()
    calls(peers, deliver)
    end()
    return wire.seen


def merged(builds: list[dict[str, object]]) -> dict[str, object]:
    return {name: value for one in builds for name, value in one.items()}


def test_a_build_is_the_same_with_and_without_tunnels() -> None:
    tunnel, native = build(native=False), build(native=True)
    assert len(native.calls) == 2
    assert ("step", "[1/2] RUN echo planted ...") not in native.lines
    assert native.lines == tunnel.lines
    [summary] = [call.build.summary() for call in tunnel.calls]
    assert merged([call.build.summary() for call in native.calls]) == summary
    assert "planted" not in repr(native.calls)
    errors = {error for call in native.calls for error in call.errors}
    assert errors == {error for call in tunnel.calls for error in call.errors}
    [error] = errors
    assert error.startswith('process "/bin/sh -c echo <redacted:')


def test_the_error_of_another_service_is_withheld() -> None:
    wire, peers = Wire(), Peers()
    client, server, end = wire.connect()
    stream = peers.call("/my.own.Service/Do")
    for answer in (True, False):
        asked, answered = peers.exchange()
        client(asked)
        server(answered)
        if answer:
            peers.answer(stream, status=2, more=[("grpc-message", "planted")])
    end()
    [call] = wire.seen.calls
    assert call.errors == ("grpc-status 2 (UNKNOWN)",)
    assert "planted" not in repr(call)


@pytest.mark.parametrize("native", [True, False])
def test_a_session(native: bool) -> None:
    wire, outer = Wire(), Peers()
    client, server, end = wire.connect()
    session = Session(outer) if native else None
    inner = session.inner if session else Peers()
    if not session:
        client(b"POST /session HTTP/1.1\r\nHost: d\r\n" + UPGRADE + b"\r\n")
        server(b"HTTP/1.1 101 Switching Protocols\r\n" + UPGRADE + b"\r\n")

    def deliver() -> None:
        if session:
            session.queue()
        asked, answered = outer.exchange() if session else inner.exchange()[::-1]
        client(asked)
        server(answered)

    if session:
        for side, data in zip((client, server), outer.exchange(), strict=True):
            side(data)
        session.begin()
    stream = inner.call(SECRETS, pb({1: "npmrc"}))
    deliver()
    inner.answer(stream, pb({1: "planted"}))
    deliver()
    end()
    [call] = wire.seen.calls
    assert call.build.summary() == {"secrets": ["npmrc"]}
    messages = [child.value for items in call.items.values() for item in items for child in item.children]
    assert sorted(one["part"] for one in messages) == ["request", "response"]
    [secret] = [one["message"]["data"] for one in messages if one["part"] == "response"]
    assert secret.startswith("<redacted:")
    assert "planted" not in repr(call)


def test_a_session_whose_bytes_were_kept_is_read_from_them() -> None:
    outer = Peers()
    session, tap = Session(outer), ConnectionTap(1, "client", "daemon", lambda: 1)
    events = []

    def deliver() -> None:
        for step, data in zip((tap.from_client, tap.from_server), outer.exchange(), strict=True):
            events.extend(step(data, 1.0) if data else [])

    deliver()
    session.begin()
    stream = session.inner.call(SECRETS, pb({1: "npmrc"}))
    session.queue()
    deliver()
    session.inner.answer(stream, pb({1: "planted"}))
    session.queue()
    session.end()
    deliver()
    [exchange] = [event.exchange for event in events if isinstance(event, Closed)]
    call = read(exchange, NameRegistry(), redactor=Redactor(Policy(show_secrets=True)))
    messages = [child.value for items in call.items.values() for item in items for child in item.children]
    assert [one["message"] for one in messages] == [{"ID": "npmrc"}, {"data": "planted"}]
