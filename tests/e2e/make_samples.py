"""Make samples/*.jsonl: captures of real sessions. `make samples` runs it, as root.

Each session is typed into a shell (or a terminal) and uses a real docker CLI, or is a program that uses docker-py. They
connect to a real dockerd through `apispy --capture`. The daemon, its socket and its data are temporary.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .apispy_process import Apispy
from .clients import Client, find_clis
from .daemon import Daemons
from .endpoints import without_proxies
from .modern_root import ModernRoot
from .options import listen_options, upstream_options
from .row import MODERN, PACKAGED
from .sample_programs import registry, run_job, watch

SAMPLES = Path(__file__).parents[2] / "samples"
PLACE = Path("/tmp/apispy-samples")  # constant, because the captures contain it

WEB = "docker run -d --name web $N -e GREETING=hello $IMG sh -c 'trap exit TERM; echo up; sleep 60 & wait'"

RUN = """docker run --name hello $N -e GREETING=hello $IMG sh -c 'echo $GREETING; echo oops >&2; exit 3'
echo typed in | docker run --rm -i $N $IMG cat
docker run --rm $N $IMG nosuchprogram
docker rm hello"""

LOGS = "docker logs -f talker"
TALKER = "docker run -d --name talker $N $IMG sh -c 'for i in 1 2 3; do echo line $i; echo err $i >&2; sleep 0.3; done'"

CONTEXT = """mkdir app; printf 'FROM busybox:test\\nARG WHO=world\\nCOPY greet /greet\\nRUN chmod +x /greet && /greet $WHO\\n'\
 >app/Dockerfile; printf '#!/bin/sh\\necho hello, $1\\n' >app/greet
"""
ARGUMENT, SECRET = "samples-4711", "hush-hush-4711"
"""What a build gets and no sample may have."""

LEGACY = f"DOCKER_BUILDKIT=0 docker build $N --build-arg WHO={ARGUMENT} -t app app; docker rmi app"
BUILDKIT = f"""export DOCKER_BUILDKIT=1; printf {SECRET} >pass
echo 'RUN --mount=type=secret,id=pass md5sum </run/secrets/pass' >>app/Dockerfile
docker build $N --progress plain --build-arg WHO={ARGUMENT} --secret id=pass,src=pass -t app app; docker rmi app"""

COMPOSE = """cat >docker-compose.yml <<'END'
version: "2.4"
services:
  web: {image: "busybox:test", command: "sh -c 'trap exit TERM; sleep 60 & wait'", network_mode: none}
END
docker-compose --no-ansi -p demo up -d
docker-compose --no-ansi -p demo ps
docker-compose --no-ansi -p demo down"""


COMPOSE_2 = """cat >compose.yaml <<'END'
services:
  web:
    image: busybox:test
    command: sh -c 'trap exit TERM; echo up; sleep 60 & wait'
    network_mode: none
    healthcheck: {test: "true", interval: 200ms}
  job:
    image: busybox:test
    command: echo done
    network_mode: none
    depends_on: {web: {condition: service_healthy}}
END
dc() { docker compose --progress plain -p demo "$@"; }
dc up -d; dc ps; dc exec -T web sh -c 'echo hello; exit 3'; dc down -t 0"""

BUILDX = f"""printf {SECRET} >pass
echo 'RUN --mount=type=secret,id=pass md5sum </run/secrets/pass' >>app/Dockerfile
docker buildx build $N --progress plain --build-arg WHO={ARGUMENT} --secret id=pass,src=pass -t app app
docker rmi app"""

STAGES = f"""mkdir -p app/src; printf '#!/bin/sh\\necho hello; exit 3\\n' >app/src/greet; echo a note >app/src/note; printf {SECRET} >pass
cat >app/Dockerfile <<'END'
FROM busybox:test AS build
ARG VERSION
COPY src /src
RUN --mount=type=cache,target=/cache cp /src/greet /cache/ && echo "built $VERSION"
RUN --mount=type=secret,id=pass echo "the secret is $(cat /run/secrets/pass)"

FROM busybox:test AS test
COPY --from=build /src/greet /greet
RUN chmod +x /greet && /greet
END
"""
FAILS = f"""docker buildx build $N --progress plain --no-cache --build-arg VERSION={ARGUMENT} --secret id=pass,src=pass \\
    --label org.example.team=blue -t app app
docker images -q app"""


BAKE_FILE = """cat >docker-bake.hcl <<'END'
variable "VERSION" {}
target "default" {
  context = "app"
  target = "build"
  platforms = ["linux/amd64"]
  args = {VERSION = VERSION}
  labels = {"org.example.team" = "blue"}
  secret = ["id=pass,src=pass"]
  cache-to = ["type=inline"]
  network = "none"
  tags = ["app"]
}
END
"""
BAKES = f"VERSION={ARGUMENT} docker buildx bake --progress plain; docker rmi app"

CHECK = """mkdir app; printf 'from busybox:test AS build\nARG VERSION=1\nMAINTAINER me\nRUN make $VERSION\n' >app/Dockerfile
docker buildx build --check app"""


def shell(script: str, before: str = "") -> Callable[[Client, Client], None]:
    """Return a session that runs *script*; *before* is run directly, so apispy does not see it."""

    def typed(client: Client, direct: Client) -> None:
        if before:
            direct.sh(before)
        client.sh(script)

    return typed


def exec_it(client: Client, direct: Client) -> None:
    direct.sh(WEB)
    terminal = client.terminal("docker exec -it web sh")
    terminal.expect(b"/ # ")
    terminal.send(b"ls /\r")
    terminal.expect(b"/ # ")
    terminal.send(b"exit 4\r")
    terminal.finish()


def pull(client: Client, direct: Client) -> None:
    with registry() as address:
        client.sh(f"docker pull {address}/missing:1.0; docker pull 127.0.0.1:1/unreachable")


@dataclass(frozen=True)
class Sample:
    name: str
    description: str  # for samples/README.md
    run: Callable[[Client, Client], None]
    cli: str = "28"
    transport: str = "unix"
    engine: str = PACKAGED


SAMPLES_MADE = (
    Sample("ps-unix", "`docker ps -a` over a unix socket", shell("docker ps -a", WEB)),
    Sample("ps-tcp", "the same over TCP, with the older CLI", shell("docker ps -a", WEB), "20", "tcp"),
    Sample("ps-mtls", "the same over mutual TLS", shell("docker ps -a", WEB), transport="tls"),
    Sample("run", "`docker run`: a failing program, one with stdin, and one that does not exist", shell(RUN)),
    Sample("logs-f", "`docker logs -f` of a program that ends", shell(LOGS, TALKER)),
    Sample("exec-it", "`docker exec -it web sh` in a terminal, with the input `ls /` and `exit 4`", exec_it),
    Sample("pull-error", "`docker pull` of a missing image, and from an unreachable registry", pull),
    Sample("build-legacy", "`docker build` by the old builder", shell(CONTEXT + LEGACY), "20"),
    Sample("build-buildkit", "`docker build` by BuildKit, with a secret", shell(CONTEXT + BUILDKIT), "20"),
    Sample("compose", "`docker-compose up -d`, `ps` and `down`", shell(COMPOSE)),
    Sample("compose2", "`docker compose up -d`, `ps`, `exec` and `down`", shell(COMPOSE_2), engine=MODERN),
    Sample("buildx", "`docker buildx build`, with a secret", shell(CONTEXT + BUILDX), engine=MODERN),
    Sample("buildx-stages", "the same of two stages, with a cache mount, and a step that fails", shell(STAGES + FAILS), engine=MODERN),
    Sample("buildx-bake", "`docker buildx bake` of the first of these stages", shell(STAGES + BAKE_FILE + BAKES), engine=MODERN),
    Sample("buildx-check", "`docker buildx build --check`, which fails", shell(CHECK), engine=MODERN),
    Sample("watcher", "docker-py following the containers as Traefik does: list, inspect, events", watch),
    Sample("runner", "docker-py running a job as a CI runner does: pull, exec, files in and out, logs", run_job),
)  # fmt: skip


def make(sample: Sample, place: Path, daemons: Daemons, to: Path) -> Path:
    """Record *sample* to a capture in the directory *to*, and return its path."""
    made = to / f"{sample.name}.jsonl"
    where = place / sample.name
    words = [*listen_options(sample.transport, where), *upstream_options(sample.transport, daemons)]
    spy = Apispy.start(where, *words, "--capture", str(made))
    tools = daemons.plain.tools
    cli = tools / "docker" if tools else find_clis()[sample.cli]
    try:
        client = Client(spy.at, daemons.plain, cli, sample.name, where / "c", place)
        behind = daemons.tls if sample.transport == "tls" else daemons.plain
        direct = Client(behind.unix, behind, cli, sample.name, where / "d", place)
        sample.run(client, direct)
    finally:
        assert spy.end() == 0, spy.err
    direct.sh("docker rm -f $(docker ps -aq)")
    made.chmod(0o644)
    return made


def main(names: list[str]) -> None:
    """Make the named samples, or all."""
    without_proxies()
    wanted = [sample for sample in SAMPLES_MADE if not names or sample.name in names]
    for engine in (PACKAGED, MODERN):
        if samples := [sample for sample in wanted if sample.engine == engine]:
            make_with(engine, samples)


def make_with(engine: str, samples: list[Sample]) -> None:
    PLACE.mkdir(mode=0o700)
    root = ModernRoot.start(PLACE) if engine == MODERN else None
    try:
        daemons = Daemons.start(PLACE, root)
        try:
            for sample in samples:
                made = make(sample, PLACE, daemons, PLACE)
                print(f"{made.name}: {made.stat().st_size} bytes")
                shutil.copy(made, SAMPLES / made.name)
        finally:
            daemons.stop()
    finally:
        if root:
            root.stop()
        shutil.rmtree(PLACE, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
