"""Battery rows that check the timing of streams."""

import os
import re
import statistics
import subprocess
import threading
import time

from .archives import Archive
from .clients import Client, Result, end_group, finish
from .daemon import IMAGE
from .wait import until

COUNT = 20
PATIENCE = 30.0
"""Seconds until a container goes on although its lines do not arrive, so that the row ends and says so."""

# The next line is written when the one before it has arrived: a newline in the pipe says so. The container's uptime is
# the machine's, in steps of 10 ms, so one clock measures when a line is written and read.
LINES = f"exec 3</arrived/pipe; for i in $(seq {COUNT}); do read up _ </proc/uptime; echo line $i at $up; read _ <&3; done"
ARRIVED = "-v $PWD:/arrived"


def _timed(client: Client, script: str, before: str = "") -> Result:
    """Run *before*, then *script*, and let the container go on line by line; `seconds` are the lines' delays.

    The first line has none: it may be written before the client runs. None has one if a line did not arrive in time.
    """
    os.mkfifo(client.work / "pipe")
    pipe = os.open(client.work / "pipe", os.O_RDWR)  # for reading too, so that it opens without the container
    is_late = threading.Event()

    def go_on() -> None:
        is_late.set()
        os.write(pipe, b"\n" * COUNT)

    late = threading.Timer(PATIENCE, go_on)
    late.start()
    try:
        if before:
            client.sh(before)
        process = client.popen(script)
        assert process.stdout
        lines, delays = [], []
        for line in process.stdout:
            arrived = time.clock_gettime(time.CLOCK_BOOTTIME)
            if match := re.search(rb" at ([\d.]+)", line):
                delays.append(arrived - float(match[1]))
                line = line.replace(match[0], b" at <uptime>")
                os.write(pipe, b"\n")
            lines.append(line)
        result = finish(process)
    finally:
        late.cancel()
        late.join()
        os.close(pipe)
    return Result(b"".join(lines), result.err, result.code, () if is_late.is_set() else tuple(delays[1:]))


def check_delays(direct: Result, spied: Result) -> None:
    """Check that each line arrives before the next is written, and not much later than directly.

    A line that was kept for the next one, or until the stream ends, arrives only when the container goes on without it;
    if each is kept for a time, the median is at least that. The bounds are wider by the direct delays, which a loaded
    machine makes longer.
    """
    delays = f"direct {_in_ms(direct)}, through apispy {_in_ms(spied)}"
    assert len(direct.seconds) == len(spied.seconds) == COUNT - 1, f"a line waits for the next: {delays}"
    for bound, of in ((0.1, statistics.median), (1.5, max)):
        assert of(spied.seconds) < bound + 2 * of(direct.seconds), f"lines arrive late: {delays}"


def _in_ms(result: Result) -> str:
    return ", ".join(f"{seconds * 1000:.0f}" for seconds in result.seconds) + " ms"


def run_live(client: Client) -> Result:
    return _timed(client, f"docker run --rm $N {ARRIVED} $IMG sh -c '{LINES}'")


def logs_follow(client: Client) -> Result:
    start = f"docker run -d --name $P $N {ARRIVED} $IMG sh -c '{LINES}'"
    return _timed(client, "docker logs -f $P; docker rm -f $P", start)


def exec_live(client: Client) -> Result:
    start = f"docker run -d --name $P $N {ARRIVED} $IMG sleep 60"
    return _timed(client, f"docker exec $P sh -c '{LINES}'; docker rm -f $P", start)


def stdin_stays_open(client: Client) -> Result:
    """The client must end with the container, although its own stdin stays open."""
    reading, writing = os.pipe()
    process = client.popen("exec docker run --rm -i $N $IMG sh -c 'echo done; exit 3'", stdin=reading)
    os.close(reading)
    try:
        return finish(process, timeout=20)
    finally:
        os.close(writing)


def attach_no_stdin(client: Client) -> Result:
    """Output long after the attach arrives; the ticks show that the attach is established."""
    ticks = "until [ -e /go ]; do echo tick; usleep 30000; done; sleep 0.7; echo late; exit 2"
    client.sh(f"docker run -d --name $P $N $IMG sh -c '{ticks}'")
    process = client.popen("exec docker attach --no-stdin $P")
    assert process.stdout
    first = process.stdout.readline()
    client.daemon.docker("exec", client.prefix, "touch", "/go")
    result = finish(process)
    client.daemon.docker("rm", "-f", client.prefix)
    out = (first + result.out).replace(b"tick\n", b"")
    return Result(out, result.err, result.code)


def stats(client: Client) -> Result:
    """Read some samples, then kill the client: CLI 28 may ignore Ctrl-C here."""
    client.sh("docker run -d --name $P $N $IMG sleep 60")
    process = client.popen("exec docker stats --format '{{.Name}} {{.PIDs}}' $P")
    seen, sample = b"", client.prefix.encode() + b" 1"
    while seen.count(sample) < 4:
        piece = os.read(process.stdout.fileno(), 4096)  # type: ignore[union-attr]
        if not piece:
            break
        seen += piece
    end_group(process)
    result = finish(process)
    client.daemon.docker("rm", "-f", client.prefix)
    four = seen.split(sample)[:4]  # one read may return more
    return Result(b"".join(piece + sample for piece in four), result.err, result.code)


def events_live(client: Client) -> Result:
    """Wait for the event of each action before the next action."""
    name = client.prefix
    events = client.popen(
        "exec docker events --since $(date +%s.%N) --filter container=$P --format '{{.Type}} {{.Action}}'"
    )
    until(lambda: _is_exec_of(events.pid, b"docker"), 10, "docker events to start")
    actions = [
        (["create", "--name", name, "--network", "none", IMAGE, "sleep", "60"], b"create"),
        (["start", name], b"start"),
        (["rename", name, f"{name}-b"], b"rename"),
        (["rm", "-f", f"{name}-b"], b"destroy"),
    ]
    assert events.stdout
    lines: list[bytes] = []
    for words, last in actions:
        client.daemon.docker(*words)
        while not lines or not lines[-1].endswith(b" " + last + b"\n"):
            line = events.stdout.readline()
            if not line:
                return finish(events)
            lines.append(line)
    end_group(events)
    result = finish(events)
    return Result(b"".join(lines), result.err, result.code)


def _is_exec_of(pid: int, name: bytes) -> bool:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().startswith(name + b"\0")


def load_large(client: Client) -> Result:
    """Load a layer that is new to this daemon, so that it checks every byte against the digest in the config."""
    archive = Archive(f"{client.prefix}:big", client.prefix.encode(), client.data / "large").prepare()
    script = "docker load; docker image inspect -f '{{.Id}} {{index .RootFS.Layers 0}}' $P:big >ids"
    process = client.popen(script, stdin=subprocess.PIPE)
    assert process.stdin
    try:
        for piece in archive:
            process.stdin.write(piece)
        process.stdin.close()
    except BrokenPipeError:
        pass
    process.stdin = None
    result = finish(process)
    image, _, layer = (client.work / "ids").read_text().strip().partition(" ")
    facts = f"{'same' if image == archive.id else 'other'} id, {'same' if layer == archive.layer else 'other'} layer\n"
    client.daemon.docker("rmi", f"{client.prefix}:big")
    return Result(result.out + facts.encode(), result.err, result.code)
