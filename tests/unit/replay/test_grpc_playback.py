"""BuildKit's tunnels in a replay: gRPC calls found by method and message, sessions in which the daemon calls."""

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    PingAckReceived,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from apispy.decoders.grpc import SOURCE_TYPE, read_details
from apispy.decoders.grpc_messages import decode_message
from apispy.decoders.grpc_schema import message_of
from apispy.decoders.grpc_session import carried
from apispy.endpoints import Listen
from apispy.model import Chunk, Exchange
from apispy.replay import Options, Replay, serve
from apispy.replay.grpc_record import MessageSplitter
from apispy.structs import replace
from tests.grpc_tunnels import KINDS, Kind, TunnelBuilder, native, withheld
from tests.h2_peer import GRPC, SESSION, Peers, Session, message
from tests.protobuf_writer import mapped, pb
from tests.recorded_calls import Client, wire

CONTROL, BRIDGE = "/moby.buildkit.v1.Control/", "/moby.buildkit.v1.frontend.LLBBridge/"
SPANS = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SYNC = "/moby.filesync.v1.FileSync/DiffCopy"
SEND = "/moby.filesync.v1.FileSend/DiffCopy"
ASKS = pb({1: 1})
"""A message of the daemon that asks for files."""


def ref(letter: str) -> str:
    """An ID as BuildKit's clients generate it; some have letters only."""
    return letter * 24 + (letter if letter in "bs" else "1")


def solve(build: str, target: str, session: str = "", argument: str = "") -> bytes:
    options = [{1: "target", 2: target}, *([{1: "build-arg:TOKEN", 2: argument}] if argument else [])]
    return pb({1: build, 5: session or ref("s"), 6: "dockerfile.v0", 7: options})


def step(name: str) -> bytes:
    return pb({1: [{1: "sha256:1", 3: name}]})


def result(name: str) -> bytes:
    return pb({1: [{1: "image.name", 2: name}]})


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


class GrpcClient:
    """A client in a tunnel of /grpc, or, with *session*, the client of a session, which the daemon calls.

    *kind*: that of the recording; if it is native, the client opens no tunnel.
    """

    def __init__(self, raw: Client, session: str = "", kind: Kind | None = None) -> None:
        if kind is None or not kind.is_native:
            fields = ["Connection: Upgrade", "Upgrade: h2c"]
            fields += [f"X-Docker-Expose-Session-Uuid: {session}"] if session else []
            raw.send(wire("POST", "/session" if session else "/grpc", None, *fields))
            assert b" 101 " in raw.until(b"\r\n\r\n")
        self._raw, self._seen = raw, raw._seen
        self.http2 = H2Connection(H2Configuration(client_side=not session, header_encoding="utf-8"))
        self.http2.initiate_connection()
        self.events: list[Event] = []
        self.flush()

    def flush(self) -> None:
        self._raw.send(self.http2.data_to_send())

    def call(
        self, path: str, content: bytes, *more: tuple[str, str], skip: int = 0, compressed: int = 0
    ) -> int:
        """Make a call; *skip* streams, so that it has another number than the recorded one."""
        stream = self.http2.get_next_available_stream_id() + 2 * skip
        head = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
        self.http2.send_headers(stream, [*head, *GRPC, *more])
        self.http2.send_data(stream, message(content, compressed), end_stream=True)
        self.flush()
        return stream

    def until(self, kind: type[Event], stream: int = 0) -> Any:
        while not (
            found := [one for one in self.events if isinstance(one, kind) and stream in (0, one.stream_id)]
        ):  # type: ignore[attr-defined]
            self.receive()
        return found[-1]

    def receive(self) -> None:
        """Receive what comes next."""
        data, self._seen = self._seen or self._raw.sock.recv(1 << 16), b""
        assert data, "the daemon ended the connection"
        for event in self.http2.receive_data(data):
            self.events.append(event)
            if isinstance(event, DataReceived):
                self.http2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        self.flush()

    def messages(self, stream: int) -> list[bytes]:
        """The messages that have come on a stream."""
        splitter = MessageSplitter()
        data = [one.data for one in self.events if isinstance(one, DataReceived) and one.stream_id == stream]
        return [one[5:] for piece in data for one in splitter.feed(piece)]

    def answer(self, stream: int) -> tuple[list[bytes], dict[str, str]]:
        """The messages of a whole response, and its trailers."""
        self.until(StreamEnded, stream)
        last = [
            one
            for one in self.events
            if isinstance(one, TrailersReceived | ResponseReceived) and one.stream_id == stream
        ]
        return self.messages(stream), dict(last[-1].headers)  # type: ignore[arg-type]


def one_build(tunnel: TunnelBuilder, letter: str, target: str, name: str) -> None:
    """Add a build: its progress, then its result."""
    peers = tunnel.peers
    status = peers.call(f"{CONTROL}Status", pb({1: ref(letter)}))
    asked = peers.call(f"{CONTROL}Solve", solve(ref(letter), target))
    tunnel.step()
    peers.answer(status, step(f"RUN {name}"), step(f"done in {ref(letter)}"))
    tunnel.step()
    peers.answer(asked, result(name))
    tunnel.step()


def two_builds() -> Exchange:
    tunnel = TunnelBuilder(Peers())
    workers = tunnel.peers.call(f"{CONTROL}ListWorkers", b"")
    tunnel.step()
    tunnel.peers.answer(workers, pb({1: [{1: "worker"}]}))
    tunnel.step()
    one_build(tunnel, "a", "first", "one")
    one_build(tunnel, "b", "second", "two")
    return tunnel.exchange(1, "/grpc")


@contextmanager
def replayed(tmp_path: Path, *exchanges: Exchange, patience: float = 10) -> Iterator[Replay]:
    listen = Listen("unix", "", 0, str(tmp_path / "s"))
    with serve(exchanges, listen, Options(patience=patience)) as running:
        yield running


def unplayed(running: Replay) -> list[str]:
    return [one.name for one in (*running.player.unplayed, *running.player.unplayed_grpc)]


def fields(method: str, content: bytes) -> dict[str, Any]:
    return decode_message(message_of(method, request=False), content)


def test_calls_are_found_by_method_and_message_whatever_their_order(tmp_path: Path, kind: Kind) -> None:
    with replayed(tmp_path, *kind.record(two_builds())) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        progress = client.call(
            f"{CONTROL}Status", pb({1: ref("x")}), skip=5
        )  # before the call that has its build
        built = client.call(f"{CONTROL}Solve", solve(ref("x"), "second"))
        other = client.call(f"{CONTROL}Solve", solve(ref("y"), "first"))
        first = client.call(f"{CONTROL}Status", pb({1: ref("y")}))
        assert fields(f"{CONTROL}Solve", client.answer(built)[0][0]) == {
            "ExporterResponse": {"image.name": "two"}
        }
        assert fields(f"{CONTROL}Solve", client.answer(other)[0][0]) == {
            "ExporterResponse": {"image.name": "one"}
        }
        names = [
            fields(f"{CONTROL}Status", one)["vertexes"][0]["name"]
            for stream in (progress, first)
            for one in client.answer(stream)[0]
        ]
        assert names == ["RUN two", f"done in {ref('x')}", "RUN one", f"done in {ref('y')}"]
        assert client.answer(built)[1] == {"grpc-status": "0"}
    assert not running.player.misses
    assert unplayed(running) == []


def test_tunnels_and_calls_about_the_daemon_are_played_as_often_as_wanted(tmp_path: Path, kind: Kind) -> None:
    with replayed(tmp_path, *kind.record(two_builds())) as running:
        for _ in range(3):
            with Client(running.where) as raw:
                client = GrpcClient(raw, kind=kind)
                for _ in range(2):
                    [workers], _ = client.answer(client.call(f"{CONTROL}ListWorkers", b""))
                    assert fields(f"{CONTROL}ListWorkers", workers)["record"][0]["ID"] == "worker"
                assert client.answer(client.call(SPANS, b"")) == ([b""], {"grpc-status": "0"})
    assert not running.player.misses


def test_a_call_that_was_not_recorded_is_a_miss(tmp_path: Path, kind: Kind) -> None:
    with replayed(tmp_path, *kind.record(two_builds())) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        _, failed = client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "third")))
        assert failed["grpc-status"] == "12"
        assert "no recorded response for Control/Solve" in failed["grpc-message"]
        assert client.answer(client.call(f"{CONTROL}Prune", b""))[1]["grpc-status"] == "12"
        assert client.answer(client.call("/a.B/C", b"x"))[1]["grpc-status"] == "12"
    changed, *others = running.player.misses
    assert [text for text, _ in changed.lines()][3:6] == [
        "  body $.FrontendAttrs.target",
        "    - first",
        "    + third",
    ]
    assert [one.nearest for one in others] == [None, None]
    assert unplayed(running) == ["Control/Status", "Control/Solve"] * 2


def test_a_call_that_is_used_up_is_a_miss(tmp_path: Path, kind: Kind) -> None:
    with replayed(tmp_path, *kind.record(two_builds())) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        for letter, status in (("x", "0"), ("y", "12")):
            client.call(f"{CONTROL}Status", pb({1: ref(letter)}))
            assert (
                client.answer(client.call(f"{CONTROL}Solve", solve(ref(letter), "first")))[1]["grpc-status"]
                == status
            )


def test_a_secret_of_the_client_stands_again_where_the_recording_has_its_token(
    tmp_path: Path, kind: Kind
) -> None:
    tunnel = TunnelBuilder(Peers())
    status = tunnel.peers.call(f"{CONTROL}Status", pb({1: ref("a")}))
    asked = tunnel.peers.call(f"{CONTROL}Solve", solve(ref("a"), "x", argument="hunter2hunter2"))
    tunnel.step()
    tunnel.peers.answer(status, step("RUN login hunter2hunter2"))
    tunnel.peers.answer(asked, result("one"))
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        progress = client.call(f"{CONTROL}Status", pb({1: ref("x")}))
        client.call(f"{CONTROL}Solve", solve(ref("x"), "x", argument="hunter2hunter2"))
        [only], _ = client.answer(progress)
        assert fields(f"{CONTROL}Status", only)["vertexes"][0]["name"] == "RUN login hunter2hunter2"


def test_an_error_has_its_status_and_message(tmp_path: Path, kind: Kind) -> None:
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call(f"{CONTROL}Solve", solve(ref("a"), "x"))
    tunnel.step()
    tunnel.peers.server.send_headers(asked, [(":status", "200"), *GRPC])
    more = [("grpc-status", "2"), ("grpc-message", "exit code: 3%0Aline 2")]
    tunnel.peers.server.send_headers(asked, more, end_stream=True)
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        assert client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "x"))) == ([], dict(more))


def failed(*more: tuple[str, str]) -> Exchange:
    """A build that fails without any message: the head of the response has the status."""
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call(f"{CONTROL}Solve", solve(ref("a"), "x"))
    tunnel.step()
    head = [(":status", "200"), *GRPC, ("grpc-status", "2"), ("grpc-message", "exit code: 3"), *more]
    tunnel.peers.server.send_headers(asked, head, end_stream=True)
    tunnel.step()
    return tunnel.exchange(1, "/grpc")


def test_an_error_without_messages_is_no_reset(tmp_path: Path, kind: Kind) -> None:
    with replayed(tmp_path, *kind.record(failed())) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        messages, fields = client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "x")))
        assert messages == []
        assert (fields["grpc-status"], fields["grpc-message"]) == ("2", "exit code: 3")
        assert not [one for one in client.events if isinstance(one, StreamReset)]


def details_of(text: str, source: dict[str, Any]) -> bytes:
    """The details of an error, as BuildKit makes them."""
    return pb({1: 2, 2: text, 3: [{1: SOURCE_TYPE, 2: json.dumps(source)}]})


def test_an_error_has_the_lines_of_the_dockerfile(tmp_path: Path, kind: Kind) -> None:
    """They are what a client prints, with its own secrets in them."""
    lines = [
        "FROM a",
        "RUN true",
        "RUN true && \\",
        "  true && \\",
        "  login hunter2hunter2 && \\",
        "  false",
    ]
    lines = [*lines[:3], *["  true && \\"] * 5, *lines[3:], "RUN b"]
    source = {
        "info": {"filename": "Dockerfile", "data": base64.b64encode("\n".join(lines).encode()).decode()},
        "ranges": [{"start": {"line": 10}, "end": {"line": 11}}],
    }
    text = "login hunter2hunter2: exit code: 3"
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call(f"{CONTROL}Solve", solve(ref("a"), "x", argument="hunter2hunter2"))
    tunnel.step()
    coded = base64.b64encode(details_of(text, source)).decode().rstrip("=")
    head = [(":status", "200"), *GRPC, ("grpc-status", "2"), ("grpc-message", text)]
    tunnel.peers.server.send_headers(asked, [*head, ("grpc-status-details-bin", coded)], end_stream=True)
    tunnel.step()
    record = kind.record(tunnel.exchange(1, "/grpc"))
    assert kind.has_bytes or "hunter2" not in repr(record)
    with replayed(tmp_path, *record) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        again = solve(ref("x"), "x", argument="hunter2hunter2")
        _, fields = client.answer(client.call(f"{CONTROL}Solve", again))
    assert read_details(fields["grpc-status-details-bin"].encode()) == {
        "code": 2,
        "message": text,
        "source": {"file": "Dockerfile", "line": 10},
        "excerpt": {"first": 6, "end": 11, "lines": lines[5:]},
    }


def test_the_details_of_an_error_have_its_message(tmp_path: Path) -> None:
    """Go's client shows the message of the details."""
    details = details_of(
        "exit code: 3", {"info": {"filename": "Dockerfile"}, "ranges": [{"start": {"line": 3}}]}
    )
    whole = failed(("grpc-status-details-bin", base64.b64encode(details).decode()))
    for number, secrets in enumerate((True, False)):
        (tmp_path / str(number)).mkdir()
        record = native(whole, show_secrets=secrets)
        with replayed(tmp_path / str(number), *record) as running, Client(running.where) as raw:
            client = GrpcClient(raw, kind=KINDS["native-bytes"])
            _, fields = client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "x")))
            assert base64.b64decode(fields["grpc-status-details-bin"] + "==") == details


def test_a_message_may_be_compressed(tmp_path: Path, kind: Kind) -> None:
    with replayed(tmp_path, *kind.record(two_builds())) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        named = ("grpc-encoding", "gzip")
        for target, status in (("second", "0"), ("third", "12")):
            asked = gzip.compress(solve(ref("x"), target))
            solved = client.call(f"{CONTROL}Solve", asked, named, compressed=1)
            client.call(f"{CONTROL}Status", pb({1: ref("x")}))
            assert client.answer(solved)[1]["grpc-status"] == status


def test_a_large_message_waits_for_the_window(tmp_path: Path, kind: Kind) -> None:
    many = pb({1: [{1: f"{number:08}" * 20} for number in range(1000)]})
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call(f"{CONTROL}DiskUsage", b"")
    tunnel.step()
    tunnel.peers.client.increment_flow_control_window(1 << 20)
    tunnel.peers.client.increment_flow_control_window(1 << 20, asked)
    tunnel.step()
    for at in range(0, len(message(many)), 16000):
        tunnel.peers.server.send_headers(asked, [(":status", "200"), *GRPC]) if not at else None
        tunnel.peers.server.send_data(asked, message(many)[at : at + 16000])
    tunnel.peers.server.send_headers(asked, [("grpc-status", "0")], end_stream=True)
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        [content], trailers = client.answer(client.call(f"{CONTROL}DiskUsage", b""))
        assert content == many
        assert trailers == {"grpc-status": "0"}


def test_a_secret_may_be_repeated_before_it_is_known_to_be_one(tmp_path: Path, kind: Kind) -> None:
    def asked(build: str, *, secret_last: bool) -> bytes:
        options = [{1: "label:x", 2: "hunter2hunter2"}, {1: "build-arg:TOKEN", 2: "hunter2hunter2"}]
        return pb({1: build, 6: "dockerfile.v0", 7: options if secret_last else options[::-1]})

    tunnel = TunnelBuilder(Peers())
    stream = tunnel.peers.call(f"{CONTROL}Solve", asked(ref("a"), secret_last=True))
    tunnel.step()
    tunnel.peers.answer(stream, result("one"))
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        stream = client.call(f"{CONTROL}Solve", asked(ref("x"), secret_last=False))
        assert client.answer(stream)[1] == {"grpc-status": "0"}


def test_the_session_that_builds_share_has_another_id_and_no_calls(tmp_path: Path, kind: Kind) -> None:
    def asked(build: str, session: str) -> bytes:
        return pb({1: build, 7: [{1: "local-sessionid:context", 2: session}]})

    tunnel = TunnelBuilder(Peers())
    shared = tunnel.peers.call(f"{CONTROL}Session", pb({1: b"nested HTTP/2"}))
    solved = tunnel.peers.call(f"{CONTROL}Solve", asked(ref("a"), ref("s")))
    tunnel.step()
    tunnel.peers.answer(shared, pb({1: b"nested HTTP/2"}))
    tunnel.peers.answer(solved, result("one"))
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        shared = client.call(f"{CONTROL}Session", pb({1: b"another"}))
        solved = client.call(f"{CONTROL}Solve", asked(ref("x"), ref("z")))
        assert client.answer(solved)[1] == {"grpc-status": "0"}
        messages, trailers = client.answer(shared)
        assert trailers == {"grpc-status": "0"}
        assert len(messages) == kind.is_native  # the preface of a daemon that asks for nothing
    assert not running.player.misses


def test_a_client_learns_the_capabilities_of_the_builder(tmp_path: Path, kind: Kind) -> None:
    answer = pb({1: [{1: "gateway.solve.evaluate", 2: True}], 2: [{1: "source.image", 2: True}]})
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call(f"{BRIDGE}Ping", b"")
    tunnel.step()
    tunnel.peers.answer(asked, answer)
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        assert client.answer(client.call(f"{BRIDGE}Ping", b""))[0] == [answer]


# -- sessions


def session_of(build: TunnelBuilder, name: str, path: str, *, asks: bytes, answers: bytes) -> Exchange:
    """A session in which the daemon makes one call; it began with the build's tunnel."""
    session = TunnelBuilder(Peers(), daemon_calls=True, at=build.at)
    stream = session.peers.call(path, asks)
    session.step()
    session.peers.answer(stream, answers)
    session.step()
    return session.exchange(2, "/session", ("X-Docker-Expose-Session-Uuid", name), begins=1.0)


def a_build_with_a_session(path: str, *, asks: bytes, answers: bytes) -> list[Exchange]:
    """The result came after what passed in the session."""
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call(f"{CONTROL}Solve", solve(ref("a"), "x", session=ref("s")))
    tunnel.step()
    session = session_of(tunnel, ref("s"), path, asks=asks, answers=answers)
    tunnel.step(1.0)
    tunnel.peers.answer(asked, result("one"))
    tunnel.step()
    return [tunnel.exchange(1, "/grpc", begins=1.0), session]


def test_the_daemon_makes_the_calls_of_the_session_of_its_build(tmp_path: Path) -> None:
    record = a_build_with_a_session(SYNC, asks=pb({1: 1}), answers=pb({1: 3}))
    with (
        replayed(tmp_path, *record) as running,
        Client(running.where) as one,
        Client(running.where) as other,
    ):
        session = GrpcClient(one, ref("z"))
        client = GrpcClient(other)
        solved = client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z")))
        asked = session.until(RequestReceived)
        assert dict(asked.headers)[":path"] == SYNC
        session.until(StreamEnded, asked.stream_id)
        assert session.messages(asked.stream_id) == [pb({1: 1})]
        assert not [one for one in client.events if isinstance(one, ResponseReceived)]
        session.http2.send_headers(asked.stream_id, [(":status", "200"), *GRPC])
        session.http2.send_data(asked.stream_id, message(pb({1: 3})))
        session.http2.send_headers(asked.stream_id, [("grpc-status", "0")], end_stream=True)
        session.flush()
        assert client.answer(solved)[1] == {"grpc-status": "0"}
    assert not running.player.misses
    assert not running.session.timeouts


@pytest.mark.parametrize("name", ["withheld", "withheld-fixture"])
def test_without_its_bytes_a_session_has_a_daemon_that_calls_nothing(tmp_path: Path, name: str) -> None:
    record = KINDS[name].record(*a_build_with_a_session(SYNC, asks=pb({1: 1}), answers=pb({1: 3})))
    with (
        replayed(tmp_path, *record) as running,
        Client(running.where) as one,
        Client(running.where) as other,
    ):
        session = GrpcClient(one, ref("z"))
        client = GrpcClient(other)
        solved = client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z")))
        assert client.answer(solved)[1] == {"grpc-status": "0"}
        session.http2.ping(b"whatever")
        session.flush()
        while not any(isinstance(event, PingAckReceived) for event in session.events):
            session.receive()
        assert not [one for one in session.events if isinstance(one, RequestReceived)]
    assert not running.session.timeouts


@pytest.mark.parametrize(
    "name", ["withheld", "withheld-fixture", "native-withheld", "native-withheld-fixture"]
)
def test_a_result_that_was_written_at_the_client_needs_the_bytes(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    if kind.is_native:
        record = kind.record(a_build_with_a_nested_session(SEND, asks=b"file"))
    else:
        record = kind.record(*a_build_with_a_session(SEND, asks=b"file", answers=b""))
    with replayed(tmp_path, *record) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        _, failed = client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z"))))
        assert "was written at the client" in failed["grpc-message"]
    assert len(running.player.misses) == 1


def test_a_build_whose_session_does_not_come_continues_and_says_so(tmp_path: Path) -> None:
    record = a_build_with_a_session(SYNC, asks=pb({1: 1}), answers=pb({1: 3}))
    with replayed(tmp_path, *record, patience=0.05) as running, Client(running.where) as raw:
        client = GrpcClient(raw)
        client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z"))))
    assert running.session.timeouts == 1


def test_a_call_of_a_build_is_one_of_its_tunnel(tmp_path: Path, kind: Kind) -> None:
    def one(number: int, letter: str) -> Exchange:
        tunnel = TunnelBuilder(Peers())
        peers, named = tunnel.peers, ("buildkit-controlapi-buildid", ref(letter))
        solved = peers.call(f"{CONTROL}Solve", solve(ref(letter), letter))
        answers = [peers.call(f"{BRIDGE}ReadFile", pb({1: "r", 2: "f"}), more=(named,))]
        tunnel.step()
        for stream in answers:
            peers.answer(stream, pb({}), status=number)
        peers.answer(solved, result(letter))
        tunnel.step()
        return tunnel.exchange(number, "/grpc")

    record = kind.record(one(1, "a"), one(2, "b"))
    with replayed(tmp_path, *record) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        read = client.call(
            f"{BRIDGE}ReadFile", pb({1: "r", 2: "f"}), ("buildkit-controlapi-buildid", ref("x"))
        )
        client.call(f"{CONTROL}Solve", solve(ref("x"), "b"))
        assert client.answer(read)[1] == {"grpc-status": "2"}


def test_after_a_miss_nothing_waits_for_the_rest_of_its_tunnel(tmp_path: Path, kind: Kind) -> None:
    tunnel = TunnelBuilder(Peers())
    peers = tunnel.peers
    status = peers.call(f"{CONTROL}Status", pb({1: ref("a")}))
    solved = peers.call(f"{CONTROL}Solve", solve(ref("a"), "x"))
    inner = peers.call(
        f"{BRIDGE}Solve", pb({2: "dockerfile.v0"}), more=(("buildkit-controlapi-buildid", ref("a")),)
    )
    tunnel.step()
    peers.answer(inner, b"")
    tunnel.step()
    peers.answer(status, step("RUN one"))
    peers.answer(solved, result("one"))
    tunnel.step()
    with (
        replayed(tmp_path, *kind.record(tunnel.exchange(1, "/grpc"))) as running,
        Client(running.where) as raw,
    ):
        client = GrpcClient(raw, kind=kind)
        status = client.call(f"{CONTROL}Status", pb({1: ref("x")}))
        client.call(f"{CONTROL}Solve", solve(ref("x"), "x"))
        named = ("buildkit-controlapi-buildid", ref("x"))
        missed = client.call(f"{BRIDGE}Solve", pb({2: "another.v0"}), named)
        assert client.answer(missed)[1]["grpc-status"] == "12"
        assert client.answer(status)[1] == {"grpc-status": "0"}
    assert not running.session.timeouts


# -- sessions in the messages of a call


class NestedSession:
    """The client of a session in the messages of a gRPC call of *client*."""

    def __init__(self, client: GrpcClient, name: str) -> None:
        self._client, self._read = client, 0
        self.http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.http2.initiate_connection()
        self.stream = client.http2.get_next_available_stream_id()
        head = [(":method", "POST"), (":scheme", "http"), (":path", SESSION), (":authority", "localhost")]
        client.http2.send_headers(self.stream, [*head, *GRPC, ("x-docker-expose-session-uuid", name)])
        self.flush()

    def flush(self) -> None:
        self._client.http2.send_data(self.stream, message(pb({1: self.http2.data_to_send()})))
        self._client.flush()

    def read(self) -> list[Event]:
        """The events of the messages that have come since the last time."""
        messages = self._client.messages(self.stream)
        new, self._read = messages[self._read :], len(messages)
        return [event for one in new for event in self.http2.receive_data(carried(one))]

    def until(self, kind: type[Event]) -> Any:
        """Receive until an event of a kind comes, and return it."""
        while True:
            for event in self.read():
                if isinstance(event, kind):
                    return event
            self._client.receive()


def a_build_with_a_nested_session(path: str = SYNC, asks: bytes = ASKS) -> Exchange:
    """The result came after what passed in the session."""
    tunnel = TunnelBuilder(Peers())
    session = Session(tunnel.peers, [("x-docker-expose-session-uuid", ref("s"))])
    asked = tunnel.peers.call(f"{CONTROL}Solve", solve(ref("a"), "x", session=ref("s")))
    tunnel.step()
    session.begin()
    stream = session.inner.call(path, asks)
    session.queue()
    tunnel.step()
    session.inner.answer(stream, pb({1: 3}))
    session.queue()
    tunnel.step(1.0)
    tunnel.peers.answer(asked, result("one"))
    tunnel.step()
    session.end()
    tunnel.step()
    return tunnel.exchange(1, "/grpc")


def test_the_daemon_makes_the_calls_of_a_nested_session(tmp_path: Path) -> None:
    kind = KINDS["native-bytes"]
    record = kind.record(a_build_with_a_nested_session())
    with replayed(tmp_path, *record) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        solved = client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z")))
        session = NestedSession(client, ref("z"))
        asked = session.until(RequestReceived)
        assert dict(asked.headers)[":path"] == SYNC
        assert not [one for one in client.events if getattr(one, "stream_id", 0) == solved]
        session.http2.send_headers(asked.stream_id, [(":status", "200"), *GRPC])
        session.http2.send_data(asked.stream_id, message(pb({1: 3})))
        session.http2.send_headers(asked.stream_id, [("grpc-status", "0")], end_stream=True)
        session.flush()
        assert client.answer(solved) == ([result("one")], {"grpc-status": "0"})
        client.http2.end_stream(session.stream)
        client.flush()
        assert client.answer(session.stream)[1] == {"grpc-status": "0"}
    assert not running.player.misses
    assert not running.session.timeouts
    assert unplayed(running) == []


@pytest.mark.parametrize("name", ["native-withheld", "native-withheld-fixture"])
def test_without_its_bytes_a_nested_session_has_a_daemon_that_calls_nothing(
    tmp_path: Path, name: str
) -> None:
    record = KINDS[name].record(a_build_with_a_nested_session())
    with replayed(tmp_path, *record) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=KINDS[name])
        session = NestedSession(client, ref("z"))
        solved = client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z")))
        assert client.answer(solved)[1] == {"grpc-status": "0"}
        assert not [one for one in session.read() if isinstance(one, RequestReceived)]
        client.http2.reset_stream(session.stream)
        client.flush()
        assert client.answer(client.call(SPANS, b""))[1] == {"grpc-status": "0"}
    assert not running.player.misses
    assert not running.session.timeouts


def test_a_build_waits_for_its_nested_session_to_begin(tmp_path: Path) -> None:
    record = KINDS["native-withheld"].record(a_build_with_a_nested_session())
    with replayed(tmp_path, *record, patience=0.05) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=KINDS["native-withheld"])
        client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "x", session=ref("z"))))
    assert running.session.timeouts == 1


# -- recordings that are not whole


CHECK = pb({2: "dockerfile.v0", 3: [{1: "requestid", 2: "frontend.lint"}]})


def a_check(result: dict[str, str]) -> Exchange:
    tunnel = TunnelBuilder(Peers())
    stream = tunnel.peers.call(f"{BRIDGE}Solve", CHECK)
    tunnel.step()
    tunnel.peers.answer(stream, pb({3: {10: mapped(result)}}))
    tunnel.step()
    return tunnel.exchange(1, "/grpc")


def test_a_check_is_played(tmp_path: Path, kind: Kind) -> None:
    warning = {"ruleName": "R", "detail": "d"}
    record = a_check({"result.json": json.dumps({"warnings": [warning]}), "result.statuscode": "1"})
    with replayed(tmp_path, *kind.record(record)) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=kind)
        [answer], trailers = client.answer(client.call(f"{BRIDGE}Solve", CHECK))
        result = decode_message("FrontendSolveResponse", answer)["result"]["metadata"]
        assert result == {"result.json": {"warnings": [warning]}, "result.statuscode": "1"}
        assert trailers["grpc-status"] == "0"
    assert not running.player.misses


def test_an_answer_in_a_form_of_its_own_needs_the_bytes(tmp_path: Path) -> None:
    record = withheld(a_check({"result.json": '{"form": "of its own"}', "result.txt": "2 warnings"}))
    with replayed(tmp_path, record) as running, Client(running.where) as raw:
        client = GrpcClient(raw)
        _, failed = client.answer(client.call(f"{BRIDGE}Solve", CHECK))
        assert "the frontend's answer is not in the recording" in failed["grpc-message"]


def test_messages_that_are_not_kept_are_missed(tmp_path: Path) -> None:
    tunnel = TunnelBuilder(Peers())
    asked = tunnel.peers.call("/moby.buildkit.v1.Control/UpdateBuildHistory", b"x")
    tunnel.step()
    tunnel.peers.answer(asked, b"what no table has")
    tunnel.step()
    with replayed(tmp_path, withheld(tunnel.exchange(1, "/grpc"))) as running, Client(running.where) as raw:
        client = GrpcClient(raw)
        _, failed = client.answer(client.call("/moby.buildkit.v1.Control/UpdateBuildHistory", b"x"))
        assert "record with --show-secrets" in failed["grpc-message"]
    assert len(running.player.misses) == 1


def test_a_call_whose_messages_are_not_kept_is_missed(tmp_path: Path) -> None:
    """As in a fixture."""
    record = [
        one.with_stream("response", replace(one.response.body, seen=())) if one.response else one
        for one in native(two_builds(), show_secrets=False)
    ]
    with replayed(tmp_path, *record) as running, Client(running.where) as raw:
        client = GrpcClient(raw, kind=KINDS["native-withheld"])
        _, failed = client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "first")))
        assert "record with --show-secrets" in failed["grpc-message"]
        assert {call.name for call, _ in running.player.unplayable} == {
            one.name for one in running.player.calls
        }
    assert len(running.player.misses) == 1


def test_what_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    whole = two_builds()
    assert whole.tunnel is not None
    odd = replace(
        whole.tunnel.to_client, chunks=(*whole.tunnel.to_client.chunks, Chunk(9.0, b"\0\0\1\4\0\0\0\0\1x"))
    )
    record = replace(whole, tunnel=replace(whole.tunnel, to_client=odd))
    with replayed(tmp_path, record) as running, Client(running.where) as raw:
        client = GrpcClient(raw)
        _, failed = client.answer(client.call(f"{CONTROL}Solve", solve(ref("x"), "first")))
        assert "its tunnel cannot be read" in failed["grpc-message"]
    assert len(running.player.misses) == 1
