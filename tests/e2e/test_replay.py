"""apispy replay with real clients: over every transport, alone and beside a daemon, and free of mitmproxy."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .apispy_process import STANDIN, Apispy, apispy_command
from .battery_runner import BUILDKIT_CLI, CLIS
from .clients import Client
from .conftest import unavailable
from .daemon import Daemons
from .endpoints import Endpoint

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")

RUN = "echo x | docker run --rm -i $N $IMG sh -c 'cat; sleep 0.3; echo late; echo err >&2; exit 4'"
CLI = CLIS[max(CLIS)] if CLIS else None


@pytest.fixture(scope="module")
def recorded(place: Path, daemons: Daemons) -> Path:
    """A capture of RUN."""
    where = place / "replayed"
    file = place / "replayed.jsonl"
    listen, upstream = f"unix://{where}/s", daemons.plain.unix.host
    spy = Apispy.start(where, "--listen", listen, "--upstream", upstream, "--capture", str(file))
    try:
        client = Client(spy.at, daemons.plain, CLI, "zqreplay", where / "c", where)
        assert client.sh(RUN).out == b"x\nlate\n"
        assert spy.end() == 0
    finally:
        spy.kill()
    return file


LISTEN = {
    "unix": ["--listen", "unix://{}/s"],
    "tcp": ["--listen", "127.0.0.1:0", "--listen-plaintext"],
    "mtls": ["--listen", "127.0.0.1:0", "--certs-dir", "{}/certs"],
}


@pytest.mark.parametrize("transport", LISTEN)
@pytest.mark.parametrize("speed", ["fast", "real"])
def test_every_transport(transport: str, speed: str, recorded: Path, place: Path, daemons: Daemons) -> None:
    where = place / f"rt-{transport}-{speed}"
    words = [word.format(where) for word in LISTEN[transport]]
    replay = Apispy.start(where, "replay", str(recorded), *words, "--speed", speed)
    try:
        client = Client(replay.at, daemons.plain, CLI, "zqreplay", where / "c", where)
        began = time.monotonic()
        result = client.sh(RUN)
        took = time.monotonic() - began
        assert (result.out, result.err, result.code) == (b"x\nlate\n", b"err\n", 4)
        assert took > 0.3 or speed == "fast"
        assert replay.end() == 0, replay.output
    finally:
        replay.kill()
    assert "replay: played 5 of 5 recorded calls; every request got a response" in replay.err


def test_a_client_without_a_certificate_is_refused(recorded: Path, place: Path) -> None:
    where = place / "rt-refused"
    words = [word.format(where) for word in LISTEN["mtls"]]
    replay = Apispy.start(where, "replay", str(recorded), *words)
    try:
        with socket.create_connection(replay.at.address, timeout=10) as sock:
            sock.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
            assert sock.recv(1000).startswith(b"HTTP/1.0 400 Bad Request")  # as dockerd
        replay.end()
    finally:
        replay.kill()
    assert "refused 127.0.0.1:" in replay.err


def replayed(
    recorded: Path, place: Path, *words: str, script: str, env: dict[str, str]
) -> subprocess.CompletedProcess[bytes]:
    home = place / "home"
    home.mkdir(exist_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")} | {"HOME": str(home)} | env
    line = [*apispy_command(), "replay", str(recorded), *words, "--", "sh", "-c", script]
    return subprocess.run(line, capture_output=True, timeout=60, env=clean, check=False)


ENV = {"N": "--network none", "IMG": "busybox:test"}


def test_a_command_of_its_own_and_the_exit_codes(recorded: Path, place: Path) -> None:
    good = replayed(recorded, place, "-q", script=RUN, env=ENV)
    assert (good.returncode, good.stdout) == (4, b"x\nlate\n"), good.stderr
    other = replayed(recorded, place, "-q", script=RUN.replace("echo x", "echo y"), env=ENV)
    assert b"stdin differs at byte 0: recorded 'x\\n', sent 'y\\n'" in other.stderr
    missed = replayed(recorded, place, "-q", script="docker ps; true", env=ENV)
    assert missed.returncode == 3
    assert b"apispy replay: no recorded response for ContainerList GET /v1." in missed.stderr
    assert b"no such call was recorded" in missed.stderr


BUILD = """export DOCKER_BUILDKIT=1; printf 'FROM %s\\nCOPY f /f\\nRUN --mount=type=secret,id=s md5sum </run/secrets/s' $IMG >Dockerfile
echo hello >f; printf s3cret >s; docker build $N --no-cache --progress plain --secret id=s,src=s -t zq:built ."""


def test_of_buildkits_builds_the_outcome_is_played(place: Path, daemons: Daemons) -> None:
    """What went through the session is secret, and not kept."""
    if BUILDKIT_CLI not in CLIS:
        unavailable("no docker CLI 20 on this machine")
    where, file = place / "rt-build", place / "built.jsonl"
    words = ["--listen", f"unix://{where}/s", "--upstream", daemons.plain.unix.host, "--capture", str(file)]
    spy = Apispy.start(where, *words)
    try:
        first = Client(spy.at, daemons.plain, CLIS[BUILDKIT_CLI], "zqbuilt", where / "c", where).sh(BUILD)
        assert first.code == 0, first.err
        spy.end()
    finally:
        spy.kill()
    daemons.plain.docker("rmi", "-f", "zq:built")
    where = place / "rt-built"
    replay = Apispy.start(where, "replay", "-q", str(file), "--listen", f"unix://{where}/s")
    try:
        again = Client(replay.at, daemons.plain, CLIS[BUILDKIT_CLI], "zqbuilt", where / "c", where).sh(BUILD)
        assert again.code == 0, again.err
        assert replay.end() == 0, replay.output
    finally:
        replay.kill()
    digest = hashlib.md5(b"s3cret").hexdigest().encode()
    assert digest in first.err
    assert digest in again.err


def test_what_is_missing_is_asked_of_the_daemon_and_recorded(
    recorded: Path, place: Path, daemons: Daemons
) -> None:
    new = place / "spied.jsonl"
    words = ["-q", "--on-miss", "forward", "--upstream", daemons.plain.unix.host, "-o", str(new)]
    script = "docker run --rm -i $N $IMG sh -c 'cat; echo new' <<END\nhello\nEND\n"
    spied = replayed(recorded, place, *words, script=script, env=ENV)
    assert (spied.returncode, spied.stdout) == (0, b"hello\nnew\n"), spied.stderr
    assert b"forwarded to the daemon: 4 requests without a recorded response" in spied.stderr
    assert len(new.read_text().splitlines()) == 5  # a header, and what was not answered from the record
    again = replayed(recorded, place, str(new), "-q", script=script, env=ENV)
    assert (again.returncode, again.stdout) == (0, b"hello\nnew\n"), again.stderr


def test_json_and_notices_go_where_they_belong(recorded: Path, place: Path) -> None:
    where = place / "rt-json"
    replay = Apispy.start(where, "replay", str(recorded), "--listen", f"unix://{where}/s", "--json")
    try:
        assert Endpoint(replay.at.host).is_unix
        with replay.at.wire() as wire:
            wire.send(b"HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
            assert b"200 OK" in wire.read_until(b"\r\n\r\n")
        replay.end()
    finally:
        replay.kill()
    [call] = [json.loads(line) for line in replay.out.splitlines()]
    assert call["operation"] == "SystemPingHead"


# --- what it imports

BLOCK = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('mitmproxy', 'mitmproxy_rs', 'OpenSSL', 'cryptography', 'scapy'):
            raise ImportError(f'{name} is imported')
sys.meta_path.insert(0, Blocked())
sys.argv = ['apispy', *sys.argv[1:]]
from apispy.cli import main
main()
"""


def test_no_mitmproxy_and_no_cryptography(recorded: Path, place: Path) -> None:
    line = [sys.executable, "-c", BLOCK, "replay", "-q", str(recorded), "--", "sh", "-c", RUN]
    done = subprocess.run(line, capture_output=True, timeout=60, env=os.environ | ENV, check=False)
    assert (done.returncode, done.stdout) == (4, b"x\nlate\n"), done.stderr
