"""Battery rows of Compose v2, the docker CLI's plug-in."""

import os
import re
import signal
import subprocess
from collections.abc import Callable

from .clients import Client, Result, end_group, finish
from .normalize import digits, replace, sort, table, without, without_screen_codes
from .row import MODERN, OLD, Row
from .wait import until

# `dc` prints its exit code after its output; what it prints of its progress comes in no fixed order, on stderr.
PRELUDE = """dc() { docker compose --progress plain -p $P "$@"; echo "rc=$?"; }
"""

# One service is built here, one has a volume and the project's own network, and one starts when the first is healthy.
PROJECT = """
cat >compose.yaml <<'END'
services:
  built:
    build: {context: ., network: none}
    network_mode: none
    command: sh -c 'trap exit TERM; echo up built; touch /ready; sleep 60 & wait'
    healthcheck: {test: test -e /ready, interval: 200ms}
  stored:
    image: busybox:test
    command: sh -c 'echo up stored; echo kept >/v/f; exec sleep 60'
    stop_signal: KILL
    volumes: ["vol:/v"]
    depends_on: {built: {condition: service_healthy}}
volumes: {vol: {}}
networks: {default: {internal: true}}
END
printf 'FROM busybox:test\\nCOPY f /f\\n' >Dockerfile; echo $P >f
"""

# Services without anything around them, for what takes none of it.
PLAIN = """
cat >compose.yaml <<'END'
services:
  a: {image: "busybox:test", network_mode: none, command: "sh -c 'trap exit TERM; echo up a; sleep 60 & wait'"}
  b: {image: "busybox:test", network_mode: none, command: "sh -c 'trap exit TERM; echo up b; sleep 60 & wait'"}
END
"""

_LAST = replace(r"\d+\.\d+s", "<s>")
_STEPS = (
    replace(r"(?m)^#\d+ (\d+\.\d+ )?.*\n", ""),  # buildx prints how it builds
    _LAST,
    without("^$"),
    table,
    sort,
)


def _row(
    name: str, script: str | Callable[[Client], Result], expect: tuple[str, ...], **options: object
) -> Row:
    run = PRELUDE + script if isinstance(script, str) else script
    given = {"cli": OLD, "engine": (MODERN,), "timeout": 110, "steps": _STEPS} | options
    return Row(f"compose2-{name}", run, expect, **given)  # type: ignore[arg-type]


def _compose(client: Client, words: str) -> subprocess.Popen[bytes]:
    return client.popen(
        f"{PLAIN} exec docker compose --progress plain -p $P {words}", stderr=subprocess.STDOUT
    )


def _read_until(process: subprocess.Popen[bytes], *texts: bytes) -> bytes:
    """Read lines until every one of *texts* was in one."""
    assert process.stdout
    seen = b""
    while not all(text in seen for text in texts):
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"compose ended before {texts}: {seen!r}")
        seen += line
    return seen


def _removed(client: Client, result: Result) -> Result:
    client.sh("docker compose -p $P down -t 0 -v")
    return result


def foreground(client: Client) -> Result:
    """`up`, and Ctrl-C, without a terminal."""
    process = _compose(client, "up -t 0")
    seen = _read_until(process, b"up a", b"up b")
    end_group(process, signal.SIGINT)
    result = finish(process)
    return _removed(client, Result(seen + result.out, result.err, result.code))


def foreground_terminal(client: Client) -> Result:
    """The same in a terminal, which compose draws its progress on."""
    client.sh(PLAIN)
    terminal = client.terminal("docker compose -p $P up --menu=false -t 0")
    terminal.expect(b"up a")
    terminal.expect(b"up b") if b"up b" not in terminal.transcript else None
    terminal.send(b"\x03")
    ended = terminal.finish()
    plain = re.sub(rb"\x1b\[[0-9;]*[A-Za-z]", b"", ended.out)
    shown = [line for line in plain.splitlines() if b" | up " in line]
    return _removed(client, Result(b"\n".join(sorted(shown)), ended.err, ended.code))


def logs_follow(client: Client) -> Result:
    client.sh(f"{PLAIN} docker compose -p $P up -d")
    process = _compose(client, "logs -f --no-color")
    seen = _read_until(process, b"up a", b"up b")
    client.sh("docker compose -p $P kill")
    result = finish(process)
    return _removed(client, Result(seen + result.out, result.err, result.code))


def events(client: Client) -> Result:
    """Wait for the event of each action before the next."""
    client.sh(f"{PLAIN} docker compose -p $P create")
    process = _compose(client, "events --json")
    # The first event may come before the client listens: so a container is renamed until it is told of.
    seen = b""
    os.set_blocking(process.stdout.fileno(), False)  # type: ignore[union-attr]

    def listens() -> bool:
        nonlocal seen
        client.daemon.docker("rename", f"{client.prefix}-b-1", f"{client.prefix}-b-2")
        client.daemon.docker("rename", f"{client.prefix}-b-2", f"{client.prefix}-b-1")
        seen += process.stdout.read() or b""  # type: ignore[union-attr]
        return b"rename" in seen

    until(listens, 20, "compose to tell of an event")
    os.set_blocking(process.stdout.fileno(), True)  # type: ignore[union-attr]
    client.sh("docker compose -p $P start a; docker compose -p $P kill a")
    seen += _read_until(process, b'"die"')
    end_group(process)
    result = finish(process)
    kept = b"".join(
        line
        for line in (seen + result.out).splitlines(keepends=True)
        if b'"start"' in line or b'"die"' in line
    )
    return _removed(client, Result(kept, result.err, result.code))


def watch(client: Client) -> Result:
    """A file that is changed here appears in the container."""
    client.sh(
        """mkdir src; echo old >src/f; cat >compose.yaml <<'END'
services:
  a:
    build: {context: ., network: none}
    network_mode: none
    command: sleep 60
    stop_signal: KILL
    develop: {watch: [{action: sync, path: src, target: /src}]}
END
        printf 'FROM busybox:test\\nCOPY src /src\\n' >Dockerfile; docker compose -p $P up -d --build"""
    )
    process = client.popen(
        "exec docker compose --progress plain -p $P watch --no-up", stderr=subprocess.STDOUT
    )
    seen = _read_until(process, b"Watch enabled")
    (client.work / "src/f").write_text("new\n")
    read = ["exec", f"{client.prefix}-a-1", "cat", "/src/f"]
    until(lambda: client.daemon.docker(*read) == "new\n", 20, "the new file in the container", every=0.1)
    end_group(process, signal.SIGINT)
    result = finish(process)
    synced = b"synced\n"
    client.sh("docker compose -p $P down -t 0 --rmi local")
    return Result(seen + synced, result.err, result.code)


COMPOSE_2_ROWS = [
    _row(
        "up",
        PROJECT
        + """dc up -d --build; up $P-stored-1; dc ps; dc ps --format '{{.Service}} {{.State}} {{.Health}}'
        dc images; dc top; dc logs --no-color; dc ls --filter name=$P; dc volumes; dc stats --no-stream --format '{{.Name}}'
        dc up -d; dc down -v --rmi local; dc ps -a""",
        ("Container <p>-built-<n>", "Healthy", "up stored", "Volume <p>_vol", "Network <p>_default", "running healthy"),
        steps=(*_STEPS, replace(r"\d\d:\d\d(:\d\d)?", "<clock>"), without(r" (usleep|sleep|test -e|/bin/sh -c test|runc init) ?"), digits),
    ),
    _row(
        "exec-cp",
        PROJECT
        + """dc up -d --build --wait; dc exec -T stored cat /v/f; dc exec -T built sh -c 'echo out; echo err >&2; exit 3'
        echo typed | dc exec -T built cat; dc cp f stored:/v/g; docker compose -p $P cp stored:/v/g - | tar -xO; dc cp built:/f h; cat h
        dc exec -T nosuch true; dc port built 80; dc down -v -t 0""",
        ("kept", "out\n", "rc=3", "typed", "rc=1"),
    ),
    _row(
        "run",
        PLAIN
        + """dc run --rm -T a sh -c 'echo one off; exit 5'; echo typed | dc run --rm -T -e X=y a sh -c 'cat; echo $X'
        dc run -d --name $P-once a sleep 60; dc ps -a --format '{{.Name}}'; dc down -t 0 --remove-orphans""",
        ("one off", "rc=5", "typed\n"),
        steps=(*_STEPS, replace(r"-run-<short-id \d+>|-run-[0-9a-f]{12}", "-run-<id>")),
    ),
    _row(
        "lifecycle",
        PLAIN
        + """dc create; dc start; up $P-a-1; dc pause; dc ps --format '{{.Service}} {{.State}}'; dc unpause; dc restart -t 0
        dc stop -t 0 b; dc ps -a --format '{{.Service}} {{.State}}' ; dc kill -s KILL a; dc wait a; dc rm -f b; dc scale b=2
        dc ps --format '{{.Name}}'; dc down -t 0""",
        ("a paused", "b exited", "<p>-b-2"),
    ),
    _row(
        "errors",
        """printf 'services: {a: {image: "127.0.0.1:1/x:y"}}' >compose.yaml; dc up -d; dc pull; dc build; dc down
        printf 'services: {a: {image: "busybox:test", network_mode: none, command: nosuch}}' >compose.yaml; dc up -d; dc up; dc down
        printf 'services: {a: {imag: x}}' >compose.yaml; dc up; dc -f nosuch.yaml ps""",
        ("connection refused", "executable file not found", "rc=1"),
    ),
    _row(
        "up-exit-code",
        """printf '%s' 'services: {a: {image: "busybox:test", network_mode: none, command: "sh -c \\"echo one; sleep 0.2; echo two; exit 4\\""}}' >compose.yaml
        dc up --abort-on-container-exit --exit-code-from a; dc down""",
        ("one", "two", "rc=4"),
    ),
    _row("foreground", foreground, ("up a", "up b"), code=None),
    _row(
        "foreground-terminal",
        foreground_terminal,
        ("up a", "up b"),
        code=None,
        steps=(without_screen_codes,),
    ),
    _row("logs-follow", logs_follow, ("up a", "up b")),
    _row("events", events, ("start", "die"), code=-9, steps=(*_STEPS, replace(r'"execDuration":"\d+",', ""))),
    _row("watch", watch, ("Watch enabled", "synced"), code=None),
]  # fmt: skip
