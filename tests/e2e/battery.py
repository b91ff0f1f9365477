"""The battery: every command whose outcome must be the same through apispy as directly. One row, one command.

A row's `run` is a shell script or a function that takes a Client (see clients.py). Shell rows have the variables $P (a
unique name), $IMG, $N (no network), $FREE_PORT and $DATA, and the functions `rc` and `up`. `expect` and `code` say what
the direct outcome must contain, so that two equal failures do not pass as a success.
"""

import itertools

from . import docker_py_rows, raw_rows, stream_rows, terminal_rows
from .buildx_rows import BUILDX_ROWS
from .compose_rows import COMPOSE_2_ROWS
from .modern_rows import MODERN_ROWS
from .normalize import buildkit, digits, replace, sort, table, without, without_screen_codes
from .podman_rows import PODMAN_ROWS
from .row import COMPOSE_1, ENGINE, NO, OLD, PACKAGED, Row
from .swarm_rows import SWARM_ROWS

_INFO = (
    digits,
    without(
        r"^ *(Containers|Running|Paused|Stopped|Images|ID|Name|File Desc|Goroutines|EventsListeners): |^WARNING: No |^ *Runtimes: "
    ),
)

QUERY_ROWS = [
    Row("version", "docker version", ("Server", "API version")),
    Row("version-json", "docker version --format '{{json .Server}}'", ("ApiVersion",)),
    Row("info", "docker info", ("Storage Driver",), steps=_INFO, same_transport=True),
    Row(
        "ps",
        """docker run -d --name $P $N $IMG sleep 60
        docker ps --filter name=$P
        docker ps -a --no-trunc --filter name=$P --format '{{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.State}}'
        docker ps -q --filter name=$P
        docker ps -s --filter name=$P
        docker rm -f $P""",
        ("CONTAINER ID", "sleep 60", "Up <span>", "virtual"),
        steps=(table,),
    ),
    Row(
        "images",
        "docker images busybox; docker images --no-trunc --digests busybox; docker images -q nosuch; docker history -q $IMG",
        ("busybox", "REPOSITORY", "DIGEST"),
        steps=(table,),
    ),
    Row(
        "inspect",
        """docker create --name $P --label a=b -e X=y $N $IMG echo hi
        docker inspect -f '{{.Name}} {{.Config.Labels}} {{json .HostConfig}} {{.State.Status}}' $P
        docker inspect --size -f '{{.SizeRw}} {{.SizeRootFs}}' $P
        docker inspect --type image $IMG -f '{{json .Config}}'
        rc docker inspect --type volume $P
        rc docker inspect nosuch-$P
        docker rm $P""",
        ("map[a:b]", "rc=1", "[]"),
    ),
    Row(
        "inspect-image",
        "docker image inspect $IMG; docker history --no-trunc $IMG",
        ("RootFS",),
        steps=(table, digits),
        same_transport=True,
    ),
    Row(
        "top",
        """docker run -d --name $P $N $IMG sleep 60
        docker top $P -eo pid,comm; docker top $P; rc docker top nosuch-$P; docker rm -f $P""",
        ("sleep", "PID"),
        steps=(table, replace(r"\d\d:\d\d", "<clock>"), digits),
    ),
    Row(
        "stats-no-stream",
        """docker run -d --name $P $N $IMG sleep 60 >/dev/null
        docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.NetIO}}' $P; docker rm -f $P""",
        ("<p> 1 0B / 0B",),
    ),
    Row("stats-stream", stream_rows.stats, ("<p> 1",), code=-9, steps=(without_screen_codes, without("-- "))),
    Row(
        "system-df",
        "docker system df; docker system df -v | grep -c .",
        ("TYPE", "Build Cache"),
        lock="df",
        steps=(table, replace(r"\d[\w.]*( \(\d+%\))?", "<n>")),
    ),
    Row("plugins", "docker plugin ls; rc docker plugin inspect nosuch", ("ENABLED", "rc=1")),
    Row(
        "swarm-is-off",
        "rc docker node ls; rc docker service ls; rc docker secret ls; rc docker swarm leave",
        ("not a swarm manager", "not part of a swarm"),
    ),
]

RUN_ROWS = [
    Row("run-echo", "docker run --rm $N $IMG echo hello", ("hello\n",)),
    Row("run-stdin", "echo x | docker run --rm -i $N $IMG cat", ("x\n",)),
    Row("run-stdin-10mb", "docker run --rm -i $N $IMG md5sum <$DATA/10mb; md5sum <$DATA/10mb", ("  -\n",)),
    Row(
        "run-stdin-cat-10mb",
        "docker run --rm -i $N $IMG cat <$DATA/10mb | md5sum; md5sum <$DATA/10mb",
        ("  -\n",),
    ),
    Row(
        "run-stdout-10mb",
        "docker run --rm $N $IMG dd if=/dev/zero bs=1M count=10 2>/dev/null | md5sum",
        ("f1c9645dbc14efddc7d8a322685f26eb",),
    ),
    Row("run-code", "docker run --rm $N $IMG sh -c 'echo out; echo err >&2; exit 7'", ("out", "err"), code=7),
    Row(
        "run-order",
        "docker run --rm $N $IMG sh -c 'for i in 1 2 3; do echo o$i; usleep 50000; echo e$i >&2; usleep 50000; done' 2>&1",
        ("o1\ne1\no2\ne2\no3\ne3\n",),
    ),
    Row(
        "run-late",
        "echo x | docker run --rm -i $N $IMG sh -c 'cat; sleep 1; echo late; echo err >&2; exit 4'",
        ("x\nlate\n", "err\n"),
        code=4,
    ),
    Row("run-stdin-stays-open", stream_rows.stdin_stays_open, ("done\n",), code=3),
    Row("run-live", stream_rows.run_live, ("line 20",), check=stream_rows.check_delays),
    Row("run-t", terminal_rows.run_t, ("24 80", "hello"), code=6),
    Row("run-it-resize", terminal_rows.run_it_resize, ("ready", "33 101", "got hey"), code=3),
    Row("run-detach-keys", terminal_rows.run_detach_keys, ("true",), code=None, same_transport=True),
    Row("run-ctrl-c", terminal_rows.run_ctrl_c, ("caught",), code=9),
    Row(
        "run-d-logs",
        """docker run -d --name $P $N $IMG sh -c 'echo out; usleep 50000; echo err >&2; usleep 50000; echo last'
        docker wait $P
        docker logs $P 2>&1
        docker logs $P
        docker logs --tail 1 -t $P
        docker logs --since 2100-01-01T00:00:00 $P
        docker logs -f --until 2100-01-01T00:00:00 $P
        docker rm $P
        rc docker logs $P""",
        ("out\nerr\nlast\n", "rc=1"),
    ),
    Row(
        "logs-10mb",
        """docker run --name $P $N $IMG sh -c 'yes "$(printf "a line of the log %0982d" 7)" | head -n 10000' >/dev/null
        docker logs $P | tee log | md5sum; wc -c <log; docker rm $P""",
        ("  -", "10010000\n"),
    ),
    Row("logs-follow", stream_rows.logs_follow, ("line 20",), check=stream_rows.check_delays),
    Row(
        "attach",
        """docker run -d -i --name $P $N $IMG sh -c 'read a; echo "out $a"; usleep 100000; echo "err $a" >&2; exit 5'
        (echo go; docker wait $P >/dev/null) | rc docker attach $P 2>&1
        docker rm $P""",
        ("out go\nerr go\nrc=5",),
    ),
    Row("attach-no-stdin", stream_rows.attach_no_stdin, ("late\n",), code=2),
    Row(
        "start-attached",
        """docker create -i --name $P $N $IMG sh -c 'cat; exit 8'
        echo x | rc docker start -ai $P; docker start $P; docker rm -f $P""",
        ("x\nrc=8",),
    ),
    Row("attach-detach-keys", terminal_rows.attach_detach_keys, ("true",), code=None, same_transport=True),
    Row(
        "wait",
        """docker run -d --name $P $N $IMG sh -c 'until [ -e /go ]; do usleep 20000; done; exit 42' >/dev/null
        docker wait $P & docker exec $P touch /go; wait; docker wait $P; docker rm $P""",
        ("42\n42\n",),
    ),
    Row(
        "kill",
        """docker run -d --name $P $N $IMG sh -c 'trap "echo usr1; exit 9" USR1; echo up; while :; do usleep 20000; done'
        up $P; docker kill -s USR1 $P; docker wait $P; docker logs $P; rc docker kill $P
        docker start $P >/dev/null; docker kill $P; docker wait $P; docker rm $P""",
        ("up\nusr1\n", "rc=1", "137\n"),
    ),
    Row(
        "stop",
        """docker run -d --name $P $N $IMG sh -c 'trap "echo term; exit 5" TERM; echo up; while :; do usleep 20000; done'
        up $P; docker stop $P; docker logs $P; docker inspect -f '{{.State.ExitCode}}' $P; docker rm $P""",
        ("up\nterm\n", "5\n"),
    ),
    Row(
        "restart",
        """docker run -d --name $P $N $IMG sh -c 'echo up; exec sleep 60'; up $P; docker restart -t 0 $P
        docker inspect -f '{{.State.Running}}' $P; docker logs $P; docker rm -f $P""",
        ("true", "up\nup\n"),
    ),
    Row(
        "rename",
        """docker create --name $P $N $IMG true; docker rename $P $P-b; docker ps -a --filter name=$P --format '{{.Names}}'
        rc docker rename $P nosuch; docker rm $P-b""",
        ("<p>-b", "rc=1"),
    ),
    Row(
        "update",
        """docker run -d --name $P $N $IMG sleep 60; docker update --memory 64m --memory-swap 128m --cpu-shares 512 $P
        docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.CpuShares}}' $P; docker rm -f $P""",
        ("67108864 512",),
    ),
    Row(
        "pause",
        """docker run -d --name $P $N $IMG sleep 60; docker pause $P; docker inspect -f '{{.State.Paused}}' $P
        rc docker exec $P true; rc docker pause $P; docker unpause $P; rc docker unpause $P; docker rm -f $P""",
        ("true", "is paused", "rc=1"),
    ),
    Row(
        "events-live", stream_rows.events_live, ("create", "start", "die", "destroy"), code=-9, steps=(sort,)
    ),
    Row(
        "events-until",
        """t=$(date +%s.%N); docker run --name $P $N $IMG true; docker rm $P >/dev/null
        docker events --since $t --until $(date +%s.%N) --filter container=$P --format '{{.Type}} {{.Action}}'
        docker events --since $t --until $(date +%s.%N) --filter container=$P --format '{{json .Actor.Attributes}}' | head -1""",
        ("container create", "container destroy"),
        steps=(replace('"execID":"<id \\d+>",', ""),),
    ),
]

EXEC_ROWS = [
    Row(
        "exec",
        """docker run -d --name $P $N $IMG sleep 60 >/dev/null
        docker exec $P echo hi
        rc docker exec $P sh -c 'echo out; echo err >&2; exit 3'
        rc docker exec -e A=b -w /tmp -u 7 $P sh -c 'echo $A; pwd; id -u'
        echo x | rc docker exec -i $P cat
        docker exec $P sh -c 'for i in 1 2 3; do echo o$i; usleep 50000; echo e$i >&2; usleep 50000; done' 2>&1
        docker exec -d $P sh -c 'echo made >/made'; until docker exec $P cat /made 2>/dev/null; do sleep 0.02; done
        docker rm -f $P""",
        ("hi\nout\nrc=3", "b\n/tmp\n7\nrc=0\nx\nrc=0\no1\ne1\no2\ne2\no3\ne3\nmade"),
    ),
    Row(
        "exec-late",
        """docker run -d --name $P $N $IMG sleep 60 >/dev/null
        echo x | rc docker exec -i $P sh -c 'cat; sleep 1; echo late; echo late-err >&2; exit 4'; docker rm -f $P""",
        ("x\nlate\nrc=4", "late-err"),
    ),
    Row(
        "exec-10mb",
        """docker run -d --name $P $N $IMG sleep 60 >/dev/null
        docker exec -i $P md5sum <$DATA/10mb; docker exec -i $P cat <$DATA/10mb | md5sum
        docker exec $P dd if=/dev/zero bs=1M count=10 2>/dev/null | md5sum; md5sum <$DATA/10mb; docker rm -f $P""",
        ("f1c9645dbc14efddc7d8a322685f26eb",),
    ),
    Row(
        "exec-parallel",
        """docker run -d --name $P $N $IMG sleep 60 >/dev/null
        for i in $(seq 16); do docker exec $P sh -c "echo out $i; echo err $i >&2" & done 2>&1 | sort; wait; docker rm -f $P""",
        ("out 16", "err 16"),
    ),
    Row("exec-live", stream_rows.exec_live, ("line 20",), check=stream_rows.check_delays),
    Row("exec-t", terminal_rows.exec_t, ("tty",), code=3),
    Row("exec-it", terminal_rows.exec_it, ("40 120", "got abc"), code=5),
    Row("exec-detach-keys", terminal_rows.exec_detach_keys, ("ready",), code=None, same_transport=True),
]

TRANSFER_ROWS = [
    Row(
        "cp",
        """echo data >f; mkdir -p d/sub; echo y >d/sub/y; docker create --name $P $N $IMG true
        rc docker cp f $P:/tmp/g; rc docker cp d $P:/tmp; rc docker cp $P:/tmp/g out; cat out
        docker cp $P:/tmp/d - | tar -t | sort; tar -c d | docker cp - $P:/etc; docker cp $P:/etc/d/sub/y -| tar -xO
        rc docker cp $P:/nosuch .; rc docker cp nosuch $P:/; rc docker cp f $P:/no/such
        docker cp $DATA/10mb $P:/big; docker cp $P:/big - | tar -xO | md5sum; md5sum <$DATA/10mb; docker rm $P""",
        ("data\n", "d/sub/y\n", "rc=1", "  -\n"),
    ),
    Row(
        "diff",
        """docker run --name $P $N $IMG sh -c 'echo a >/tmp/a; rm /bin/yes; echo b >>/etc/b'; docker diff $P | sort; docker rm $P""",
        ("A /tmp/a", "D /bin/yes"),
    ),
    Row(
        "commit",
        """docker run --name $P $N $IMG sh -c 'echo kept >/f'; docker commit -m msg -a me -c 'CMD ["cat","/f"]' $P $P:img
        docker run --rm $N $P:img; docker image inspect -f '{{.Comment}} {{.Author}} {{.Config.Cmd}}' $P:img
        docker history --format '{{.Comment}}' $P:img; docker rm $P; docker rmi $P:img | grep -v Deleted""",
        ("kept\nmsg me [cat /f]\n",),
    ),
    Row(
        "tag",
        """docker tag $IMG $P:a; docker tag $P:a $P/b/c:d; docker images --format '{{.Repository}}:{{.Tag}}' "$P*/**"
        docker images --format '{{.Repository}}:{{.Tag}}' $P; docker rmi $P:a $P/b/c:d; rc docker tag nosuch-$P x
        rc docker tag $IMG 'BAD NAME'""",
        ("<p>:a", "Untagged", "rc=1"),
    ),
    Row(
        "export-import",
        """docker run --name $P $N $IMG sh -c 'echo x >/f'; docker export $P | tar -t | sort | md5sum
        docker export -o e.tar $P; tar -xOf e.tar f
        docker import -c 'CMD cat /f' - $P:imp <e.tar; docker run --rm $N $P:imp; docker import e.tar $P:file
        rc docker import - $P:bad <f; docker rm $P; docker rmi -f $P:imp $P:file | grep -v Deleted""",
        ("x\n", "  -\n", "Untagged"),
    ),
    Row(
        "save-large",
        "docker save big:test | tar -xO --wildcards '*/layer.tar' | tar -xO | md5sum; cat $DATA/large.md5",
        ("  -\n",),
    ),
    Row(
        "save-file",
        "docker save -o s.tar $IMG big:test; tar -tf s.tar | wc -l; rc docker save nosuch-$P -o t",
        ("rc=1",),
    ),
    Row("load-large", stream_rows.load_large, ("Loaded image: <p>:big", "same id", "same layer")),
    Row("load-garbage", "head -c 100000 $DATA/10mb | rc docker load; echo x | rc docker load -q", ("rc=1",)),
    Row(
        "build-legacy",
        """export DOCKER_BUILDKIT=0; cp $DATA/10mb big; echo big2 >.dockerignore; cp big big2; echo $P >f
        printf 'FROM %s\\nARG A\\nRUN echo "building $A"; echo to-stderr >&2\\nCOPY . /d/\\nCMD ls /d; md5sum </d/big' $IMG >Dockerfile
        docker build $N --no-cache --build-arg A=b -t $P:built .; docker run --rm $N $P:built
        printf 'FROM %s\\nCMD true' $IMG | docker build $N -q -; docker rmi -f $P:built""",
        ("Sending build context", "Step 4/5", "building b", "big\n", "f\n", "  -\n"),
        steps=(
            replace(r"\x1b\[\d+m", ""),
            sort,
        ),  # the daemon itself interleaves both outputs of a step at random
    ),
    Row(
        "build-legacy-failing",
        """export DOCKER_BUILDKIT=0; printf 'FROM %s\\nRUN echo no; exit 3\\n' $IMG >Dockerfile; rc docker build $N --no-cache .
        echo NONSENSE >Dockerfile; rc docker build .; printf 'FROM nosuch.invalid/x\\n' >Dockerfile; rc docker build .
        rc docker build -f nosuch .""",
        ("returned a non-zero code: 3", "rc=3", "unknown instruction", "rc=1"),
        steps=(
            replace(r"on \S+:53: ", "on <dns>: "),
            replace(r"read udp \S+: i/o timeout|server misbehaving", "no such host"),
        ),
    ),
    Row(
        "build-buildkit",
        """export DOCKER_BUILDKIT=1; cp $DATA/10mb big; echo $P >f; echo s3cret >s
        printf 'FROM %s\\nARG A\\nRUN echo "made of $A"\\nRUN --mount=type=secret,id=s md5sum </run/secrets/s\\nCOPY . /d/\\nCMD md5sum </d/big' $IMG >Dockerfile
        docker build $N --no-cache --progress plain --secret id=s,src=s --build-arg A=$P -t $P:built .
        docker run --rm $N $P:built; docker build $N -q --secret id=s,src=s --build-arg A=$P -t $P:built .
        docker rmi $P:built | grep -v Deleted""",
        ("made of <p>", "17a924fe236ecfe992493fc857c5e85d  -", "Untagged: <p>:built"),
        cli=OLD,
        steps=(buildkit,),
    ),
    Row(
        "build-buildkit-output",
        """export DOCKER_BUILDKIT=1; cp $DATA/10mb big; printf 'FROM scratch\\nCOPY big /big\\n' >Dockerfile
        docker build $N --no-cache --progress plain -o out . ; md5sum <out/big; docker build -q -o - . | tar -xO big | md5sum""",
        ("  -\n",),
        cli=OLD,
        steps=(buildkit,),
    ),
    Row(
        "build-buildkit-failing",
        """export DOCKER_BUILDKIT=1; printf 'FROM %s\\nRUN echo %s no; exit 3\\n' $IMG $P >Dockerfile
        rc docker build $N --no-cache --progress plain .; echo NONSENSE >Dockerfile; rc docker build --progress plain .""",
        ("exit code: 3", "unknown instruction", "rc=1"),
        cli=OLD,
        steps=(buildkit,),
    ),
]

RESOURCE_ROWS = [
    Row(
        "volume",
        """docker volume create --label x=$P $P; docker volume ls --filter name=$P; docker volume inspect $P
        docker run --rm $N -v $P:/v $IMG sh -c 'echo kept >/v/f'; docker run --rm $N -v $P:/v $IMG cat /v/f
        docker volume rm $P; rc docker volume rm $P""",
        ("kept", "Mountpoint", "rc=1"),
        steps=(replace(r'"/\S+/volumes/', '"<root>/volumes/'),),
    ),
    Row(
        "network",
        """docker network create --internal $P; docker network ls --filter name=$P; docker create --name $P $N $IMG true
        docker network disconnect none $P; docker network connect --alias al $P $P
        docker inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.Aliases}}{{end}}' $P
        docker network inspect -f '{{.Name}} {{.Driver}} {{.Internal}}' $P; docker rm $P; docker network rm $P
        rc docker network rm $P""",
        ("bridge", "al", "rc=1"),
        lock="network",
    ),
    Row(
        "prune",
        """docker create --label p=$P $N $IMG true; docker volume create --label p=$P $P
        docker container prune -f --filter label=p=$P; docker volume prune -f --filter label=p=$P
        docker image prune -f --filter label=p=$P; docker network prune -f --filter label=p=$P
        docker system prune -f --filter label=p=$P; docker builder prune -f""",
        ("Deleted Containers",),
        lock="df",
        steps=(
            without(r"^[a-z0-9]{25}(\s|$)|^Deleted build cache|reclaimed|^Total|^ID |^$"),
        ),  # from other rows' builds
    ),
]

ERROR_ROWS = [
    Row(
        "no-such-container",
        """for c in inspect logs start stop kill rm wait attach diff export top pause port; do rc docker $c nosuch-$P; done
        rc docker exec nosuch-$P true; rc docker cp nosuch-$P:/x .; rc docker stats --no-stream nosuch-$P""",
        ("No such", "rc=1"),
    ),
    Row(
        "no-such-image",
        "rc docker run --pull never nosuch:$P; rc docker rmi nosuch:$P; rc docker history nosuch:$P",
        ("rc=125", "No such image"),
    ),
    Row(
        "pull-nowhere",
        "rc docker pull 127.0.0.1:1/x:y; rc docker push 127.0.0.1:1/x:y; rc docker run 127.0.0.1:1/x:y",
        ("connection refused", "rc=1", "rc=125"),
    ),
    Row(
        "missing-program",
        """rc docker run --rm $N $IMG nosuch; rc docker run --rm $N $IMG /etc; docker run -d --name $P $N $IMG sleep 60
        rc docker exec $P nosuch; rc docker exec -i $P /etc </dev/null; docker rm -f $P""",
        ("rc=127", "rc=126", "executable file not found"),
        steps=(without("context canceled"),),  # the CLI prints it only sometimes
    ),
    Row(
        "conflicts",
        """docker create --name $P $N $IMG true; rc docker create --name $P $N $IMG true; rc docker create --name '/%' $IMG
        docker start $P >/dev/null; rc docker run --rm --memory 1k $N $IMG true; rc docker run --network nosuch $IMG true
        rc docker run --rm -v relative/p:/x $N $IMG true; docker rm -f $P""",
        ("already in use", "rc=125"),
        steps=(without("error waiting for container"),),  # the CLI prints it only sometimes
    ),
    Row(
        "api-version",
        "DOCKER_API_VERSION=1.24 docker ps -q --filter name=$P; DOCKER_API_VERSION=1.99 rc docker ps",
        ("too new", "rc=1"),
    ),
]

COMPOSE_ROWS = [
    Row(
        "compose",
        """cat >docker-compose.yml <<'END'
version: "2.4"
services:
  a: {image: "busybox:test", network_mode: none, command: "sh -c 'echo up a; exec sleep 60'"}
  b: {image: "busybox:test", network_mode: host, command: "sh -c 'echo up b; exec sleep 60'", depends_on: [a]}
END
        dc() { docker-compose --no-ansi -p $P "$@" 2>&1; echo "rc=$?"; }
        dc up -d; up ${P}_a_1; up ${P}_b_1
        dc logs a; dc ps; dc exec -T a echo hi; dc exec -T b sh -c 'echo out; exit 3'; echo x | dc exec -T b cat
        dc top; dc stop -t 0 b; dc down -t 0 | sort""",
        ("Creating <p>_a_<n>", "up a", "hi\nrc=<n>", "x\nrc=<n>", "Removing <p>_a_<n>"),
        steps=(table, digits, replace(r"-{5,}", "----")),
        cli=OLD,
        needs=(COMPOSE_1,),
        engine=(PACKAGED,),
        timeout=110,
    ),
    Row(
        "compose-up",
        """cat >docker-compose.yml <<'END'
version: "2.4"
services:
  a: {image: "busybox:test", network_mode: none, command: "sh -c 'echo one; sleep 0.2; echo two; exit 4'"}
END
        docker-compose --no-ansi -p $P up --abort-on-container-exit --exit-code-from a 2>&1; echo "rc=$?"
        docker-compose --no-ansi -p $P down -t 0 2>&1""",
        ("one", "two", "rc=4"),
        cli=OLD,
        needs=(COMPOSE_1,),
        engine=(PACKAGED,),
    ),
]

DOCKER_PY_ROWS = [
    Row("py-run", docker_py_rows.run, ("hello", "ContainerError 3"), cli=NO),
    Row("py-logs", docker_py_rows.logs, ("line 3",), cli=NO),
    Row(
        "py-exec",
        docker_py_rows.execute,
        steps=(replace("exit_code=(None|0), output=''", "<detached>"),),
        expect=("b'out", "b'err"),
        cli=NO,
    ),
    Row("py-exec-socket", docker_py_rows.exec_socket, ("got abc",), cli=NO),
    Row("py-attach", docker_py_rows.attach, ("hi there",), cli=NO),
    Row("py-events", docker_py_rows.events, ("create", "destroy"), cli=NO),
    Row("py-archive", docker_py_rows.archive, ("kept",), cli=NO),
    Row("py-stats", docker_py_rows.stats, ("read",), cli=NO),
    Row("py-images", docker_py_rows.images, ("built", "loaded"), cli=NO),
    Row("py-errors", docker_py_rows.errors, ("NotFound", "APIError"), cli=NO),
]

CURL_ROWS = [
    Row(
        "curl-heads",
        "dcurl -i /_ping; dcurl -I /_ping; dcurl -i /nosuch; dcurl -i /v1.99/info; dcurl -i /v1.23/containers/x/json",
        ("HTTP/1.1 200 OK", "404 Not Found", "too new"),
        cli=NO,
    ),
    Row(
        "curl-json",
        "dcurl -i /version; dcurl -i -X POST -H 'Content-Type: application/json' -d '{' /containers/create; "
        "dcurl -i -X OPTIONS /x; dcurl -i '//info'",
        ("ApiVersion", "unexpected EOF", "301 Moved"),
        cli=NO,
    ),
    Row(
        "curl-http10",
        "dcurl --no-alpn -i --http1.0 /_ping; dcurl --no-alpn --http1.0 -i '/images/json?filters=%7B%7D' | head -1",
        ("HTTP/1.0 200 OK",),
        cli=NO,
    ),
    Row(
        "curl-alpn",  # Go rejects a client that offers only protocols it does not speak
        "dcurl -i --http1.0 /_ping; dcurl -i --http1.1 /_ping; dcurl -sv --http2 /_ping 2>&1 | grep ALPN",
        ("no application protocol", "server accepted http/1.1"),
        cli=NO,
        transports=("mtls",),
        same_transport=True,
    ),
    Row("curl-http2-asked", "dcurl --http2 -w '%{http_version} %{http_code}' /_ping", ("OK1.1 200",), cli=NO),
    Row(
        "curl-keepalive",
        """u=$(dcurl -o /dev/null -w '%{url_effective}' /); u=${u%/}
        set -- $(sed -n 's/^exec //p' ../bin/dcurl | sed 's/"\\$.*//'); "$@" -w ' %{num_connects}\\n' $u/_ping $u/_ping $u/nosuch $u/_ping""",
        ("OK 1\nOK 0\n",),
        cli=NO,
    ),
    Row("curl-expect", raw_rows.curl_expect, ("HTTP/1.1 100 Continue", "200 OK", "404 Not Found"), cli=NO),
    Row("curl-chunked-upload", raw_rows.curl_chunked_upload, ("200 OK",), cli=NO),
    Row("curl-follow", raw_rows.curl_follow, ("line 3",), cli=NO),
    Row(
        "nc-http10",
        raw_rows.nc,
        (" OK", "ServerVersion"),
        cli=NO,
        transports=("tcp", "unix"),
        same_transport=True,
        steps=(digits,),
        needs=("nc",),
    ),
]

RAW_ROWS = [
    Row("hijack-attach-old", raw_rows.attach_old, ("HTTP/1.1 200 OK", "got hello", "late"), cli=NO),
    Row("hijack-attach-upgrade", raw_rows.attach_upgrade, ("101 UPGRADED", "got hello", "late"), cli=NO),
    Row("hijack-exec-old", raw_rows.exec_old, ("HTTP/1.1 200 OK", "got hello", "late"), cli=NO),
    Row("hijack-errors", raw_rows.hijack_errors, ("404 Not Found", "409 Conflict"), cli=NO),
    Row("attach-ws", raw_rows.attach_ws, same_transport=True, expect=("got hello",), cli=NO),
    Row("pipelining", raw_rows.pipelining, ("ApiVersion",), cli=NO),
    Row("byte-by-byte", raw_rows.byte_by_byte, ("200 OK",), cli=NO),
    Row("odd-requests", raw_rows.odd_requests, ("400 Bad Request",), cli=NO),
    Row("not-http", raw_rows.not_http, ("400 Bad Request",), cli=NO),
    Row("half-close-after-request", raw_rows.half_close_after_request, ("200 OK",), cli=NO),
    Row("h2-preface", raw_rows.h2_preface, ("HTTP/1.1",), cli=NO),
]

ROWS_BY_CLIENT = {
    "docker CLI: build, cp, load, save": TRANSFER_ROWS,
    "docker-compose 1": COMPOSE_ROWS,
    "Compose v2": COMPOSE_2_ROWS,
    "buildx": BUILDX_ROWS,
    "docker CLI: swarm": SWARM_ROWS,
    "Podman's service: docker CLI, podman --remote": PODMAN_ROWS,
    "docker CLI: newer commands": MODERN_ROWS,
    "docker CLI: containers": RUN_ROWS + EXEC_ROWS,
    "docker CLI: queries, volumes, networks, errors": QUERY_ROWS + RESOURCE_ROWS + ERROR_ROWS,
    "docker-py": DOCKER_PY_ROWS,
    "curl, nc": CURL_ROWS,
    "raw connections": RAW_ROWS,
}
"""Every row; docs/compatibility.md counts them by these names."""


def rows_of(engine: str) -> list[Row]:
    """Return the rows of an engine: one of each client in turn, so that rows with one lock do not wait together."""
    turns = itertools.zip_longest(*ROWS_BY_CLIENT.values())
    return [row for turn in turns for row in turn if row and engine in row.engine]


ROWS = rows_of(ENGINE)
_NAMES = [row.name for rows in ROWS_BY_CLIENT.values() for row in rows]
assert len(set(_NAMES)) == len(_NAMES)
