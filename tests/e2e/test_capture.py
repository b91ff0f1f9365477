"""`--capture FILE`: what is kept of a real session is shown as it was live, and no disk disturbs the client."""

import signal
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from apispy.capture import Header, read, read_lines
from tests.forked_apispy import run_binary

from .apispy_process import Apispy, apispy_command
from .battery_runner import BUILDKIT_CLI, CLIS
from .clients import Client
from .daemon import Daemons
from .test_buildkit import BUILD
from .wait import until

NUMBERS = count()

SESSION = """
docker run $N --name $P-a -d $IMG sh -c 'for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.1; done'
docker logs -f $P-a & docker events --until $(($(date +%s) + 3)) &
docker exec $P-a sh -c 'echo in exec; echo err >&2'
echo typed | docker exec -i $P-a cat
mkdir ctx; head -c 300000 /dev/zero > ctx/zeros; printf "FROM $IMG\\nCOPY zeros /\\n" > ctx/Dockerfile
DOCKER_BUILDKIT=0 docker build -q -t $P ctx
docker cp ctx/zeros $P-a:/tmp/
docker inspect nosuch-$P
docker login -u ann -p hunter2-planted 127.0.0.1:1
docker wait $P-a
wait
docker rm -f $P-a
"""


@pytest.fixture
def where(place: Path) -> Path:
    return place / f"capture-{next(NUMBERS)}"


@pytest.fixture
def client(place: Path, data: Path, daemons: Daemons) -> Client:
    number = next(NUMBERS)
    made = Client(
        daemons.plain.unix, daemons.plain, CLIS[max(CLIS)], f"zqcap{number}", place / f"cc{number}", data
    )
    script = made.where / "bin/apispy"
    script.write_text(f'#!/bin/sh\nexec {" ".join(apispy_command())} "$@"\n')
    script.chmod(0o755)
    return made


@pytest.fixture
def started() -> Iterator[list[Apispy]]:
    spies: list[Apispy] = []
    yield spies
    for spy in spies:
        spy.kill()


def spying(where: Path, daemons: Daemons, started: list[Apispy], *words: str) -> Apispy:
    listen = ["--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host]
    started.append(Apispy.start(where, *listen, *words))
    return started[-1]


def through(client: Client, spy: Apispy) -> Client:
    client.env["DOCKER_HOST"] = spy.at.host
    return client


def show(*words: object) -> subprocess.CompletedProcess[bytes]:
    done = run_binary("show", *words)
    assert b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    ("name", "views"),
    [
        ("a.jsonl", ["-vvv"]),
        ("a.jsonl.gz", ["--json", "-vv"]),
        ("a.jsonl.zst", []),
        ("a", ["-vv"]),
        ("b", ["-v"]),
    ],
)
def test_shown_later_as_live(
    name: str, views: list[str], where: Path, client: Client, daemons: Daemons, started: list[Apispy]
) -> None:
    spy = spying(where, daemons, started, "--capture", str(where / name), *views)
    through(client, spy).sh(SESSION)
    assert spy.end() == 0, spy.err
    shown = show(*views, where / name)
    assert shown.stderr == b""
    assert shown.stdout.decode() == spy.out
    assert "hunter2" not in shown.stdout.decode()
    operations = shown.stdout.decode()
    for operation in ("ContainerLogs", "ExecStart", "ImageBuild", "PutContainerArchive", "SystemEvents"):
        assert operation in operations


def test_a_build_by_buildkit_is_shown_as_it_was(where: Path, daemons: Daemons, started: list[Apispy]) -> None:
    """Its tunnels are withheld: what was read in them as they flowed is in the file, and no byte of them."""
    spy = spying(where, daemons, started, "--capture", str(where / "a.jsonl"), "-vvv")
    build = Client(spy.at, daemons.plain, CLIS[BUILDKIT_CLI], "zqcapbk", where / "c", where).sh(BUILD)
    assert build.code == 0, build.err
    assert spy.end() == 0, spy.err
    assert show("-vvv", where / "a.jsonl").stdout.decode() == spy.out
    tunnels = [one.tunnel for one in read(where / "a.jsonl") if one.tunnel and one.tunnel.protocol == "h2c"]
    assert tunnels
    for tunnel in tunnels:
        assert not tunnel.to_client.chunks
        assert tunnel.to_client.seen


def test_what_is_longer_than_the_limit_keeps_head_listing_and_digest(
    where: Path, client: Client, daemons: Daemons, started: list[Apispy]
) -> None:
    spy = spying(where, daemons, started, "--capture", str(where / "a.jsonl"))
    made = "mkdir d; for n in 1 2 3; do head -c 1000000 /dev/urandom > d/file$n; done; "
    through(client, spy).sh(
        made + "docker create $N --name $P-a $IMG true; docker cp d $P-a:/tmp; docker rm $P-a"
    )
    assert spy.end() == 0, spy.err
    [copied] = [one for one in read(where / "a.jsonl") if one.request.method == "PUT"]
    body = copied.request.body
    assert (1 << 20) - 10_000 < body.kept <= 1 << 20  # each chunk costs a little more than its bytes
    assert (body.cut, len(body.digest)) == (True, 64)
    assert {one.item.label for one in body.seen} >= {"d/file2", "d/file3"}
    listed = show("-vv", where / "a.jsonl").stdout.decode()
    assert all(f"d/file{number}" in listed for number in (1, 2, 3))


def test_after_kill_9_every_finished_call_can_be_read(
    where: Path, client: Client, daemons: Daemons, started: list[Apispy]
) -> None:
    """While `docker events` is still open."""
    for name in ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst"):
        spy = spying(where / name, daemons, started, "--capture", str(where / name / name))
        open_call = subprocess.Popen(
            ["docker", "-H", spy.at.host, "events"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda spy=spy: "SystemEvents" in spy.out, 20, "docker events to begin")
        through(client, spy).sh("docker ps -q; docker version; docker info")
        until(lambda spy=spy: "SystemInfo " in spy.out, 20, "the last call to be shown")
        until(
            lambda path=where / name / name: "SystemInfo" in show(path).stdout.decode(),
            20,
            "it to be written",
        )
        spy.kill()
        open_call.wait(20)
        shown = show(where / name / name)
        assert shown.returncode == 0
        for operation in ("ContainerList", "SystemVersion", "SystemInfo"):
            assert operation in shown.stdout.decode()


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    disk = place / f"disk-{next(NUMBERS)}"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_told_once_and_disturbs_nobody(
    small_disk: Path, where: Path, client: Client, daemons: Daemons, started: list[Apispy]
) -> None:
    script = "for n in 1 2 3 4 5 6; do docker version; docker info; docker images; done"
    alone = client.sh(script)
    spy = spying(where, daemons, started, "--capture", str(small_disk / "a"))
    through(client, spy)
    under = client.sh(script)
    assert (under.code, under.err) == (0, alone.err)
    assert spy.end() == 4
    told = f"apispy: {small_disk}/a: No space left on device; some calls are missing from the file. Traffic is not affected."
    assert spy.err.count("No space left") == 1
    assert told in spy.err
    shown = show(small_disk / "a")
    assert (shown.returncode, b"SystemVersion" in shown.stdout) == (0, True)


def test_run_keeps_a_capture_and_the_commands_own_code_wins(client: Client) -> None:
    good = client.sh("apispy run -o calls --capture a.jsonl -- docker version")
    assert good.code == 0, good
    shown = show(client.work / "a.jsonl").stdout
    assert shown == (client.work / "calls").read_bytes()
    [header] = [line for _, line in read_lines(client.work / "a.jsonl") if isinstance(line, Header)]
    assert header.upstream == client.daemon.unix.host
    assert client.sh("apispy run --capture /dev/full -- docker version").code == 4
    assert client.sh("apispy run --capture /dev/full -- sh -c 'docker version; exit 7'").code == 7
    again = client.sh("apispy run --capture a.jsonl -- touch ran")
    assert (again.code, "the file exists" in again.err.decode()) == (1, True)
    assert not (client.work / "ran").exists()


def test_a_session_that_cannot_start_leaves_no_file(
    where: Path, daemons: Daemons, started: list[Apispy]
) -> None:
    first = spying(where, daemons, started)
    second = Apispy.start(
        where / "second", "--listen", first.at.host, "--capture", str(where / "a.jsonl"), ready=False
    )
    started.append(second)
    until(lambda: second.process.poll() is not None, 20, "the second apispy to end")
    assert second.process.returncode == 1
    assert not (where / "a.jsonl").exists()


def test_a_capture_is_followed_while_it_is_written(
    where: Path, client: Client, daemons: Daemons, started: list[Apispy]
) -> None:
    spy = spying(where, daemons, started, "--capture", str(where / "a.jsonl"))
    with (where / "followed").open("wb") as out:
        following = subprocess.Popen(
            [*apispy_command(), "show", "--follow", str(where / "a.jsonl")], stdout=out, stderr=out
        )
    try:
        through(client, spy).sh("docker version")
        until(lambda: b"SystemVersion" in (where / "followed").read_bytes(), 20, "the call to be shown")
        following.send_signal(signal.SIGINT)
        assert following.wait(20) == 0
    finally:
        following.kill()
    assert spy.end() == 0
    assert (where / "followed").read_text() == spy.out
