"""Faults, and web pages turned away, in a replay."""

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
    """A replay with a gate, and the calls that it showed."""

    def __init__(
        self, *recorded: Exchange, faults: tuple[str, ...] = (), guard: BrowserGuard | None = None
    ) -> None:
        self.over: list[Exchange] = []
        gate = Gate([parse(fault) for fault in faults], guard)
        self.stage = PlaybackSession(Player(list(recorded), Options()), self._hear, gate=gate)
        self.replay = Replay(self.stage, TCP)

    def _hear(self, event: object) -> None:
        if isinstance(event, Closed):
            self.over.append(event.exchange)

    def __enter__(self) -> "Playing":
        self.replay.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.replay.stop()

    def connect(self) -> Client:
        return Client(self.replay.where)


def test_an_answer_of_a_fault_uses_up_nothing_of_the_record():
    fault = "op:SystemInfo status=500 times=1"
    with Playing(call(1, "GET", INFO, {"ID": "x"}), faults=(fault,)) as there, there.connect() as client:
        status, said = client.ask("GET", INFO)
        assert (status, json.loads(said)) == (500, {"message": f"apispy: fault {fault}"})
        assert client.ask("GET", INFO) == (200, b'{"ID": "x"}')
    assert there.over[0].problems == (f"answered by apispy: fault {fault}",)
    assert not there.replay.player.unplayed
    assert not there.replay.player.misses


def test_a_delay_then_the_record():
    with Playing(call(1, "GET", INFO, {}), faults=("delay=200ms",)) as there, there.connect() as client:
        began = monotonic()
        assert client.ask("GET", INFO)[0] == 200
        assert monotonic() - began >= 0.2
    assert there.over[0].problems == ("held for 200 ms by apispy, fault delay=200ms",)


def test_a_reset_and_garbage():
    with Playing(faults=("op:SystemInfo reset", "op:SystemPing garbage")) as there:
        with there.connect() as client:
            client.send(wire("GET", INFO))
            with pytest.raises(ConnectionResetError):
                client.rest()
        with there.connect() as client:
            client.send(wire("GET", "/_ping"))
            assert client.rest() == GARBAGE
    assert [exchange.problems for exchange in there.over] == [
        ("reset by apispy, fault op:SystemInfo reset",),
        ("answered with garbage by apispy, fault op:SystemPing garbage",),
    ]


def test_an_answer_is_cut():
    with (
        Playing(call(1, "GET", INFO, {"ID": "x"}), faults=("drop-after=4B",)) as there,
        there.connect() as client,
    ):
        client.send(wire("GET", INFO))
        assert client.rest().endswith(b'\r\n\r\n{"ID')
    assert there.over[0].problems == ("cut by apispy, fault drop-after=4B",)


def test_a_hijacked_session_is_cut():
    talk = hijacked(1, ATTACH, body((0.1, b"in\n")), body((0.2, b"hello"), (0.3, b" world")))
    with Playing(talk, faults=("op:ContainerAttach drop-after=7B",)) as there, there.connect() as client:
        client.send(wire("POST", ATTACH, None, "Connection: Upgrade", "Upgrade: tcp") + b"in\n")
        client.sock.shutdown(socket.SHUT_WR)
        client.until(b"\r\n\r\n")
        assert client.rest() == b"hello w"
    assert there.over[0].problems == ("cut by apispy, fault op:ContainerAttach drop-after=7B",)


def test_the_image_of_a_body_decides_and_a_client_that_waits_is_answered():
    target, asks = "/v1.41/containers/create", {"Image": "busybox:1"}
    with Playing(faults=("image:busybox status=404",)) as there, there.connect() as client:
        assert client.ask("POST", target, asks)[0] == 404
        head, _, _ = wire("POST", target, asks, "Expect: 100-continue").partition(b"{")
        client.send(head)
        assert client.answer()[0] in (501, 404)


def test_a_web_page_is_refused_and_nothing_is_played():
    with Playing(call(1, "GET", INFO, {}), guard=BrowserGuard()) as there:
        with there.connect() as client:
            client.send(wire("GET", INFO).replace(b"docker", b"evil.example"))
            status, said = client.answer()
            assert status == 403
            assert b"--allow-host evil.example" in said
            assert client.rest() == b""
        with there.connect() as client:
            assert client.ask("GET", INFO)[0] == 200


def test_an_error_in_deciding_denies():
    def broken(name: str) -> tuple[str, ...]:
        raise RuntimeError("a bug")

    with Playing(call(1, "GET", "/containers/web/json", {})) as there:
        there.stage.gate = Gate([parse("container:web reset")], aliases=broken)
        with there.connect() as client:
            assert client.ask("GET", "/containers/web/json")[0] == 500
    assert there.replay.player.unplayed
