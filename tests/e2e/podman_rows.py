"""Battery rows of Podman 5: its service with the docker CLI, and with its own client."""

from .normalize import digits, replace, without
from .row import MODERN, NO, Row

PODMAN = "podman"
"""The transport of these rows."""


def _row(name: str, script: str, expect: tuple[str, ...], **options: object) -> Row:
    given = {"engine": (MODERN,), "transports": (PODMAN,), "same_transport": True, "timeout": 110} | options
    return Row(
        f"podman-{name}", 'pm() { podman --remote --url $DOCKER_HOST "$@"; }\n' + script, expect, **given
    )  # type: ignore[arg-type]


PODMAN_ROWS = [
    _row("version", "docker version --format '{{json .Server}}'; docker info -f '{{.OSType}}'", ("Podman Engine",), steps=(digits,)),
    _row(
        "run",
        """docker run --rm $N $IMG echo hello; echo typed | rc docker run --rm -i $N $IMG sh -c 'cat; echo err >&2; exit 4'
        rc docker run --rm $N $IMG nosuch; rc docker run --rm --pull never nosuch:$P true""",
        ("hello", "typed\nrc=4", "err"),
    ),
    _row(
        "life",
        """docker run -d --name $P $N -e A=b --label x=$P $IMG sh -c 'echo out; echo err >&2; exec sleep 60' | wc -c; docker ps --filter name=$P --format '{{.Names}} {{.Image}}'
        docker exec $P sh -c 'echo $A; exit 3'; echo "rc=$?"; docker logs $P 2>/dev/null; docker inspect -f '{{.State.Running}} {{.Config.Labels}}' $P
        echo data >f; docker cp f $P:/tmp/g; docker cp $P:/tmp/g - | tar -xO; docker top $P -eo comm; docker stats --no-stream --format '{{.Container}}' $P
        docker pause $P; docker unpause $P; docker stop -t 0 $P; docker start $P; docker kill $P; docker wait $P; docker rename $P $P-b; docker rm $P-b; rc docker inspect nosuch-$P""",
        ("b\nrc=3", "data", "rc=1"),
    ),
    _row(
        "images",
        """docker tag $IMG $P:a; docker images --format '{{.Repository}}:{{.Tag}}' | grep $P; docker history -q $P:a | wc -l; docker save $P:a | tar -t | grep -c manifest
        docker image inspect -f '{{.Os}}' $P:a; docker rmi $P:a; rc docker pull 127.0.0.1:1/x:y; rc docker rmi nosuch:$P""",
        ("<p>:a", "linux", "rc=1"),
    ),
    _row(
        "volume-network",
        """docker volume create $P; docker volume ls -q --filter name=$P; docker run --rm $N -v $P:/v $IMG sh -c 'echo kept >/v/f; cat /v/f'; docker volume rm $P
        docker network ls --format '{{.Name}}'; rc docker network inspect nosuch-$P; docker volume prune -f --filter label=nosuch; docker system df --format '{{.Type}}'""",
        ("kept", "rc=1"),
        lock="df",
        steps=(without("reclaimed"),),
    ),
    _row(
        "build",
        """printf 'FROM busybox:test\\nCOPY f /f\\n' >Dockerfile; echo "built for $P" >f
        DOCKER_BUILDKIT=0 docker build $N --no-cache -t $P:b .; docker run --rm $N $P:b cat /f; docker rmi $P:b | wc -l""",
        ("built for <p>",),
        steps=(replace(r"[0-9a-f]{64}|<id \d+>|<short-id \d+>|\b[0-9a-f]{11,12}\b", "<some id>"), digits),
    ),
    _row(
        "remote",
        """pm version --format '{{.Server.Os}}'; pm info --format '{{.Host.OS}}'; pm run --rm $N $IMG echo hello; echo typed | rc pm run --rm -i $N $IMG sh -c 'cat; echo err >&2; exit 4'
        pm run -d --name $P $N $IMG sh -c 'echo up; exec sleep 60' | wc -c; pm ps --filter name=$P --format '{{.Names}} {{.Status}}'; pm exec $P sh -c 'echo in; exit 3'; echo "rc=$?"
        pm logs $P; pm inspect $P --format '{{.State.Status}}'; echo data >f; pm cp f $P:/tmp/g; pm exec $P cat /tmp/g; pm top $P comm; pm stop -t 0 $P; pm rm $P; rc pm inspect nosuch-$P""",
        ("linux", "hello", "typed\nrc=4", "in\nrc=3", "data", "rc=125"),
        cli=NO,
    ),
    _row(
        "remote-images",
        """pm images --format '{{.Repository}}' --filter reference=busybox; printf 'FROM busybox:test\\nLABEL x=%s\\n' $P >Dockerfile
        pm build -q $N --no-cache -t $P:b . | wc -c; pm save $P:b | tar -t | grep -c manifest; pm rmi $P:b | wc -l; pm pod ps -q; pm volume create $P; pm volume ls -q --filter name=$P; pm volume rm $P; pm system df --format '{{.Type}}'; rc pm pull 127.0.0.1:1/x:y
        pm events --stream=false --since 1s --filter volume=$P --format '{{.Type}} {{.Status}}'; pm secret ls -q; rc pm kill nosuch-$P""",
        ("busybox", "<p>", "rc=<n>"),
        cli=NO,
        lock="df",
        steps=(digits,),
    ),
]  # fmt: skip
