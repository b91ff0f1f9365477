"""The calls that tests of what captures teach share: samples of the field's programs, and two hand-made sessions."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from sessions import WEB, Wire, frame

from apispy.app.decoded_calls import read_files
from apispy.learn import NameRegistry
from apispy.outputs import DecodedCall
from apispy.pipeline import read
from apispy.tap import Closed

SAMPLES = Path(__file__).parents[2] / "samples"

JOB = "77aa88bb99cc" + "1" * 52


def watcher(wire: Wire) -> None:
    """A reverse proxy that watches containers, as Traefik does: version, list, inspect each, then events"""
    main = wire.connect()
    main.ask("GET /v1.24/version")
    main.answer("200 OK", {"Version": "28.5.2", "ApiVersion": "1.51"})
    main.ask("GET /v1.24/containers/json")
    main.answer("200 OK", [{"Id": WEB, "Names": ["/web"], "Image": "busybox", "State": "running"}])
    main.ask(f"GET /v1.24/containers/{WEB}/json")
    main.answer("200 OK", {"Id": WEB, "Name": "/web", "State": {"Status": "running", "Running": True}})
    events = wire.connect()
    events.ask("GET /v1.24/events?filters=%7B%22type%22%3A%7B%22container%22%3Atrue%7D%7D")
    events.stream(headers="Content-Type: application/json\r\n")
    for action in ("start", "die"):
        wire.wait(1)
        actor = {"ID": JOB, "Attributes": {"name": "job", "image": "busybox"}}
        events.chunk({"Type": "container", "Action": action, "Actor": actor, "time": 1_700_000_000})
        main.ask(f"GET /v1.24/containers/{JOB}/json")
        main.answer("404 Not Found", {"message": f"No such container: {JOB}"})
    events.client_eof()
    events.lost()


def runner(wire: Wire) -> None:
    """A CI runner: pull, network, volume, a privileged service, a job with the daemon's socket, and all removed but the
    volume"""
    main = wire.connect()
    main.ask("POST /v1.44/images/create?fromImage=ghcr.io%2Facme%2Fbuild&tag=1")
    main.stream(headers="Content-Type: application/json\r\n")
    main.chunk({"status": "Status: Downloaded newer image for ghcr.io/acme/build:1"})
    main.last_chunk()
    main.ask("POST /v1.44/networks/create", {"Name": "job-net", "Driver": "bridge"})
    main.answer("201 Created", {"Id": "ab" * 32, "Warning": ""})
    main.ask("POST /v1.44/volumes/create", {"Name": "job-cache", "Driver": "local"})
    main.answer("201 Created", {"Name": "job-cache", "Driver": "local", "Mountpoint": "/v", "Scope": "local"})
    service = {"Image": "docker:dind", "HostConfig": {"Privileged": True, "NetworkMode": "job-net"}}
    main.ask("POST /v1.44/containers/create?name=job-service", service)
    main.answer("201 Created", {"Id": WEB, "Warnings": []})
    main.ask(f"POST /v1.44/containers/{WEB}/start")
    main.answer("204 No Content")
    host = {
        "Binds": ["/var/run/docker.sock:/var/run/docker.sock", "job-cache:/cache"],
        "NetworkMode": "job-net",
    }
    job = {
        "Image": "ghcr.io/acme/build:1",
        "Cmd": ["make", "test"],
        "Env": ["TOKEN=hunter2-env"],
        "HostConfig": host,
    }
    main.ask("POST /v1.44/containers/create?name=job", job)
    main.answer("201 Created", {"Id": JOB, "Warnings": []})
    attach = wire.connect()
    attach.hijack(f"POST /v1.44/containers/{JOB}/attach?stderr=1&stdin=1&stdout=1&stream=1")
    main.ask(f"POST /v1.44/containers/{JOB}/start")
    main.answer("204 No Content")
    waiting = wire.connect()
    waiting.ask(f"POST /v1.44/containers/{JOB}/wait?condition=not-running")
    waiting.stream()
    wire.wait(4)
    attach.client_eof()
    attach.server(frame(2, b"make: *** [test] Error 2\n"))
    attach.server_eof()
    waiting.chunk({"StatusCode": 2})
    waiting.last_chunk()
    for container in (JOB, WEB):
        main.ask(f"DELETE /v1.44/containers/{container}?force=1&v=1")
        main.answer("204 No Content")
    main.ask(f"DELETE /v1.44/networks/{'ab' * 32}")
    main.answer("204 No Content")


FILES = {
    "run": "run.jsonl",
    "compose2": "compose2.jsonl",
    "buildx": "buildx.jsonl",
    "docker-py": "docker-py.cassette.yaml",
}
HAND_MADE: dict[str, Callable[[Wire], None]] = {"watcher": watcher, "runner": runner}
NAMES = (*FILES, *HAND_MADE)


@cache
def learned_calls(name: str) -> tuple[DecodedCall, ...]:
    """The calls of a sample or session, in the order in which they ended."""
    if name in FILES:
        return tuple(decoded for decoded, _ in read_files((SAMPLES / FILES[name],)))
    wire, names = Wire(), NameRegistry()
    HAND_MADE[name](wire)
    return tuple(
        read(event.exchange, names, notes="off") for event in wire.events if isinstance(event, Closed)
    )
