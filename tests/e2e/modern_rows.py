"""Battery rows of what engines and CLIs after 20.10 have."""

from .normalize import digits, replace, sort, table, without
from .row import MODERN, NO, Row

# `ssh` that runs the remote command here, against the endpoint of the row: a host whose docker is behind it.
_SSH = """printf '#!/bin/sh\\nwhile [ "x$1" != x-- ]; do shift; done\\nshift 2\\nDOCKER_HOST=%s DOCKER_TLS_VERIFY=%s DOCKER_CERT_PATH=%s exec sh -c "$*"\\n' \\
    "$DOCKER_HOST" "$DOCKER_TLS_VERIFY" "$DOCKER_CERT_PATH" >../bin/ssh; chmod 755 ../bin/ssh
"""


def _row(name: str, script: str, expect: tuple[str, ...], **options: object) -> Row:
    return Row(name, script, expect, **({"engine": (MODERN,)} | options))  # type: ignore[arg-type]


MODERN_ROWS = [
    _row(
        "image-tree",
        """echo $P >f; tar -c f | docker import - $P:tree; docker image ls --tree $P:tree; docker image ls --format json $P:tree; docker rmi $P:tree""",
        ("<p>:tree",),
        steps=(table, replace(r"\x1b\[[0-9;]*m", "")),
    ),
    _row(
        "image-platform",
        """docker image inspect --platform linux/amd64 -f '{{.Os}}/{{.Architecture}}' $IMG; rc docker image inspect --platform linux/s390x $IMG
        docker history --platform linux/amd64 -q $IMG; docker save --platform linux/amd64 $IMG | tar -t | grep -c .
        docker save --platform linux/amd64 $IMG | docker load --platform linux/amd64
        rc docker save --platform linux/s390x -o t $IMG; rc docker create --platform linux/s390x --pull never $IMG""",
        ("linux/amd64", "rc=1"),
    ),
    _row(
        "images-manifests",
        """dcurl -i '/v1.48/images/json?manifests=1&filters=%7B%22reference%22%3A%5B%22busybox%3Atest%22%5D%7D'
        dcurl -i '/v1.48/images/busybox:test/json?manifests=1'; dcurl '/images/json?shared-size=1&identity=1' | head -c 1""",
        ("HTTP/<n> <n> OK", "busybox:test"),
        cli=NO,
        steps=(digits,),
    ),
    _row(
        "events-json-seq",
        """docker create --name $P $N $IMG true; docker rm $P; t=$(date +%s)
        for accept in application/json-seq application/x-ndjson application/jsonl text/plain; do
        dcurl -s -D head -H "Accept: $accept" "/events?since=$((t - 60))&until=$((t + 1))&filters=%7B%22container%22%3A%5B%22$P%22%5D%7D" >body
        grep -i content-type head; grep -o '"Action":"[a-z]*"' body; head -c 1 body | od -An -c; done""",
        ("Content-Type", "create", "destroy"),
    ),
    _row(
        "stats-one-shot",
        """docker run -d --name $P $N $IMG sleep 60 >/dev/null; dcurl -i "/containers/$P/stats?stream=false&one-shot=true"
        dcurl "/containers/$P/stats?stream=false" | grep -o '"[a-z_]*":' | sort -u; docker rm -f $P""",
        ("cpu_stats", "HTTP/<n> <n> OK"),
        steps=(digits,),
    ),
    _row(
        "container-update",
        """docker run -d --name $P $N $IMG sleep 60; docker container update --restart on-failure:3 --pids-limit 50 --cpus 0.5 --memory 64m --memory-swap -1 $P
        docker inspect -f '{{.HostConfig.RestartPolicy}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}' $P
        rc docker container update --memory 1k $P; rc docker container update --cpus 1 nosuch-$P; docker rm -f $P""",
        ("50 500000000 67108864", "rc=1"),
    ),
    _row(
        "volume-update",
        """docker volume create --label x=$P $P; rc docker volume update --availability drain $P
        dcurl -i -X PUT -H 'Content-Type: application/json' -d '{"Spec":{"Availability":"drain"}}' "/volumes/$P?version=1"
        docker volume create >id; docker volume prune -f --filter label=x=$P; docker volume rm $P; docker volume rm $(cat id)""",
        ("rc=1", "Service Unavailable"),
        lock="df",
        steps=(without("reclaimed"),),
    ),
    _row(
        "health",
        """docker run -d --name $P --health-cmd 'test -e /ready' --health-interval 1s --health-start-interval 100ms --health-start-period 20s $N $IMG \\
            sh -c 'usleep 300000; touch /ready; exec sleep 60'
        until [ "$(docker inspect -f '{{.State.Health.Status}}' $P)" = healthy ]; do sleep 0.1; done
        docker ps --filter name=$P --filter health=healthy --format '{{.Names}} {{.Status}}'; docker rm -f $P""",
        ("<p> Up <span> (healthy)",),
    ),
    _row(
        "run-newer-options",
        """docker run --rm --annotation a=b --mount type=image,src=$IMG,dst=/image --mount type=tmpfs,dst=/t,tmpfs-size=1m $N $IMG ls /image/bin/busybox
        docker run --rm --ulimit nofile=64 --security-opt no-new-privileges --cap-drop ALL --read-only --cgroupns private $N $IMG sh -c 'ulimit -n'
        docker run --rm --entrypoint '' --stop-timeout 1 --init --hostname h --domainname d.test $N $IMG hostname -f
        rc docker run --rm --device nosuch.test/gpu=all $N $IMG true; rc docker run --rm --gpus all $N $IMG true""",
        ("/image/bin/busybox", "64", "rc=125"),
        steps=(without("^Run 'docker run --help'"),),
    ),
    _row(
        "network-newer-options",
        """docker network create --internal --ipv6=false --subnet 10.213.57.0/24 --label x=$P $P
        docker run -d --name $P --network name=$P,alias=al,ip=10.213.57.9,mac-address=02:42:0a:d5:39:09 $IMG sleep 60
        docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.MacAddress}} {{.DNSNames}}{{end}}' $P
        docker network inspect -f '{{range .Containers}}{{.IPv4Address}}{{end}}' $P; docker exec $P ip -4 addr show eth0 | grep -c 10.213.57.9
        rc docker network rm $P; docker network disconnect -f $P $P; docker rm -f $P; docker network rm $P; rc docker network create --subnet nonsense $P""",
        ("10.213.57.9 02:42:0a:d5:39:09", "has active endpoints", "rc=1"),
        lock="network",
    ),
    _row(
        "plugins-newer",
        """docker plugin ls; docker plugin ls --format json; rc docker plugin install --grant-all-permissions 127.0.0.1:1/x:y; rc docker plugin enable nosuch
        rc docker plugin set nosuch a=b; rc docker plugin rm nosuch""",
        ("connection refused", "rc=1"),
    ),
    _row(
        "context-over-ssh",
        _SSH
        + """unset DOCKER_TLS_VERIFY; docker context create far --docker host=ssh://me@far.test:2222
        DOCKER_HOST= DOCKER_CERT_PATH= ; unset DOCKER_HOST DOCKER_CERT_PATH
        docker --context far run --rm $N $IMG echo hello; echo typed | rc docker --context far run --rm -i $N $IMG sh -c 'cat; echo err >&2; exit 4'
        docker --context far ps -q --filter name=$P; rc docker --context far logs nosuch-$P; docker context ls --format '{{.Name}} {{.DockerEndpoint}}'""",
        ("hello", "typed\n", "rc=4", "far ssh://me@far.test:2222"),
        steps=(without("^default "), sort),
        transports=("unix", "mtls"),
    ),
    _row(
        "attach-modern",
        """docker run -d --name $P --log-driver local --log-opt max-size=1m $N $IMG sh -c 'for i in 1 2 3; do echo $i; done; sleep 0.3; echo end'
        docker logs -f --details $P; docker wait $P; docker container ls -a --filter name=$P --format json | grep -o '"State":"[a-z]*"'; docker rm $P
        docker run --rm --log-driver none $N $IMG echo unlogged; docker container prune -f --filter label=nosuch=$P""",
        ("end\n", "unlogged"),
    ),
    _row(
        "curl-modern",
        """dcurl -i /v1.44/_ping; dcurl -i -X POST -H 'Content-Type: application/json' -d '{"serveraddress":"127.0.0.1:1"}' /v1.51/auth; dcurl -i /v1.51/distribution/127.0.0.1:1/x/json
        dcurl -i -X POST -H 'Content-Type: application/json' -d '{"Image":"busybox:test"}' '/v1.51/containers/create?platform=a/b/c/d'
        dcurl -i -X POST -d '{"Image":"busybox:test"}' /v1.51/containers/create; dcurl -i -X POST /session; dcurl -i -X POST /grpc
        dcurl -i -X POST '/v1.51/build/prune?reserved-space=1&max-used-space=2'; dcurl -i '/v1.51/system/df?type=volume' | head -1""",
        ("200 OK", "400 Bad Request"),
        cli=NO,
        lock="df",
        steps=(replace(r'(?m)^\{"CachesDeleted.*$', "<pruned>"), replace("Content-Length: [0-9]+", "Content-Length: <n>")),
    ),
]  # fmt: skip
