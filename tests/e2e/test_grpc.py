"""gRPC without tunnels, with real peers: calls of grpcio's client to grpcio's server, recorded and then played."""

import importlib.util
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apispy.capture import read
from tests.protobuf_writer import mapped, pb

from .apispy_process import STANDIN, Apispy, apispy_command
from .conftest import unavailable
from .daemon import Authority, free_port
from .endpoints import Endpoint
from .options import endpoint_options, listen_options

pytestmark = pytest.mark.skipif(bool(STANDIN), reason="socat shows no calls")

ROOT = Path(__file__).parents[2]
CONTROL = "/moby.buildkit.v1.Control/"
SECRET = "hunter2hunter2"
_NUMBERS = itertools.count()


@dataclass
class Servers:
    """A server of grpcio for each kind of endpoint."""

    by_kind: dict[str, Endpoint]


def peer(*words: str) -> list[str]:
    return [sys.executable, "-m", "tests.e2e.grpc_peers", *words]


def words_of(endpoint: Endpoint) -> list[str]:
    return [endpoint.host, *([str(endpoint.certs)] if endpoint.certs else [])]


@pytest.fixture(scope="module")
def servers(place: Path) -> Iterator[Servers]:
    if importlib.util.find_spec("grpc") is None:
        unavailable("needs grpcio; pip install grpcio")
    where = place / "grpc"
    authority = Authority.make("grpc")
    server = authority.issue(where / "server", server=True)
    client = authority.issue(where / "client", server=False)
    addresses = {
        "unix": Endpoint(f"unix://{where}/s"),
        "tcp": Endpoint(f"tcp://127.0.0.1:{free_port()}"),
        "tls": Endpoint(f"tcp://127.0.0.1:{free_port()}", client),
    }
    running = []
    for kind, endpoint in addresses.items():
        words = [endpoint.host, *([str(server)] if kind == "tls" else [])]
        running.append(subprocess.Popen(peer("serve", *words), stdout=subprocess.PIPE, cwd=ROOT))
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    yield Servers(addresses)
    for process in running:
        process.kill()
        process.wait(10)


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., Apispy]]:
    """Starts an apispy with a listener of a kind; all end with the test."""
    started: list[Apispy] = []

    def start(kind: str, *words: str, replays: str = "", fixture: bool = False) -> Apispy:
        where = place / f"grpc-{next(_NUMBERS)}"
        command = (
            ["record", "-o", f"{where}/calls.json"] if fixture else ["--capture", f"{where}/calls.jsonl"]
        )
        command = ["replay", replays] if replays else command
        started.append(Apispy.start(where, *command, *listen_options(kind, where), *words))
        return started[-1]

    yield start
    for spy in started:
        spy.end()


def wanted(method: str, content: bytes, cancel: int | None = None) -> dict[str, Any]:
    return {"method": method, "message": content.hex(), "cancel": cancel}


def call(at: Endpoint, *calls: dict[str, Any], session: str = "") -> dict[str, Any]:
    """Make calls, all at a time; see ``grpc_peers``."""
    asked = json.dumps({"calls": calls, "session": session}).encode()
    done = subprocess.run(
        peer("call", *words_of(at)), input=asked, capture_output=True, timeout=60, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def build_id(letter: str) -> str:
    return letter * 24 + "1"


def solve(build: str, wanted_target: str, session: str = "s") -> dict[str, Any]:
    options = {"target": wanted_target, "build-arg:TOKEN": SECRET}
    fields = {1: build_id(build), 5: build_id(session), 6: "dockerfile.v0", 7: mapped(options)}
    return wanted(f"{CONTROL}Solve", pb(fields))


def status(build: str, cancel: int | None = None) -> dict[str, Any]:
    return wanted(f"{CONTROL}Status", pb({1: build_id(build)}), cancel)


WORKERS = wanted(f"{CONTROL}ListWorkers", b"")


@pytest.mark.parametrize("kind", ["unix", "tls"])
def test_calls_that_were_recorded_are_played_in_another_order(
    kind: str, servers: Servers, start: Callable[..., Apispy]
) -> None:
    """The capture is made without --show-secrets; the IDs of the builds and the order of the calls are new."""
    daemon = servers.by_kind[kind]
    calls = [WORKERS, solve("a", "one"), status("a"), solve("b", "bad"), solve("c", "three"), status("c")]
    direct = call(daemon, *calls)
    spy = start(kind, *endpoint_options(daemon))
    assert call(spy.at, *calls) == direct
    spy.end()
    how = "under TLS it selects HTTP/2 (by ALPN), and it does not respond in HTTP/1.1"
    assert (how if kind == "tls" else "it speaks HTTP/2 from the first byte, and no HTTP/1.1") in spy.err
    assert "ready: calls in HTTP/2, such as those of gRPC, reach it" in spy.err
    assert SECRET not in (spy.where / "calls.jsonl").read_text()
    assert SECRET not in spy.output
    recorded = list(read(spy.where / "calls.jsonl"))
    assert {(one.request.version, one.end, one.problems) for one in recorded} == {("2", "complete", ())}

    played = start(kind, replays=f"{spy.where}/calls.jsonl")
    again = [status("z"), solve("y", "three"), solve("x", "bad"), status("y"), solve("z", "one"), WORKERS]
    found = call(played.at, *again)
    order = [2, 4, 3, 5, 1, 0]
    assert found["answers"] == [direct["answers"][number] for number in order]
    messages, code, error, trailers = found["answers"][2]
    assert (messages, code, error) == ([], "UNKNOWN", "process did not complete: exit code: 3")
    assert trailers == [["x-step", "RUN false"]]
    assert played.end() == 0, played.err
    assert "cannot be played" not in played.err
    assert "played 6 of 6 recorded calls; every request got a response" in played.err


@pytest.mark.parametrize("kind", ["unix", "tls"])
def test_a_fixture_is_played_without_secrets(
    kind: str, servers: Servers, start: Callable[..., Apispy]
) -> None:
    """It has the messages of all calls, the IDs of builds as placeholders, and of a session the daemon's calls."""
    daemon = servers.by_kind[kind]
    calls = [WORKERS, solve("a", "with-files"), status("a"), solve("b", "bad")]
    spy = start(kind, *endpoint_options(daemon), fixture=True)
    live = call(spy.at, *calls, session=build_id("s"))
    assert live["asked"] == ["/moby.filesync.v1.FileSync/DiffCopy"]
    assert spy.end() == 0, spy.err
    file = spy.where / "calls.json"
    text = file.read_text()
    assert SECRET not in text
    assert not [letter for letter in "abs" if build_id(letter) in text]
    assert text.count('"method": "/moby.filesync.v1.FileSync/DiffCopy"') == 1
    checked = subprocess.run(
        [*apispy_command(), "fixture", "check", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.stdout.strip() == f"{file}: 5 calls, in order", checked.stderr

    played = start(kind, replays=str(file))
    again = [
        status("x"),
        solve("y", "bad", session="t"),
        solve("x", "with-files", session="t"),
        WORKERS,
    ]
    found = call(played.at, *again, session=build_id("t"))
    assert found["answers"] == [live["answers"][number] for number in (2, 3, 1, 0)]
    assert found["asked"] == []
    assert played.end() == 0, played.err
    assert "played 5 of 5 recorded calls; every request got a response" in played.err


def test_a_miss_explains_itself(servers: Servers, start: Callable[..., Apispy]) -> None:
    spy = start("unix", *endpoint_options(servers.by_kind["unix"]))
    call(spy.at, solve("a", "one"), wanted("/my.own.Service/Do", b"abc"))
    spy.end()
    played = start("unix", replays=f"{spy.where}/calls.jsonl")
    found = call(
        played.at,
        solve("x", "another"),
        wanted(f"{CONTROL}Info", b""),
        wanted("/my.own.Service/Do", b"abc"),
        solve("y", "one"),
    )
    changed, unrecorded, withheld, good = found["answers"]
    assert [one[1] for one in (changed, unrecorded, withheld, good)] == [*["UNIMPLEMENTED"] * 3, "OK"]
    # All are called at once: if the last comes first, its generated Ref is taken already, and differs too.
    assert re.search(r"the nearest, #\d, differs: body \$\.(FrontendAttrs\.target|Ref)", changed[2])
    assert "no recorded response for Control/Info" in unrecorded[2]
    assert "record with --show-secrets" in withheld[2]
    assert played.end() == 3
    assert re.search(r"#\d GrpcCall cannot be played: its messages were not all kept", played.err)
    assert re.search(r"miss: Control/Solve POST \S*/Solve: the nearest, #\d, differs", played.err)
    assert "    - one\n" in played.err
    assert "    + another\n" in played.err
    assert "3 requests had no recorded response" in played.err


def test_with_its_bytes_a_method_of_any_service_is_played(
    servers: Servers, start: Callable[..., Apispy]
) -> None:
    spy = start("unix", "--show-secrets", *endpoint_options(servers.by_kind["unix"]))
    one, other = wanted("/my.own.Service/Do", b"abc"), wanted("/my.own.Service/Do", b"xyz")
    call(spy.at, one, other)
    spy.end()
    played = start("unix", replays=f"{spy.where}/calls.jsonl")
    found = call(played.at, other, one, wanted("/my.own.Service/Do", b"new"))
    assert [answer[0] for answer in found["answers"]] == [[b"zyx".hex()], [b"cba".hex()], []]
    assert played.end() == 3


def test_a_call_that_the_client_cancels(servers: Servers, start: Callable[..., Apispy]) -> None:
    """It has what came before, in the record too, and the calls beside it are not disturbed."""
    spy = start("unix", *endpoint_options(servers.by_kind["unix"]))
    calls = [status("f", cancel=1), solve("f", "one")]
    direct = call(servers.by_kind["unix"], *calls)
    assert call(spy.at, *calls) == direct
    assert [answer[1] for answer in direct["answers"]] == ["CANCELLED", "OK"]
    spy.end()
    played = start("unix", replays=f"{spy.where}/calls.jsonl")
    assert call(played.at, status("x", cancel=1), solve("x", "one")) == direct
    assert played.end() == 0, played.err


@pytest.mark.parametrize("secrets", [(), ("--show-secrets",)])
def test_a_session_in_the_messages_of_a_call(
    secrets: tuple[str, ...], servers: Servers, start: Callable[..., Apispy]
) -> None:
    """With its bytes, the played daemon makes the calls of the recorded session, and the build waits for them."""
    spy = start("unix", *secrets, *endpoint_options(servers.by_kind["unix"]))
    live = call(spy.at, solve("a", "with-files"), status("a"), session=build_id("s"))
    assert live["asked"] == ["/moby.filesync.v1.FileSync/DiffCopy"]
    spy.end()
    played = start("unix", replays=f"{spy.where}/calls.jsonl")
    found = call(played.at, status("x"), solve("x", "with-files", session="t"), session=build_id("t"))
    assert found["answers"] == live["answers"][::-1]
    assert found["asked"] == (live["asked"] if secrets else [])
    assert played.end() == 0, played.err
    assert "continues without" not in played.err


def go_call(program: Path, at: Endpoint, *calls: dict[str, Any]) -> list[Any]:
    """Make calls with grpc-go, all at a time: the messages, the status and the error of each."""
    words = [word for one in calls for word in (one["method"], one["message"])]
    command = [str(program), "grpc", at.host, str(at.certs or ""), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_client_in_go(kind: str, go_peer: Path, servers: Servers, start: Callable[..., Apispy]) -> None:
    """It gets what it gets directly, and the same again from what was recorded."""
    daemon = servers.by_kind[kind]
    calls = [WORKERS, solve("a", "one"), status("a"), solve("b", "bad"), wanted(f"{CONTROL}Nothing", b"")]
    direct = go_call(go_peer, daemon, *calls)
    spy = start(kind, *endpoint_options(daemon))
    assert go_call(go_peer, spy.at, *calls) == direct
    spy.end()
    assert "Control/Solve    POST /moby.buildkit.v1.Control/Solve" in spy.out
    assert "build | dockerfile.v0: target one; build arguments TOKEN" in spy.out
    assert "-> 200 OK: follow build progress; 1 step" in spy.out
    played = start(kind, replays=f"{spy.where}/calls.jsonl")
    again = [calls[0], solve("x", "bad"), status("y"), solve("y", "one"), calls[4]]
    found = go_call(go_peer, played.at, *again)
    assert found == [direct[0], direct[3], direct[2], direct[1], direct[4]]
    assert [one[1] for one in found] == ["OK", "Unknown", "OK", "OK", "Unimplemented"]
    assert played.end() == 0, played.err
