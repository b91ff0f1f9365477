"""Battery rows of a swarm: one node on loopback, on a daemon of its own, because other rows ask whether there is one."""

from .normalize import replace, sort, table, without
from .row import MODERN, Row

SWARM = "swarm"
"""The transport of these rows."""

_ID = replace(r"\b[a-z0-9]{25}\b", "<id>")
_SHORT = replace(r"\b(?=[a-z0-9]*\d)[a-z0-9]{12}\b", "<short>")
_PROGRESS = without(r"^(overall progress|\d+/\d+:|verify:|.*converged)|^ *$")
_STEPS = (_ID, _SHORT, replace(r"SWMTKN-\S+", "<token>"), table, _PROGRESS)


def _row(name: str, script: str, expect: tuple[str, ...], **options: object) -> Row:
    begin = "docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:$FREE_PORT >init; grep -c 'swarm join' init\n"
    given = {
        "engine": (MODERN,),
        "transports": (SWARM,),
        "same_transport": True,
        "lock": "swarm",
        "steps": _STEPS,
        "timeout": 110,
    } | options
    return Row(f"swarm-{name}", begin + script + "\ndocker swarm leave --force", expect, **given)  # type: ignore[arg-type]


SWARM_ROWS = [
    _row(
        "node",
        """docker node ls --format '{{.Status}} {{.Availability}} {{.ManagerStatus}}'; docker node inspect self -f '{{.Spec.Role}}'
        id=$(docker node ls -q); docker node update --label-add x=$P $id; docker node inspect self -f '{{.Spec.Labels}}'; docker node ps self; docker swarm join-token worker
        docker swarm join-token -q --rotate manager; docker swarm update --autolock --task-history-limit 3; docker swarm unlock-key -q
        docker swarm update --autolock=false; docker swarm ca | head -1; rc docker node rm $id; rc docker node demote $id
        docker info -f '{{.Swarm.LocalNodeState}} {{.Swarm.Managers}}'; rc docker swarm init; rc docker swarm leave""",
        ("Ready Active Leader", "map[x:<p>]", "active 1", "rc=1"),
        steps=(*_STEPS, replace(r"SWMKEY-\S+", "<key>")),
    ),
    _row(
        "service",
        """docker service create -q -d --name $P --network host --restart-condition none --replicas 1 --env A=b --label x=$P --mount type=tmpfs,dst=/t --no-resolve-image $IMG \\
            sh -c 'echo up; trap exit TERM; while :; do usleep 20000; done'
        until docker service logs --raw $P 2>&1 | grep -q ^up; do sleep 0.1; done; docker service logs --raw $P; docker service ls --format '{{.Name}} {{.Replicas}} {{.Image}}'
        docker service ps $P --format '{{.Name}} {{.DesiredState}} {{.Error}}'; docker service inspect --pretty $P | grep -c Env
        docker service inspect $P -f '{{.Spec.Name}} {{json .Spec.TaskTemplate.ContainerSpec.Args}} {{json .Spec.Labels}}'
        docker service scale -d $P=2; docker service update -q -d --label-add y=z --no-resolve-image $P; docker service inspect $P -f '{{.Spec.Mode.Replicated.Replicas}} {{json .Spec.Labels}}'
        rc docker service rollback -q -d $P; docker service rm $P; rc docker service inspect nosuch-$P; rc docker service create -d -q --network nosuch $IMG""",
        ("up\n", "<p> 1/1 busybox:test", "rc=1"),
    ),
    _row(
        "secret-config",
        """echo s3cret | docker secret create --label x=$P $P -; echo conf | docker config create $P-c -; docker secret ls --format '{{.Name}}'; docker config ls --format '{{.Name}}'
        docker secret inspect $P -f '{{.Spec.Name}} {{.Spec.Labels}}'; docker config inspect --pretty $P-c | tail -1
        docker service create -q -d --name $P --network host --restart-condition none --secret $P --config src=$P-c,target=/c --no-resolve-image $IMG sh -c 'md5sum </run/secrets/'$P'; cat /c; exec sleep 60'
        until docker service logs --raw $P 2>&1 | grep -q conf; do sleep 0.1; done; docker service logs --raw $P
        rc docker secret rm $P; docker service rm $P; docker secret rm $P; docker config rm $P-c; rc docker secret inspect nosuch; rc docker config rm nosuch""",
        ("17a924fe236ecfe992493fc857c5e85d  -", "conf\n", "is in use by", "rc=1"),
    ),
    _row(
        "stack",
        """cat >stack.yaml <<'END'
version: "3.8"
services:
  a: {image: "busybox:test", command: "sh -c 'echo up a; exec sleep 60'", networks: [outer], secrets: [s], deploy: {restart_policy: {condition: none}}}
networks: {outer: {external: true, name: host}}
secrets: {s: {file: ./f}}
END
        echo s3cret >f; docker stack config -c stack.yaml | head -1; docker stack deploy -d --resolve-image never -c stack.yaml $P; docker stack ls --format '{{.Name}} {{.Services}}'
        until docker service logs --raw ${P}_a 2>&1 | grep -q ^up; do sleep 0.1; done; docker stack services $P --format '{{.Name}} {{.Replicas}}'
        docker stack ps $P --format '{{.Name}} {{.DesiredState}}'; docker stack deploy -d --prune --resolve-image never -c stack.yaml $P; docker stack rm -d=true $P; rc docker stack ps nosuch-$P
        rc docker stack deploy -c nosuch.yaml $P""",
        ("Creating service <p>_a", "Removing service <p>_a", "rc=1"),
        steps=(*_STEPS, sort),
    ),
    _row(
        "volume-network",
        """t=$(date +%s); rc docker volume create --driver nosuch --type mount --scope single $P; rc docker volume update --availability drain nosuch-$P
        rc docker network create -d overlay --attachable $P; docker network ls --filter scope=swarm --format '{{.Name}} {{.Driver}}'; rc docker network rm $P
        docker events --since $t --until $(($(date +%s) + 1)) --filter scope=swarm --filter network=$P --format '{{.Type}} {{.Action}}'""",
        ("rc=1", "ingress overlay"),
    ),
]  # fmt: skip
