"""The printed curl line of every call of a session gives the answer that the call had."""

import base64
import contextlib
import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client
from .daemon import IMAGE, Daemons
from .options import listen_options, upstream_options

# Calls that can be made twice with the same outcome: they read, fail, or change nothing the second time.
SESSION = """
docker version; docker info; docker ps -a --filter name=$P; docker images busybox; docker inspect $P; docker top $P-up
docker image inspect $IMG; docker history $IMG; docker network ls; docker network inspect host; docker system df
docker logs $P; docker logs -f $P; docker diff $P; docker wait $P; docker port $P; docker export $P | tar -t
docker cp $P:/etc - | tar -t; echo x >small; docker cp small $P:/tmp; cp $DATA/10mb big; truncate -s 100000 big
docker cp big $P:/tmp; docker volume create $P; docker volume inspect $P; docker tag $IMG $P:tagged
docker events --since 2000-01-01 --until 2000-01-02; docker rm nosuch-$P; docker kill $P; docker start $P-up
docker create --name $P $IMG true; docker exec $P-up echo; docker stats --no-stream $P-up; docker exec nosuch-$P true
docker rename $P $P-up; docker search --limit 1 x; docker pull 127.0.0.1:1/x; docker login -u a -p b 127.0.0.1:1
"""

TWICE_IS_OTHERWISE = {"ContainerExec": "id", "ExecStart": "has already run"}
"""Calls whose second answer differs by nature: a new id; an exec runs once."""

NOTED_LATER = re.compile(rb'"(Running|ExitCode|Pid|CanRemove)": ?[^,}]*')
"""What the daemon may set after the end of an exec's stream, when its client already inspects it."""


def plain(operation: str, data: bytes) -> str:
    """Without what differs from one moment to the next."""
    data = NOTED_LATER.sub(rb'"\1":0', data) if operation == "ExecInspect" else data
    text = data.decode(errors="backslashreplace").replace("\r", "")
    text = re.sub(r"((Less than|About) an?|\d+) (second|minute|hour)s?", "<span>", text)
    text = re.sub(r"(?m)^(Date|X-Docker-Container-Path-Stat): .*\n", "", text)
    if text.startswith(("{", "[")):
        with contextlib.suppress(ValueError):
            text = json.dumps(json.loads(text))
            text = "\n".join(sorted(re.split(r"[][{}, ]+", text)))  # the daemon gives lists in any order
    return re.sub(r"\d+(\.\d+)?", "<n>", text)


def content(call: dict[str, Any]) -> bytes:
    """What came back, as bytes."""
    stream = call["tunnel"]["to_client"] if call["tunnel"] else call["response"]
    match stream["encoding"]:
        case "base64":
            data = base64.b64decode(stream["body"])
            return (
                gzip.decompress(data) if ["Content-Encoding", "gzip"] in stream.get("headers", []) else data
            )
        case "json":
            return json.dumps(stream["body"]).encode()
    return (stream["body"] or "").encode()


def head(call: dict[str, Any]) -> bytes:
    """What `curl --head` prints."""
    fields = "".join(f"{name}: {value}\n" for name, value in call["response"]["headers"])
    return f"HTTP/1.1 {call['status']} {call['reason']}\n{fields}\n".encode()


def first_difference(one: str, other: str) -> str:
    """A few words around the place where the two begin to differ."""
    at = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return f"{one[max(0, at - 60) : at + 60]!r} was the answer, now {other[max(0, at - 60) : at + 60]!r}; "


@pytest.mark.parametrize(("way", "kind"), [("direct", "tls"), ("via", "unix")])
def test_every_printed_line_gives_the_same_answer(
    way: str, kind: str, place: Path, data: Path, daemons: Daemons
) -> None:
    where = place / f"curl-{way}-{kind}"
    bodies = where / "bodies"
    words = [
        "--json",
        "-vv",
        f"--curl={way}",
        "--bodies",
        f"{bodies}",
        "--body-limit",
        "20M",
        "--show-secrets",
    ]
    spy = Apispy.start(where, *listen_options(kind, where), *upstream_options(kind, daemons), *words)
    daemon = daemons.tls if kind == "tls" else daemons.plain
    client = Client(spy.at, daemon, CLIS[max(CLIS)], f"zqcurl{way}", where / "c", data)
    name = client.prefix
    daemon.docker("run", "--name", name, "--network", "none", IMAGE, "sh", "-c", "echo out; echo err >&2")
    daemon.docker("run", "-d", "--name", f"{name}-up", "--network", "none", IMAGE, "sleep", "100")
    try:
        before = Client(daemon.unix, daemon, client.docker, name, where / "before", data)
        before.sh(SESSION)  # what it changes is changed then, for the session and the repetition alike
        client.sh(SESSION)
        seen = [json.loads(line) for line in spy.out.splitlines()]
        different = {}
        repeated = 0
        for call in seen:
            if call["operation"] in TWICE_IS_OTHERWISE:
                continue
            done = subprocess.run(["sh", "-c", call["curl"]], capture_output=True, timeout=30, check=False)
            repeated += 1
            answer = head(call) if call["method"] == "HEAD" else content(call)
            was, now = (plain(call["operation"], data) for data in (answer, done.stdout))
            if done.returncode or was != now:
                different[call["curl"]] = first_difference(was, now) + str(done.stderr)
        assert not different, json.dumps(different, indent=1)
        assert repeated > 40
        assert {call["operation"] for call in seen} >= {
            "PutContainerArchive",
            "ContainerArchive",
            "ContainerLogs",
        }
    finally:
        spy.kill()
        daemon.docker("rm", "-f", name, f"{name}-up")
