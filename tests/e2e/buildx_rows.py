"""Battery rows of buildx, the docker CLI's plug-in: BuildKit in the daemon, by gRPC in upgraded connections."""

from .normalize import buildkit, digits, replace, sort, table
from .row import MODERN, OLD, Row

_AT_END = replace(r"(?m)^\S+\s+(true|false)\s.*$", "<record>")


def _row(name: str, script: str, expect: tuple[str, ...], **options: object) -> Row:
    given = {"cli": OLD, "engine": (MODERN,), "timeout": 110, "steps": (buildkit,)} | options
    return Row(f"buildx-{name}", script, expect, **given)  # type: ignore[arg-type]


BUILDX_ROWS = [
    _row(
        "secret-ssh-cache",
        """echo s3cret >s; ssh-keygen -q -t ed25519 -N '' -f key; eval $(ssh-agent -a $PWD/agent) >/dev/null; ssh-add -q key
        cat >Dockerfile <<'END'
FROM busybox:test
ARG A
ENV B=$A
RUN --mount=type=secret,id=s md5sum </run/secrets/s
RUN --mount=type=secret,id=t,env=T test "$T" = t0ken && echo "a secret in the environment"
RUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo "an agent is there"
RUN --mount=type=cache,target=/cache echo x >>/cache/f && echo "a cache is there"
RUN echo "made of $A" && echo to-stderr >&2
COPY --chmod=700 f /f
CMD ["cat", "/f"]
END
        echo $P >f; export T=t0ken
        docker buildx build --progress plain --no-cache --network none --ssh default --secret id=s,src=s --secret id=t,env=T \\
            --build-arg A=$P --label x=$P --iidfile iid --metadata-file m -t $P:built .
        docker run --rm $N $P:built; grep -c containerimage.config.digest m; docker rmi $P:built | grep -v Deleted; kill $SSH_AGENT_PID""",
        ("17a924fe236ecfe992493fc857c5e85d  -", "an agent is there", "a cache is there", "made of <p>", "Untagged: <p>:built"),
    ),
    _row(
        "failing",
        """printf 'FROM busybox:test\\nRUN echo %s no; exit 3\\n' $P >Dockerfile; rc docker buildx build --progress plain --no-cache --network none .
        echo NONSENSE >Dockerfile; rc docker buildx build --progress plain .; rc docker buildx build -f nosuch .
        printf 'FROM scratch\\nCOPY nosuch /\\n' >Dockerfile; rc docker buildx build --progress plain .
        printf 'FROM 127.0.0.1:1/x:%s\\n' $P >Dockerfile; rc docker buildx build --progress plain .
        printf 'FROM busybox:test\\nRUN --mount=type=secret,id=s,required=true true\\n' >Dockerfile; rc docker buildx build --progress plain --network none .""",
        ("exit code: 3", "unknown instruction", "connection refused", "rc=1"),
    ),
    _row(
        "outputs",
        """cp $DATA/10mb big; printf 'FROM scratch\\nCOPY big /big\\n' >Dockerfile
        docker buildx build --progress plain --no-cache --output type=local,dest=out .; md5sum <out/big
        docker buildx build --progress plain -o type=tar,dest=t.tar .; tar -xOf t.tar big | md5sum
        docker buildx build -q -o - . | tar -xO big | md5sum; docker buildx build --progress plain --load -t $P:l .
        docker save $P:l | tar -t | grep -c blobs; docker buildx build -q -o type=docker,dest=- . | tar -t | grep -c blobs
        docker buildx build -q -o type=oci,dest=o.tar .; md5sum <big; docker rmi $P:l | grep -v Deleted""",
        ("  -\n", "Untagged: <p>:l"),
    ),
    _row(
        "bake",
        """cat >docker-bake.hcl <<'END'
variable "WHO" { default = "nobody" }
group "default" { targets = ["a", "b"] }
target "a" {
  dockerfile-inline = "FROM busybox:test\\nARG WHO\\nRUN echo a for $WHO"
  args = {WHO = WHO}
  network = "none"
  no-cache = true
}
target "b" {
  dockerfile-inline = "FROM scratch\\nCOPY f /f"
  output = ["out"]
  no-cache = true
}
END
        echo $P >f; docker buildx bake --print; WHO=$P docker buildx bake --progress plain; cat out/f; rc docker buildx bake nosuch""",
        ("a for <p>", "<p>\n", "rc=1"),
    ),
    _row(
        "stdin-and-checks",
        """printf 'FROM busybox:test\\nRUN echo piped %s' $P | docker buildx build --progress plain --no-cache --network none -
        printf 'from scratch\\nCOPY f /f\\nMAINTAINER me\\n' >Dockerfile; echo $P >f; rc docker buildx build --check .
        tar -c Dockerfile f | docker buildx build --progress plain --no-cache -o out -; cat out/f
        printf 'ARG X=1\\nFROM scratch AS one\\nCOPY f /f\\n' >Dockerfile; docker buildx build --call outline .; docker buildx build --call targets .""",
        ("piped <p>", "MaintainerDeprecated"),
    ),
    _row(
        "builders",
        """docker buildx ls; docker buildx inspect; docker buildx inspect --bootstrap | head -3; docker buildx version
        rc docker buildx inspect nosuch; rc docker buildx use nosuch; rc docker buildx rm nosuch; docker context ls""",
        ("default", "docker", "rc=<n>"),
        steps=(table, replace(r"v\d+\.\d+\S*", "<version>"), digits, sort),
    ),
    # No record is removed: a `history ls` after that ends dockerd 28.5.2 (a nil pointer in filterHistoryEvents).
    _row(
        "records",
        """printf 'FROM scratch\\nCOPY f /%s\\n' $P >Dockerfile; echo $P >f; docker buildx build -q --no-cache --metadata-file m . | head -c 7; echo
        ref=$(sed -n 's/.*"buildx.build.ref": "\\(.*\\)".*/\\1/p' m); ref=${ref##*/}
        docker buildx du | head -1; docker buildx du --verbose | grep -q '^ID:' && echo records; docker buildx history ls | grep -c $ref
        docker buildx history inspect $ref | grep -c COPY; docker buildx history logs --progress plain $ref 2>&1 | grep -q DONE && echo logged
        rc docker buildx history inspect nosuch; docker buildx prune -f --filter until=1000h; docker builder prune -f --filter until=1000h""",
        ("sha<n>:", "records", "logged", "Total:"),
        lock="df",
        steps=(table, digits, sort),
    ),
]  # fmt: skip
