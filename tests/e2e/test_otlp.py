"""`--otlp` with a real daemon: what OpenTelemetry's own classes receive of a run, a Compose project and a build, span
by span.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from apispy.app.decoded_calls import decode_file
from tests.golden.exported import exported
from tests.laws.otlp_reader import attributes_of, spans_of
from tests.otlp_receiver import Received, Receiver, grpc_receiver, http_receiver

from .apispy_process import Apispy, apispy_command
from .battery_runner import CLIS
from .clients import Client, packaged_cli
from .conftest import unavailable
from .daemon import Daemons, free_port
from .row import ENGINE, MODERN

SECRET = "zqhunter2secret"
TRANSPORTS = {"http": http_receiver, "grpc": grpc_receiver}

legacy = pytest.mark.skipif(ENGINE == MODERN, reason="this machine's own clients")
modern = pytest.mark.skipif(ENGINE != MODERN, reason="the modern engine's clients")


def docker() -> Path:
    return CLIS[MODERN if ENGINE == MODERN else packaged_cli(CLIS)]


@dataclass
class Session:
    """What clients did, and what arrived of it."""

    client: Client
    spy: Apispy
    receiver: Receiver
    capture: Path

    def end(self) -> "Session":
        """End apispy, which sends the rest."""
        assert self.spy.end() == 0, self.spy.err
        assert "otlp" not in self.spy.err.partition("apispy: ready")[2], self.spy.err
        return self

    @property
    def calls(self) -> dict[str, list[Received]]:
        """The spans of calls by operation, in the order of their ends."""
        found: dict[str, list[Received]] = {}
        for one in sorted(self.receiver.spans, key=lambda one: one.span.end_time_unix_nano):
            if operation := one.attributes.get("docker.operation"):
                found.setdefault(operation, []).append(one)
        return found

    def only(self, operation: str) -> Received:
        [found] = self.calls[operation]
        return found

    def by_id(self, span: bytes) -> Received:
        [found] = [one for one in self.receiver.spans if one.span.span_id == span]
        return found

    @property
    def links(self) -> set[tuple[str, str]]:
        """The pairs (cause, effect) of linked calls, by their operations."""
        found = set()
        for one in self.receiver.spans:
            for link in one.span.links:
                role = attributes_of(link)["docker.link"]
                names = [
                    each.attributes.get("docker.operation", "") for each in (self.by_id(link.span_id), one)
                ]
                if role != "tunnel":
                    found.add((names[0], names[1]) if role == "cause" else (names[1], names[0]))
        return found

    def check(self) -> None:
        """Check that all calls have arrived, each once: the spans that the capture's export has. No secret has.

        Repeats of a call are sent together, so those of clients that take turns come in another order.
        """
        file = spans_of(exported("otlp-json", decode_file(self.capture, notes="on")))
        assert file
        by_id = attrgetter("span_id")
        assert sorted((one.span for one in self.receiver.spans), key=by_id) == sorted(file, key=by_id)
        calls = sum(len(found) for found in self.calls.values())
        assert self.receiver.count("apispy.calls") == calls
        assert SECRET not in str(file)


@pytest.fixture
def session(request: pytest.FixtureRequest, place: Path, daemons: Daemons) -> Iterator[Callable[[str], Any]]:
    @contextmanager
    def begin(transport: str) -> Iterator[Session]:
        where = place / f"otlp{abs(hash(request.node.name)) % 10**6}"
        with TRANSPORTS[transport]() as receiver:
            listen = ["--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host]
            otlp = [
                "--otlp",
                f"{transport}://127.0.0.1:{receiver.port}",
                "-q",
                "--capture",
                f"{where}/calls.jsonl",
            ]
            spy = Apispy.start(where, *listen, *otlp)
            try:
                client = Client(spy.at, daemons.plain, docker(), f"zq{where.name}", where / "c", where / "c")
                yield Session(client, spy, receiver, where / "calls.jsonl")
            finally:
                spy.kill()

    return begin


def test_a_run(session: Callable[[str], Any]) -> None:
    with session("http") as made:
        done = made.client.sh(
            "docker run --name $P $N -e PASSWORD=zqhunter2secret $IMG echo hi; docker inspect -f '{{.Id}}' $P; docker rm nothing"
        )
        made.end()
    identity = done.out.decode().split()[1][:12]
    create, start = made.only("ContainerCreate"), made.only("ContainerStart")
    attach, wait = made.only("ContainerAttach"), made.only("ContainerWait")
    assert create.resource["service.name"] == "docker"
    assert create.resource["process.pid"] > 1
    assert create.span.name == "POST /containers/create"
    assert (
        create.attributes.items()
        >= {
            "http.request.method": "POST",
            "http.response.status_code": 201,
            "network.transport": "unix",
            "container.id": identity,
            "container.name": made.client.prefix,
            "container.image.name": made.client.env["IMG"].partition(":")[0],
        }.items()
    )
    assert create.attributes["docker.redactions"]
    assert made.links >= {
        ("ContainerCreate", "ContainerStart"),
        ("ContainerStart", "ContainerAttach"),
        ("ContainerStart", "ContainerWait"),
    }
    assert len({one.span.trace_id for one in (create, start, attach, wait)}) == 1
    assert [event.name for event in attach.span.events] == ["stdout"]
    assert attributes_of(attach.span.events[0])["docker.stream.size"] == 3
    failed = made.only("ContainerDelete")
    assert failed.span.status.code == Status.STATUS_CODE_ERROR
    assert "nothing" in failed.span.status.message
    assert failed.attributes["error.type"] == "404"
    assert not any(one.span.parent_span_id for one in made.receiver.spans)  # the docker CLI says no context
    receiver = made.receiver
    assert receiver.count("apispy.calls", operation="ContainerCreate", status="2xx", client="docker") == 1
    assert receiver.count("apispy.call.errors", operation="ContainerDelete") == 1
    assert receiver.metrics_resource["service.name"] == "apispy"
    made.check()


PROJECT = """cat >docker-compose.yml <<'END'
version: "2.4"
services:
  a: {image: $IMG, network_mode: none, command: echo from-a, environment: {PASSWORD: zqhunter2secret}}
  b: {image: $IMG, network_mode: none, command: echo from-b}
END
sed -i "s#\\$IMG#$IMG#" docker-compose.yml
"""


@legacy
def test_a_compose_project_of_version_1(session: Callable[[str], Any]) -> None:
    if not shutil.which("docker-compose"):
        unavailable("needs docker-compose; on Debian: apt-get install docker-compose")
    with session("http") as made:
        done = made.client.sh(
            f"{PROJECT} docker-compose --no-ansi -p $P up; docker-compose --no-ansi -p $P down -t 0"
        )
        assert b"from-a" in done.out, done
        made.end()
    creates = made.calls["ContainerCreate"]
    assert sorted(one.attributes["container.name"] for one in creates) == [
        f"{made.client.prefix}_{name}_1" for name in "ab"
    ]
    assert len(made.calls["ContainerStart"]) == 2
    assert {one.attributes["container.id"] for one in made.calls["ContainerStart"]} == {
        one.attributes["container.id"] for one in creates
    }
    assert ("ContainerCreate", "ContainerStart") in made.links
    up = {one.span.trace_id for one in creates}
    assert len(up) == 1  # one process, one trace
    assert not up & {one.span.trace_id for one in made.calls["ContainerDelete"]}  # `down` is another one
    made.check()


@modern
def test_a_compose_project(session: Callable[[str], Any]) -> None:
    with session("grpc") as made:
        done = made.client.sh(f"{PROJECT} docker compose -p $P up; docker compose -p $P down -t 0")
        assert b"from-a" in done.out, done
        made.end()
    by_compose = [
        one for one in made.receiver.spans if "compose" in one.attributes.get("user_agent.original", "")
    ]
    assert len(by_compose) > 10
    assert all(one.span.parent_span_id and one.span.flags & 0x300 == 0x300 for one in by_compose)
    assert len({one.span.trace_id for one in by_compose}) < len(by_compose)
    assert len(made.calls["ContainerCreate"]) == len(made.calls["ContainerStart"]) == 2
    assert ("ContainerCreate", "ContainerStart") in made.links
    assert made.receiver.count("apispy.calls", operation="ContainerCreate", client="docker-compose") == 2
    made.check()


DOCKERFILE = """mkdir context; cat >context/Dockerfile <<END
FROM $IMG
ARG TOKEN
COPY file /file
RUN echo built
END
echo content >context/file
"""


@legacy
def test_a_build_without_buildx(session: Callable[[str], Any]) -> None:
    with session("grpc") as made:
        done = made.client.sh(
            f"{DOCKERFILE} docker build -q --network none --build-arg TOKEN=zqhunter2secret -t $P context;"
            "DOCKER_BUILDKIT=1 docker build -q --network none -t $P context; docker rmi $P"
        )
        assert done.code == 0, done
        made.end()
    [plain, buildkit] = made.calls["ImageBuild"]
    assert plain.attributes["http.request.body.size"] > 0
    assert plain.span.events
    assert made.links == {("Session", "ImageBuild")}
    opened = made.only("Session")
    assert opened.span.trace_id == buildkit.span.trace_id
    served = [one for one in made.receiver.spans if one.span.parent_span_id == opened.span.span_id]
    assert "moby.filesync.v1.FileSync/DiffCopy" in {one.attributes["rpc.method"] for one in served}
    assert all(one.span.kind == Span.SPAN_KIND_SERVER for one in served)
    made.check()


@modern
def test_a_build_with_buildx(session: Callable[[str], Any]) -> None:
    with session("http") as made:
        done = made.client.sh(
            f"{DOCKERFILE} docker build --network none --build-arg TOKEN=zqhunter2secret -t $P context; docker rmi $P"
        )
        assert done.code == 0, done
        made.end()
    calls = [one for one in made.receiver.spans if one.attributes.get("rpc.system.name") == "grpc"]
    [solve] = {one.span.trace_id for one in calls if one.attributes["rpc.method"].endswith("Control/Solve")}
    copies = {
        one.span.span_id: one.span
        for one in made.receiver.spans
        if one.attributes.get("docker.span.origin") == "client"
    }
    assert copies
    assert solve in {one.trace_id for one in copies.values()}
    tied = [one for one in calls if one.span.parent_span_id in copies]
    assert {"moby.buildkit.v1.Control/Solve", "moby.buildkit.v1.Control/Status"} <= {
        one.attributes["rpc.method"] for one in tied
    }
    tunnels = [*made.calls["Grpc"], *made.calls["Session"]]
    assert {
        one.span.trace_id for one in tunnels if one.attributes["docker.tunnel.to_server.size"] > 1000
    } == {solve}
    assert ("Session", "Grpc") in made.links
    pings = [one for one in made.calls["SystemPingHead"] if one.span.trace_id == solve]
    assert pings
    assert all(one.span.parent_span_id in copies for one in pings)
    made.check()


@legacy
def test_a_receiver_that_is_not_there(place: Path, daemons: Daemons) -> None:
    where = place / "otlpnone"
    where.mkdir()
    words = [
        "run",
        "--otlp",
        f"http://127.0.0.1:{free_port()}",
        "--upstream",
        daemons.plain.unix.host,
        "-q",
        "--",
    ]
    done = subprocess.run(
        [*apispy_command(), *words, str(docker()), "version", "-f", "{{.Server.Os}}"],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"HOME": str(where)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "linux\n")
    assert " cannot " not in done.stderr
    assert done.stderr.count("nothing can be sent to http://127.0.0.1:") == 1
    assert "spans were not sent, because the receiver was not reached\n" in done.stderr
