"""Each listener with each upstream: one thorough command through every pair that the battery has not had."""

import os
import shlex
import signal
from pathlib import Path

import pytest

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client, Result
from .daemon import Daemons
from .normalize import normalize
from .options import listen_options, upstream_options

# stdin with its end, 2 MB of it and back, late output, both streams in order, an exit code
SCRIPT = """
echo x | rc docker run --rm -i $N $IMG sh -c 'cat; sleep 0.7; echo late; usleep 50000; echo err >&2; exit 4' 2>&1
head -c 2000000 $DATA/10mb | docker run --rm -i $N $IMG cat | md5sum
rc docker logs nosuch
"""

LISTENERS = ["unix", "tcp", "tls"]
UPSTREAMS = ["unix", "tcp", "tls", "ssh"]
IN_THE_BATTERY = {("unix", "unix"), ("tcp", "tcp"), ("tls", "tls")}
PAIRS = [(a, b) for a in LISTENERS for b in UPSTREAMS if (a, b) not in IN_THE_BATTERY]


@pytest.fixture(scope="session")
def ssh(place: Path, daemons: Daemons) -> dict[str, str]:
    """A PATH whose `ssh` runs the remote command here: the docker CLI's own dial-stdio, as on a real host."""
    binaries = place / "fake-ssh"
    binaries.mkdir()
    docker = shlex.quote(str(CLIS[max(CLIS)]))
    (binaries / "ssh").write_text(
        f'#!/bin/sh\necho "$@" >>{binaries}/calls\nwhile [ $1 != -- ]; do shift; done\n'
        f"[ \"$2 $3 $4 $5\" = 'far.test docker system dial-stdio' ] || exit 255\n"
        f"DOCKER_HOST={daemons.plain.unix.host} exec {docker} system dial-stdio\n"
    )
    (binaries / "ssh").chmod(0o755)
    return {"PATH": f"{binaries}:{os.environ['PATH']}"}


@pytest.fixture(scope="session")
def direct(place: Path, daemons: Daemons, data: Path) -> str:
    return outcome(Client(daemons.plain.unix, daemons.plain, CLIS[max(CLIS)], "zqpairsd", place / "pd", data))


def outcome(client: Client) -> str:
    result: Result = client.sh(SCRIPT)
    return f"{normalize(client, result.out)}--- {result.code}\n{normalize(client, result.err)}"


@pytest.mark.parametrize("pair", PAIRS, ids="-to-".join)
def test_pair(
    pair: tuple[str, str], place: Path, data: Path, daemons: Daemons, direct: str, ssh: dict[str, str]
) -> None:
    where = place / "-".join(pair)
    spy = Apispy.start(where, *listen_options(pair[0], where), *upstream_options(pair[1], daemons), env=ssh)
    try:
        daemon = daemons.tls if pair[1] == "tls" else daemons.plain
        client = Client(spy.at, daemon, CLIS[max(CLIS)], "zqpairss", where / "c", data)
        assert "x\nlate\nerr\nrc=4\n" in direct
        assert outcome(client) == direct
        assert spy.end(signal.SIGTERM, timeout=2) == 0
    finally:
        spy.kill()


def test_without_an_upstream_it_dials_what_the_docker_cli_would(place: Path, daemons: Daemons) -> None:
    """DOCKER_HOST and its TLS variables, as they would be for `docker`."""
    where = place / "by-environment"
    spy = Apispy.start(where, *listen_options("unix", where), env=daemons.tls_tcp.env())
    try:
        with spy.at.wire() as wire:
            wire.send(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
            assert wire.read_response().endswith(b"\r\n\r\nOK")
    finally:
        assert spy.end() == 0
