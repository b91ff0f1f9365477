"""Command lines with flags, one at a time, whose calls are recorded to derive what each flag does. Data only.

Words in capitals are placeholders, see ``cli_rows``.
"""

from dataclasses import dataclass

from .cli_rows import CREATED, DOWN, NO_S, UP, C, S, V


@dataclass(frozen=True)
class Group:
    """A command and examples of its flags. The baseline is the command without them."""

    line: str  # "@" is where the flags go
    examples: str  # separated by "|" or lines
    first: str = ""  # shell commands before the group, run directly against the daemon, with $D for docker
    each: str = ""  # before each example
    when: str = ""  # the condition under which the flags change these calls; "" for always
    env: str = ""  # shell assignments before the command
    seconds: float = 0  # after which the command gets Ctrl-C; 0 for a command that ends


FORMAT = "--format json"
FILTERED = "-f desired-state=running"
SESSION = "touch id.txt; mkdir -p other; for name in other/second other; do echo FROM busybox >$name.Dockerfile; done"

BUILDS = (
    Group(
        "docker build @ DIR",
        """
--add-host one:1.2.3.4 | --allow network.host | --build-arg COLOR=blue | --build-context other=other
--cache-from type=registry,ref=REMOTE | --cache-to type=inline
--cache-to type=local,dest=cache2 | --call outline | --call targets | --check | --cgroup-parent /lab | -f other/second.Dockerfile | -f other.Dockerfile
--iidfile id2.txt | --label color=blue | --load | --metadata-file meta.json | --network host | --network none | --no-cache
--no-cache-filter base | -o type=local,dest=out | -o type=tar,dest=out.tar | -o type=docker,dest=image.tar | -o type=oci,dest=oci.tar
-o out3 | --platform linux/amd64 | --progress plain | --provenance false | --provenance mode=max | --pull | --push | -q
--sbom true | --attest type=provenance,mode=min | --secret id=token,src=id.txt | --shm-size 64m | --tag NAME | --tag NAME:two
--tag 127.0.0.1:1/lab/image:two | --target base | --ulimit nofile=10:20 | --annotation color=blue | -D
""",
        f"{SESSION}; printf 'FROM busybox AS base\\nENV A=b\\n' >Dockerfile",
    ),
    Group(
        "docker build @ -f secrets.Dockerfile DIR",
        "--secret id=token,src=id.txt | --secret id=token,env=TOKEN",
        "echo hunter2 >id.txt; printf 'FROM busybox\\nRUN --network=none --mount=type=secret,id=token true\\n' >secrets.Dockerfile",
        "$D builder prune -af",
    ),
    Group(
        "docker build @ -f ssh.Dockerfile DIR",
        "--ssh default=key",
        "rm -f key; ssh-keygen -q -t ed25519 -N '' -f key; printf 'FROM busybox\\nRUN --network=none --mount=type=ssh true\\n' >ssh.Dockerfile",
        "$D builder prune -af",
    ),
    Group(
        "docker build @ DIR",
        """
--add-host one:1.2.3.4 | --build-arg COLOR=blue | --cache-from REMOTE | --cgroup-parent /lab | -f other/second.Dockerfile
--label color=blue | --network host | --no-cache | --pull | -q | --shm-size 64m | --tag NAME | --tag 127.0.0.1:1/lab/image:two
--target base | --ulimit nofile=10:20 | --platform linux/amd64
""",
        f"{SESSION}; printf 'FROM busybox AS base\\nENV A=b\\n' >Dockerfile",
        when="with DOCKER_BUILDKIT=0",
        env="DOCKER_BUILDKIT=0",
    ),
    Group(
        "docker buildx bake @",
        "--check | --call outline | --list targets | --load | --metadata-file meta.json | --no-cache | --print | --progress plain"
        " | --provenance false | --pull | --push | --sbom true | --set web.target=base | -f other.hcl",
    ),
    Group("docker buildx du @", "--verbose | --filter type=regular | --format json"),
    Group(
        "docker buildx prune -f @",
        "-a | --filter type=regular | --max-used-space 2gb | --min-free-space 1gb | --reserved-space 3gb | --verbose",
    ),
    Group("docker buildx history ls @", f"--no-trunc | {FORMAT} | --local | --filter status=completed"),
    Group("docker buildx history logs @", "--progress plain", "$D build DIR"),
    Group("docker buildx inspect @", "--bootstrap | -D"),
    Group("docker buildx ls @", f"--no-trunc | {FORMAT}"),
)

CONTAINERS = (
    Group(
        "docker attach @ CONTAINER",
        "--detach-keys ctrl-a | --no-stdin | --sig-proxy=false",
        each="$D rm -f CONTAINER; $D run -di --name CONTAINER IMAGE sh -c 'sleep 1'",
    ),
    Group("docker commit @ CONTAINER NAME", "--pause=false", C),
    Group(
        "docker cp @ CONTAINER:/etc/passwd FILE", "-a | -L | -q", C, "rm -rf FILE", when="from a container"
    ),
    Group(
        "docker cp @ FILE CONTAINER:/tmp/x",
        "-a | -L | -q",
        f"{C}; rm -rf FILE; touch FILE",
        when="to a container",
    ),
    Group(
        "docker create @ IMAGE true",
        "--mac-address 02:42:ac:11:00:02 | --link-local-ip 169.254.1.1 | --label-file labels"
        " | --env-file env | --use-api-socket | --quiet | --disable-content-trust",
        "echo A=b >env; echo a=b >labels",
    ),
    Group(
        "docker create --network NETWORK @ IMAGE true",
        "--network-alias db | --ip 10.9.0.3 | --ip6 fd00::3",
    ),
    Group("docker create @ REMOTE true", "--pull always | --pull never", "$D tag IMAGE REMOTE"),
    Group("docker run @ IMAGE true", "--sig-proxy=false | --detach-keys ctrl-a | -q"),
    Group("docker exec @ CONTAINER true", "-d | --env-file env", f"{C}; echo A=b >env"),
    Group("docker export @ CONTAINER", "-o FILE", C),
    Group("docker container inspect @ CONTAINER", "-s | -f {{.Id}}", C),
    Group("docker inspect @ CONTAINER", "-s | -f {{.Id}}", C),
    Group("docker inspect @ IMAGE", "--type image"),
    Group("docker ps @", f"--no-trunc | -q | {FORMAT}", C),
    Group("docker container prune -f @", "--filter until=1h"),
    Group("docker start @ CONTAINER", "-a | -i", each=CREATED),
    Group("docker start -a @ CONTAINER", "--detach-keys ctrl-a", each=CREATED),
    Group("docker stats --no-stream @", f"-a | --no-trunc | {FORMAT}", C),
)

IMAGES = (
    Group("docker history @ IMAGE", f"--no-trunc | -q | -H | {FORMAT} | --platform linux/amd64"),
    Group("docker image inspect @ IMAGE", "-f {{.Id}} | --platform linux/amd64"),
    Group("docker load -i FILE @", "-q | --platform linux/amd64", "$D save -o FILE IMAGE"),
    Group("docker images @", f"--digests | --no-trunc | -q | --tree | {FORMAT}"),
    Group("docker image prune -f @", "--filter until=9999h"),
    Group("docker image prune -f --filter label=none @", "-a"),
    Group("docker pull @ REMOTE", "-a | -q | --disable-content-trust"),
    Group("docker push @ REMOTE", "-a | -q | --disable-content-trust", "$D tag IMAGE REMOTE"),
    Group("docker rmi @ NAME", "--platform linux/amd64", each="$D tag IMAGE NAME"),
    Group("docker save -o FILE @ IMAGE", "--platform linux/amd64"),
    Group("docker search @ NAME", "--no-trunc"),
)

SYSTEM = (
    Group("docker events --since 1 --until 2 @", FORMAT),
    Group("docker info @", FORMAT),
    Group("docker version @", FORMAT),
    Group("docker system df @", f"-v | {FORMAT}"),
    Group("docker system prune -f @", "--filter label=none"),
    Group("docker system prune -f --filter label=none @", "--volumes | -a"),
    Group("docker login -u NAME -p hunter2 @ 127.0.0.1:1", "-u other | -p hunter3"),
    Group(
        "docker network create --subnet 10.9.0.0/16 @ NAME",
        "--gateway 10.9.0.1 | --ip-range 10.9.1.0/24 | --aux-address host=10.9.0.5",
        each="$D network rm NAME",
    ),
    Group("docker network inspect @ NETWORK", "-v | -f {{.Id}}", "$D network create NETWORK"),
    Group("docker network ls @", f"--no-trunc | -q | {FORMAT}"),
    Group("docker network rm @ NAME", "-f", each="$D network create NAME"),
    Group("docker volume inspect @ VOLUME", "-f {{.Name}}", V),
    Group("docker volume ls @", f"-q | {FORMAT} | --cluster"),
    Group("docker volume prune -f --filter label=none @", "-a"),
    Group(
        "docker volume create --type mount @ NAME",
        "--scope multi | --sharing all | --availability drain | --group one | --limit-bytes 64m"
        " | --required-bytes 32m | --secret key=SECRET | --topology-preferred zone=a | --topology-required zone=a",
        each="$D volume rm -f NAME",
    ),
    Group("docker volume create @ NAME", "--type mount", each="$D volume rm -f NAME"),
    Group("docker plugin ls @", f"--no-trunc | -q | {FORMAT}"),
    Group("docker plugin install @ REMOTE", "--grant-all-permissions | --alias NAME"),
    Group("docker checkpoint ls @ CONTAINER", "--checkpoint-dir /x", C),
    Group("docker checkpoint rm @ CONTAINER NAME", "--checkpoint-dir /x", C),
)

HEALTH = "--health-interval 30s | --health-retries 3 | --health-start-period 1m | --health-start-interval 2s | --health-timeout 10s"
POLICY = (
    "--rollback-failure-action continue | --rollback-max-failure-ratio 0.25 | --rollback-monitor 7s | --rollback-order start-first"
    " | --update-max-failure-ratio 0.25 | --update-monitor 7s | --oom-score-adj 100 | --no-healthcheck"
)
FRESH = f"{NO_S}; {S.replace(' --detach', ' --detach --env FIRST=one --label old=label')}"
SPEC_UPDATE = """
--args two | --cap-add NET_ADMIN | --cap-drop ALL | --config-add CONFIG | --constraint-add node.role==manager
--container-label-add color=blue | --dns-add 1.1.1.1 | --dns-option-add ndots:2 | --dns-search-add example.com
--endpoint-mode dnsrr | --entrypoint sh | --env-add COLOR=blue | --env-rm FIRST | --force | --group-add 10
--health-cmd 'curl x' | --host-add one:1.2.3.4 | --hostname web | --image NAME | --init | --label-add color=blue | --label-rm old
--limit-cpu 0.5 | --limit-memory 64m | --limit-pids 10 | --log-driver none | --mount-add type=tmpfs,dst=/t
--placement-pref-add spread=node.labels.zone | --publish-add published=8080,target=80,mode=host | --read-only | --replicas 3
--reserve-cpu 0.1 | --reserve-memory 8m | --restart-condition none | --restart-delay 7s | --restart-max-attempts 3
--restart-window 1m | --rollback-delay 7s | --rollback-parallelism 2 | --secret-add SECRET
--stop-grace-period 17s | --stop-signal INT | --sysctl-add net.a=1 | --tty | --ulimit-add nofile=10:20 | --update-delay 17s
--update-failure-action continue | --update-order start-first | --update-parallelism 2 | --user 7 | --workdir /tmp
--with-registry-auth | --quiet
"""

SWARM_RESET = (
    "$D swarm update --cert-expiry 2160h --dispatcher-heartbeat 5s --max-snapshots 0 --snapshot-interval 10000"
    " --task-history-limit 5 --autolock=false"
)
SWARM = (
    Group("docker node inspect @ self", "--pretty | -f {{.ID}}"),
    Group("docker node ls @", f"-q | {FORMAT}"),
    Group("docker node ps @ self", f"--no-resolve | --no-trunc | -q | {FORMAT} | {FILTERED}"),
    Group("docker node rm @ NAME", "-f"),
    Group(
        "docker node update @ $($D node ls -q)",
        "--availability pause | --label-add color=blue | --label-rm old | --role worker",
        each="$D node update --availability active --label-add old=label $($D node ls -q)",
    ),
    Group(
        "docker secret inspect @ SECRET",
        "--pretty | -f {{.ID}}",
        "echo a >FILE; $D secret create SECRET FILE",
    ),
    Group("docker config inspect @ CONFIG", "--pretty | -f {{.ID}}", "$D config create CONFIG FILE"),
    Group("docker secret ls @", f"-q | {FORMAT}"),
    Group("docker config ls @", f"-q | {FORMAT}"),
    Group(
        "docker service create --detach --no-resolve-image --name SERVICE @ REMOTE true",
        f"""--config CONFIG | --secret SECRET | --dns 1.1.1.1 | --dns-option ndots:2 | --dns-search example.com | --entrypoint sh
--generic-resource gpu=2 | --mode global | --with-registry-auth
{HEALTH} | {POLICY}
""",
        each=NO_S,
    ),
    Group(
        "docker service create --detach --no-resolve-image --mode replicated-job --name SERVICE @ REMOTE true",
        "--max-concurrent 2",
        each=NO_S,
    ),
    Group(
        "docker service create --detach --no-resolve-image --log-driver json-file --name SERVICE @ REMOTE true",
        "--log-opt max-size=10m",
        each=NO_S,
    ),
    Group(
        "docker service create --detach --name SERVICE @ REMOTE true",
        "--no-resolve-image | --quiet",
        each=NO_S,
    ),
    Group(
        "docker service update -d --no-resolve-image @ SERVICE",
        f"{SPEC_UPDATE} | {HEALTH} | {POLICY}",
        each=FRESH,
    ),
    Group("docker service update -d --image REMOTE @ SERVICE", "--no-resolve-image", each=FRESH),
    Group(
        "docker service update -d @ SERVICE",
        "--rollback",
        each=f"{FRESH}; $D service update -d --env-add A=b SERVICE",
    ),
    Group(
        "docker service rollback -d @ SERVICE",
        "-q",
        each=f"{FRESH}; $D service update -d --env-add A=b SERVICE",
    ),
    Group("docker service inspect @ SERVICE", "--pretty | -f {{.ID}}", FRESH),
    Group("docker service ls @", f"-q | {FORMAT}"),
    Group("docker service ps @ SERVICE", f"--no-resolve | --no-trunc | -q | {FORMAT} | {FILTERED}", FRESH),
    Group("docker service logs @ SERVICE", "--no-trunc | --raw | --no-task-ids | --no-resolve", FRESH),
    Group(
        "docker stack deploy -d -c stack.yaml @ STACK",
        "-q | --resolve-image never | --with-registry-auth",
        each="$D tag IMAGE REMOTE; $D stack rm STACK",
    ),
    Group(
        "docker stack deploy -d -c stack.yaml @ STACK",
        "--prune",
        each="$D stack rm STACK; $D stack deploy -d -c more.yaml STACK",
        when="if the stack has services that the file does not name",
    ),
    Group("docker stack ls @", FORMAT),
    Group("docker stack ps @ STACK", f"--no-resolve | --no-trunc | -q | {FORMAT} | {FILTERED}"),
    Group("docker stack services @ STACK", f"-q | {FORMAT} | -f name=a"),
    Group("docker swarm join-token @ worker", "-q | --rotate"),
    Group("docker swarm unlock-key @", "-q"),
    Group("docker swarm update --max-snapshots 5 @", "--task-history-limit 7", each=SWARM_RESET),
    Group(
        "docker swarm update --task-history-limit 5 @",
        "--cert-expiry 2000h | --dispatcher-heartbeat 7s | --max-snapshots 3 | --snapshot-interval 777 | --autolock",
        each=SWARM_RESET,
    ),
    Group(
        "docker swarm update --task-history-limit 5 @",
        "--external-ca protocol=cfssl,url=https://ca.invalid",
        SWARM_RESET,
    ),
    Group(
        "docker swarm init --listen-addr 127.0.0.1:1 @",
        "--cert-expiry 2000h | --dispatcher-heartbeat 7s | --max-snapshots 3 | --snapshot-interval 777 | --force-new-cluster"
        " | --external-ca protocol=cfssl,url=https://ca.invalid",
    ),
)

ORPHANS = "if the project has containers of services that the file does not name"
EXIST = "if the containers exist"
CHANGED = "if the containers exist and their configuration changed"
RETAG = "$D tag busybox IMAGE"
RUNNING = f"{DOWN}; {UP}"
ONE_OFF = "$D rm -f NAME"
JOB_LOGS = f"{DOWN}; $D compose -f job.yaml up"
COMPOSE_UP = (
    Group(
        "docker compose up -d @",
        "--no-start | --pull always | --pull never | --quiet-pull | --scale web=3 | --yes | --dry-run",
        each=DOWN,
    ),
    Group("docker compose up -d @", "--force-recreate", each=RUNNING, when=EXIST),
    Group(
        "docker compose -f anon.yaml up -d --force-recreate @",
        "--renew-anon-volumes",
        each=f"{DOWN}; $D compose -f anon.yaml up -d",
        when=EXIST,
    ),
    Group(
        "docker compose -f changed.yaml up -d @", "--no-recreate | --timeout 17", each=RUNNING, when=CHANGED
    ),
    Group(
        "docker compose up -d @",
        "--remove-orphans",
        each=f"{DOWN}; $D compose -f orphan.yaml up -d",
        when=ORPHANS,
    ),
    Group("docker compose -f two.yaml up -d @ web", "--no-deps", each=f"{DOWN} --remove-orphans"),
    Group(
        "docker compose -f two.yaml up -d @ web",
        "--always-recreate-deps",
        each=f"{DOWN} --remove-orphans; $D compose -f two.yaml up -d",
        when=EXIST,
    ),
    Group(
        "docker compose -f build.yaml up -d @",
        "--build",
        f"{DOWN} --remove-orphans; $D compose -f build.yaml build",
        DOWN,
    ),
    Group("docker compose -f build.yaml up -d --build @", "--quiet-build", each=DOWN),
    Group(
        "docker compose -f job.yaml up @",
        "-d | --no-color | --no-log-prefix | --timestamps | --no-attach web | --abort-on-container-exit | --exit-code-from web"
        " | --menu=false",
        each=DOWN,
    ),
    Group("docker compose -f brief.yaml up @", "--wait", each=DOWN),
    Group(
        "docker compose create @",
        "--pull always | --pull never | --quiet-pull | --scale web=3 | --yes",
        each=DOWN,
    ),
    Group("docker compose create @", "--force-recreate", each=RUNNING, when=EXIST),
    Group("docker compose -f changed.yaml create @", "--no-recreate", each=RUNNING, when=CHANGED),
    Group(
        "docker compose create @",
        "--remove-orphans",
        each=f"{DOWN}; $D compose -f orphan.yaml up -d",
        when=ORPHANS,
    ),
    Group(
        "docker compose -f build.yaml create @",
        "--build",
        f"{DOWN} --remove-orphans; $D compose -f build.yaml build",
        DOWN,
    ),
    Group(
        "docker compose down @", "--volumes | --timeout 17 | --dry-run", each=f"{RUNNING} --remove-orphans"
    ),
    Group("docker compose down @", "--rmi all", each=f"{RETAG}; {RUNNING}"),
    Group(
        "docker compose down @",
        "--remove-orphans",
        each=f"{RETAG}; {DOWN}; $D compose -f orphan.yaml up -d",
        when=ORPHANS,
    ),
)
COMPOSE_OTHER = (
    Group("docker compose stop @", "--timeout 17", each=UP),
    Group("docker compose restart @", "--timeout 17", first=UP),
    Group("docker compose kill @", "--signal HUP", each=f"{DOWN} --remove-orphans; {UP}"),
    Group("docker compose rm -f @", "--stop", each=UP),
    Group("docker compose rm -sf @", "--volumes", each=UP),
    Group("docker compose pull @", "-q | --ignore-pull-failures"),
    Group("docker compose push @", "-q | --ignore-push-failures"),
    Group(
        "docker compose -f build.yaml build @",
        "--build-arg COLOR=blue | --no-cache | --pull | --push | -q | --memory 64m | --print | --check | --provenance false"
        " | --sbom true",
    ),
    Group(
        "docker compose exec -T @ web true",
        "--detach | --env COLOR=blue | --privileged | --user 7 | --workdir /tmp",
        RUNNING,
    ),
    Group(
        "docker compose run -T @ web true",
        """
--cap-add NET_ADMIN | --cap-drop ALL | --detach | --entrypoint true | --env COLOR=blue | --interactive=false
--label color=blue | --name NAME | --publish 8080:80 | --pull always | --quiet | --quiet-pull | --rm
--service-ports | --use-aliases | --user 7 | --volume /a:/b | --workdir /tmp""",
        RUNNING,
        ONE_OFF,
    ),
    Group(
        "docker compose logs @",
        "--follow | --no-color | --no-log-prefix | --since 2020-01-01T00:00:00Z | --tail 7 | --timestamps"
        " | --until 2020-01-01T00:00:00Z",
        JOB_LOGS,
    ),
    Group("docker compose cp @ FILE web:/tmp/x", "--all | --archive", f"{RUNNING}; touch FILE"),
    Group("docker compose ps @", f"--all | --no-trunc | -q | --services | {FORMAT}", RUNNING),
    Group("docker compose images @", f"-q | {FORMAT}", RUNNING),
    Group("docker compose ls @", f"--all | -q | {FORMAT} | --filter name=a", RUNNING),
    Group("docker compose volumes @", f"-q | {FORMAT}", RUNNING),
    Group(
        "docker compose commit @ web NAME",
        "--author me | --change 'ENV A=b' | --message text | --pause=false",
        RUNNING,
    ),
    Group("docker compose stats --no-stream @", f"--all | --no-trunc | {FORMAT}", RUNNING),
)

ASKED = tuple(
    Group(f"docker {command} @", "--force", env="yes |")  # without it they ask, and get a yes
    for command in (
        "container prune",
        "image prune",
        "network prune",
        "system prune",
        "volume prune",
        "buildx prune",
    )
)
FILES = (Group("docker save @ IMAGE", "-o FILE"),)

PARTS: dict[str, tuple[Group, ...]] = {
    "containers": (*CONTAINERS, *IMAGES, *SYSTEM, *FILES, *ASKED),
    "swarm": SWARM,
    "builds": BUILDS,
    "compose-up": COMPOSE_UP,
    "compose": COMPOSE_OTHER,
}
"""What is recorded at the same time, each part with a daemon of its own."""
