"""Faults and refused web pages in a replay."""

import json
import socket
from time import monotonic

import pytest

from apispy.endpoints import Listen
from apispy.gate import GARBAGE, BrowserGuard, Gate, parse
from apispy.model import Exchange
from apispy.replay import Options, PlaybackSession, Player, Replay
from apispy.tap.events import Closed
from tests.recorded_calls import Client, body, call, hijacked, wire

INFO = "/v1.41/info"
ATTACH = "/v1.41/containers/web/attach?stream=1"
TCP = Listen("tcp", "127.0.0.1", 0, "")


class Playing:
    """A replay with a gate, and the calls that are over."""

    def __init__(
        self, *recorded: Exchange, faults: tuple[str, ...] = (), guard: BrowserGuard | None = None
    ) -> None:
        self.over: list[Exchange] = []
        gate = Gate([parse(fault) for fault in faults], guard)
        self.session = PlaybackSession(Player(list(recorded), Options()), self._take, gate=gate)
        self.replay = Replay(self.session, TCP)

    def _take(self, event: object) -> None:
        if isinstance(event, Closed):
            self.over.append(event.exchange)

    def __enter__(self) -> "Playing":
        self.replay.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.replay.stop()

    def connect(self) -> Client:
        return Client(self.replay.where)


def test_a_response_from_a_fault_uses_up_no_recorded_call():
    fault = "op:SystemInfo status=500 times=1"
    with Playing(call(1, "GET", INFO, {"ID": "x"}), faults=(fault,)) as playing, playing.connect() as client:
        status, content = client.ask("GET", INFO)
        assert (status, json.loads(content)) == (500, {"message": f"apispy: fault {fault}"})
        assert client.ask("GET", INFO) == (200, b'{"ID": "x"}')
    assert playing.over[0].problems == (f"answered by apispy: fault {fault}",)
    assert not playing.replay.player.unplayed
    assert not playing.replay.player.misses


def test_a_delay_precedes_the_recorded_response():
    with Playing(call(1, "GET", INFO, {}), faults=("delay=200ms",)) as playing, playing.connect() as client:
        began = monotonic()
        assert client.ask("GET", INFO)[0] == 200
        assert monotonic() - began >= 0.2
    assert playing.over[0].problems == ("delayed by apispy for 200 ms, fault delay=200ms",)


def test_a_reset_and_garbage():
    with Playing(faults=("op:SystemInfo reset", "op:SystemPing garbage")) as playing:
        with playing.connect() as client:
            client.send(wire("GET", INFO))
            with pytest.raises(ConnectionResetError):
                client.rest()
        with playing.connect() as client:
            client.send(wire("GET", "/_ping"))
            assert client.rest() == GARBAGE
    assert [exchange.problems for exchange in playing.over] == [
        ("reset by apispy, fault op:SystemInfo reset",),
        ("answered with garbage by apispy, fault op:SystemPing garbage",),
    ]


def test_a_response_is_cut():
    with (
        Playing(call(1, "GET", INFO, {"ID": "x"}), faults=("drop-after=4B",)) as playing,
        playing.connect() as client,
    ):
        client.send(wire("GET", INFO))
        assert client.rest().endswith(b'\r\n\r\n{"ID')
    assert playing.over[0].problems == ("cut by apispy, fault drop-after=4B",)


def test_a_hijacked_session_is_cut():
    talk = hijacked(1, ATTACH, body((0.1, b"in\n")), body((0.2, b"hello"), (0.3, b" world")))
    with Playing(talk, faults=("op:ContainerAttach drop-after=7B",)) as playing, playing.connect() as client:
        client.send(wire("POST", ATTACH, None, "Connection: Upgrade", "Upgrade: tcp") + b"in\n")
        client.sock.shutdown(socket.SHUT_WR)
        client.until(b"\r\n\r\n")
        assert client.rest() == b"hello w"
    assert playing.over[0].problems == ("cut by apispy, fault op:ContainerAttach drop-after=7B",)


def test_a_rule_on_the_image_applies_and_a_client_that_expects_100_gets_a_response():
    target, asks = "/v1.41/containers/create", {"Image": "busybox:1"}
    with Playing(faults=("image:busybox status=404",)) as playing, playing.connect() as client:
        assert client.ask("POST", target, asks)[0] == 404
        head, _, _ = wire("POST", target, asks, "Expect: 100-continue").partition(b"{")
        client.send(head)
        assert client.answer()[0] in (501, 404)


def test_a_web_page_is_refused_and_nothing_is_played():
    with Playing(call(1, "GET", INFO, {}), guard=BrowserGuard()) as playing:
        with playing.connect() as client:
            client.send(wire("GET", INFO).replace(b"docker", b"evil.example"))
            status, content = client.answer()
            assert status == 403
            assert b"--allow-host evil.example" in content
            assert client.rest() == b""
        with playing.connect() as client:
            assert client.ask("GET", INFO)[0] == 200


def test_an_error_in_the_gate_refuses_the_request():
    def broken(name: str) -> tuple[str, ...]:
        raise RuntimeError("a bug")

    with Playing(call(1, "GET", "/containers/web/json", {})) as playing:
        playing.session.gate = Gate([parse("container:web reset")], aliases=broken)
        with playing.connect() as client:
            assert client.ask("GET", "/containers/web/json")[0] == 500
    assert playing.replay.player.unplayed
