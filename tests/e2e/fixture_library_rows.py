"""The sessions of the fixture library (`apispy fixture list`): how they are prepared, and what is typed."""

from collections.abc import Callable
from dataclasses import dataclass, field

import docker

from .make_samples import COMPOSE, CONTEXT, WEB

ENGINES = {"20.10": "", "26": "trixie", "28": "sid"}
"""Engines by version: the Debian whose packages have it, empty for those of this machine (Debian 12)."""

REGISTRY = "127.0.0.1:5000"  # constant, because the fixtures contain it

HEALTH = """docker run -d --name web $N --health-cmd true --health-interval 1s $IMG sleep 60
until [ "$(docker inspect -f '{{.State.Health.Status}}' web)" = healthy ]; do sleep 0.5; done
docker inspect -f '{{len .State.Health.Log}}' web; docker rm -f web"""

SERVICE = """docker service create -q -d --name web --network host --no-resolve-image $IMG sleep 60
docker service ls --format '{{.Name}} {{.Mode}} {{.Image}}'; docker service inspect -f '{{.Spec.Name}}' web
docker service rm web"""
SWARM = "docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:$FREE_PORT"

COMPOSE_2 = """cat >compose.yaml <<'END'
services:
  web: {image: "busybox:test", command: sleep 60, network_mode: none}
END
dc() { docker compose --progress plain -p demo "$@"; }
dc up -d; dc ps --format '{{.Name}} {{.State}}'; dc down -t 0"""

TALK = "docker run --name talker $N $IMG sh -c 'echo line 1; echo err 1 >&2; echo line 2'"
PUSHED = f"""mkdir layer; cp /bin/busybox layer; head -c 3000000 /dev/urandom >layer/data
tar -C layer -c . | docker import - {REGISTRY}/app:1.0; docker push {REGISTRY}/app:1.0; docker rmi {REGISTRY}/app:1.0"""
"""An image whose layer the daemon does not have any more: it has to be downloaded."""


def follow_events(address: str) -> str:
    """Run a container with docker-py, and return the actions of its events until it dies."""
    api = docker.APIClient(base_url=address, version="auto")
    try:
        events = api.events(filters={"type": "container"}, decode=True)
        host = api.create_host_config(network_mode="none")
        made = api.create_container("busybox:test", ["true"], name="job", host_config=host)["Id"]
        api.start(made)
        actions = []
        for event in events:
            actions.append(event["Action"])
            if event["Action"] == "die":
                break
        events.close()
        api.remove_container(made)
        return " ".join(actions) + "\n"
    finally:
        api.close()


@dataclass(frozen=True)
class LibraryRow:
    """A fixture: ``before`` is typed directly, ``script`` through apispy; ``shown`` is in the output.

    ``tools``: engines whose own client programs are used instead of those of this machine (buildx, Compose v2).
    """

    name: str
    script: str | Callable[[str], str]
    shown: str
    before: str = ""
    engines: tuple[str, ...] = tuple(ENGINES)
    tools: tuple[str, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)  # by engine, where another is typed

    def typed(self, engine: str) -> str | Callable[[str], str]:
        return self.scripts.get(engine, self.script)


MATCH = {
    "compose": ",".join(
        f"-body.Labels.com.docker.compose.project.{name}" for name in ("config_files", "working_dir")
    )
}
"""What is not compared when a row is played: the paths of a project that is elsewhere."""

BUILDX = CONTEXT + "docker buildx build $N --progress plain -t app app; docker rmi app"

ROWS = (
    LibraryRow("version", "docker version", "Server:"),
    LibraryRow("info", "docker info -f '{{.ServerVersion}} {{.Driver}}'", "vfs|overlay"),
    LibraryRow("ps", "docker ps -a", "web", WEB),
    LibraryRow("run", "docker run --name hello $N -e GREETING=hello $IMG sh -c 'echo $GREETING; echo oops >&2; exit 3'; "
               "docker rm hello", "hello\n"),
    LibraryRow("exec", "docker exec web sh -c 'echo hello; echo oops >&2; exit 3'", "hello\n", WEB),
    LibraryRow("logs", "docker logs talker", "line 2\n", TALK),
    LibraryRow("stats", "docker stats --no-stream --format '{{.Name}} {{.PIDs}}' web", "web ", WEB),
    LibraryRow("health", HEALTH, "1\n|2\n"),
    LibraryRow("events", follow_events, "die"),
    LibraryRow("pull", f"docker pull {REGISTRY}/app:1.0", "Downloaded newer image", PUSHED),
    LibraryRow("pull-error", f"docker pull {REGISTRY}/missing:1.0", "not found|unknown"),
    LibraryRow("build-legacy", CONTEXT + "DOCKER_BUILDKIT=0 docker build $N -t app app; docker rmi app", "hello, world"),
    LibraryRow("build", BUILDX, "hello, world", tools=("26", "28"),
               scripts={"20.10": CONTEXT + "DOCKER_BUILDKIT=1 docker build $N --progress plain -t app app; docker rmi app"}),
    LibraryRow("compose", COMPOSE_2, "demo-web-1|demo_web_1", tools=("26", "28"), scripts={"20.10": COMPOSE}),
    LibraryRow("service", SERVICE, "web replicated", SWARM),
)  # fmt: skip
