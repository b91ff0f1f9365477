"""`--capture FILE`: what is kept of a real session is shown as it was live, and no disk disturbs the client."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from apispy.capture import Header, read, read_lines

from .clients import Client
from .daemon import Daemons
from .lab import CLIS
from .spy import Spy, apispy_command
from .waiting import until

NUMBERS = count()

SESSION = """
docker run --name $N-a -d $IMG sh -c 'for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.1; done'
docker logs -f $N-a & docker events --since 0s --until 3s > events.out &
docker exec $N-a sh -c 'echo in exec; echo err >&2'
echo typed | docker exec -i $N-a cat
mkdir -p ctx; head -c 3000000 /dev/zero > ctx/zeros; printf 'FROM busybox:test\\nCOPY zeros /\\n' > ctx/Dockerfile
DOCKER_BUILDKIT=0 docker build -q -t $N ctx || true
docker cp ctx/zeros $N-a:/tmp/ || true
docker inspect nosuch-$N
docker login -u ann -p hunter2-planted 127.0.0.1:1
docker wait $N-a
wait
docker rm -f $N-a
"""


@pytest.fixture
def where(place: Path) -> Path:
    return place / f"capture-{next(NUMBERS)}"


@pytest.fixture
def client(place: Path, data: Path, daemons: Daemons) -> Client:
    number = next(NUMBERS)
    made = Client(daemons.plain.unix, daemons.plain, CLIS[max(CLIS)], f"zqcap{number}", place / f"cc{number}", data)
    script = made.where / "bin/apispy"
    script.write_text(f'#!/bin/sh\nexec {" ".join(apispy_command())} "$@"\n')
    script.chmod(0o755)
    return made


@pytest.fixture
def started() -> Iterator[list[Spy]]:
    spies: list[Spy] = []
    yield spies
    for spy in spies:
        spy.kill()


def spying(where: Path, daemons: Daemons, started: list[Spy], *words: str) -> Spy:
    listen = ["--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host]
    started.append(Spy.start(where, *listen, *words))
    return started[-1]


def through(client: Client, spy: Spy) -> Client:
    client.env["DOCKER_HOST"] = spy.at.host
    return client


def show(*words: object) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*apispy_command(), "show", *map(str, words)], capture_output=True, timeout=60)
    assert b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("name", "views"),
    [("a.jsonl", ["-vvv"]), ("a.jsonl.gz", ["--json", "-vv"]), ("a.jsonl.zst", []), ("a", ["-vv"]), ("b", ["-v"])],
)
def test_shown_later_as_live(
    name: str, views: list[str], where: Path, client: Client, daemons: Daemons, started: list[Spy]
) -> None:
    spy = spying(where, daemons, started, "--capture", str(where / name), *views)
    through(client, spy).sh(SESSION)
    assert spy.end() == 0, spy.err
    shown = show(*views, where / name)
    assert shown.stderr == b""
    assert shown.stdout.decode() == spy.out
    assert "hunter2" not in shown.stdout.decode()
    operations = shown.stdout.decode()
    for operation in ("ContainerLogs", "ExecStart", "ImageBuild", "PutContainerArchive", "SystemEvents"):
        assert operation in operations
