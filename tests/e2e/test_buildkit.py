"""A real BuildKit build through apispy, and a real gRPC call: what is called is printed, what it carries is not."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, StreamEnded

from .apispy_process import STANDIN, Apispy
from .battery_runner import BUILDKIT_CLI, CLIS
from .clients import Client
from .daemon import IMAGE, Daemons
from .endpoints import Wire
from .options import listen_options, upstream_options
from .test_daemon import forms

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")

SECRET = "correct-horse-battery"
DOCKERFILE = f"FROM {IMAGE}\\nCOPY f /f\\nRUN --mount=type=secret,id=s md5sum </run/secrets/s"
BUILD = f"""export DOCKER_BUILDKIT=1; printf '{DOCKERFILE}' >Dockerfile; echo hello >f; printf {SECRET} >s
docker build $N --no-cache --progress plain --secret id=s,src=s -t $P:built . && docker rmi -f $P:built"""


@pytest.fixture(params=["", "-vvv", "--json -vvv"], ids=lambda words: words.replace(" ", "") or "plain")
def spy(request: pytest.FixtureRequest, place: Path, daemons: Daemons) -> Iterator[Apispy]:
    where = Path(tempfile.mkdtemp(prefix="bk-", dir=place)) / "spy"
    words = [*listen_options("unix", where), *upstream_options("unix", daemons), *request.param.split()]
    running = Apispy.start(where, *words)
    try:
        yield running
    finally:
        running.kill()


def test_a_build_prints_its_grpc_methods_and_no_secret(spy: Apispy, daemons: Daemons) -> None:
    client = Client(spy.at, daemons.plain, CLIS[BUILDKIT_CLI], "zqbuildkit", spy.where / "c", spy.where)
    result = client.sh(BUILD)
    assert result.code == 0, result.err.decode()
    assert hashlib.md5(SECRET.encode()).hexdigest().encode() in result.err
    assert spy.end() == 0
    for form in forms(SECRET):
        assert form not in spy.output
    if spy.out.startswith("{"):
        outcomes = {call["operation"]: call["outcome"] for call in map(json.loads, spy.out.splitlines())}
        assert outcomes["Session"].startswith("4 gRPC calls: DiffCopy 3, GetSecret 1")
        return
    assert (
        "h2c   | < stream 1 /moby.filesync.v1.FileSync/DiffCopy (send files of the build context)" in spy.out
    )
    assert "/moby.buildkit.secrets.v1.Secrets/GetSecret (request a build secret)" in spy.out
    assert "h2c   | > stream 7 200, grpc-status 0 (OK), 1 message" in spy.out
    assert "4 gRPC calls: DiffCopy 3, GetSecret 1" in spy.out
    assert "problem" not in spy.out


def test_a_call_to_the_daemon_prints_its_method(spy: Apispy) -> None:
    """buildx speaks so; it is not needed here, h2 is a client too."""
    peer = H2Connection(H2Configuration(client_side=True))
    peer.initiate_connection()
    with spy.at.wire() as wire:
        wire.send(
            b"POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"
        )
        assert b" 101 " in wire.read_response()
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/moby.buildkit.v1.Control/ListWorkers"),
        ]
        fields += [(":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers")]
        peer.send_headers(1, fields)
        peer.send_data(1, bytes(5), end_stream=True)
        events = peer.receive_data(wire.seen)
        while not any(isinstance(event, StreamEnded) for event in events):
            events = _talk(peer, wire)
    assert spy.end() == 0
    if spy.out.startswith("{"):
        assert json.loads(spy.out)["outcome"] == "1 gRPC call: ListWorkers 1"
        return
    assert "h2c   | > stream 1 /moby.buildkit.v1.Control/ListWorkers (list the build workers)" in spy.out
    assert "h2c   | < stream 1 200, grpc-status 0 (OK), 1 message" in spy.out


def _talk(peer: H2Connection, wire: Wire) -> list[Event]:
    """Say what is to be said, and hear what comes."""
    wire.send(peer.data_to_send())
    piece = wire.recv()
    assert piece, "the daemon went away"
    return peer.receive_data(piece)
