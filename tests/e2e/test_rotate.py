"""`--rotate`, SIGHUP and SIGUSR1 with a real daemon: the files have every call once, whatever happens to them."""

import os
import resource
import signal
import stat
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from apispy.capture import Header, Notice, read, read_lines
from apispy.capture.rotation import finished_files
from apispy.model import Exchange
from tests.forked_apispy import run
from tests.soak.ledger import Ledger
from tests.soak.load import Worker

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client
from .daemon import Daemons
from .wait import until

NUMBERS = count()
ROTATIONS = 3
"""Files that a test waits for."""


@pytest.fixture
def where(place: Path) -> Path:
    return place / f"rotate-{next(NUMBERS)}"


@pytest.fixture
def started() -> Iterator[list[Apispy]]:
    spies: list[Apispy] = []
    yield spies
    for spy in spies:
        spy.kill()


def spying(
    where: Path,
    daemons: Daemons,
    started: list[Apispy],
    *words: str,
    limits: dict[int, tuple[int, int]] | None = None,
) -> Apispy:
    where = where / f"spy{len(started)}"
    listen = ["--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host]
    started.append(Apispy.start(where, *listen, "-q", *words, limits=limits))
    return started[-1]


def moved_away(file: Path, to: Path) -> bool:
    """Rename *file*, unless apispy is just doing it."""
    try:
        os.rename(file, to)
    except FileNotFoundError:
        return False
    return True


def text_of(file: Path) -> str:
    """Read *file*; "" at the moment between two files."""
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def calls_of(files: list[Path]) -> list[Exchange]:
    return [call for file in files for call in read(file, pytest.fail)]


def test_each_call_is_in_one_of_the_files(where: Path, daemons: Daemons, started: list[Apispy]) -> None:
    """Four clients call while apispy rotates by size, and another program renames the file as logrotate does."""
    capture = where / "calls.jsonl.gz"
    where.mkdir()
    spy = spying(where, daemons, started, "--capture", str(capture), "--rotate", "2kB", "--rotate", "1d")
    ledger, over = Ledger(), threading.Event()

    def work(seed: int) -> None:
        worker = Worker(spy.at, ledger, seed)
        while not over.is_set():
            worker.keep_alive_once()

    workers = [threading.Thread(target=work, args=[seed]) for seed in range(4)]
    for worker in workers:
        worker.start()
    moved = []
    try:
        for number in range(2):
            until(lambda: len(finished_files(capture)) >= ROTATIONS * (number + 1), 30, "rotated files")  # noqa: B023
            moved.append(where / f"calls.jsonl.{number}.gz")
            until(lambda: moved_away(capture, moved[-1]), 30, "the file")
            spy.process.send_signal(signal.SIGHUP)
            until(lambda: spy.err.count("reopen") > number, 30, "the reopened file")  # noqa: B023
    finally:
        over.set()
        for worker in workers:
            worker.join()
    assert spy.end() == 0, spy.err
    files = [*finished_files(capture), *moved, capture]
    assert not ledger.errors
    assert not ledger.differences(calls_of(files))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    for file in files[:3]:
        shown = run("show", "--stats", file)
        assert (shown.returncode, shown.stderr) == (0, "")


def test_a_long_call_is_in_the_file_that_is_written_when_it_ends(
    where: Path, place: Path, daemons: Daemons, started: list[Apispy]
) -> None:
    capture = where / "calls.jsonl"
    where.mkdir()
    spy = spying(where, daemons, started, "--capture", str(capture), "--rotate", "1k", "--keep", "3")
    client = Client(spy.at, daemons.plain, CLIS[max(CLIS)], "zqrotate", place / "rotatec", place / "rotatec")
    events = client.popen("docker events")
    for _ in range(5):
        client.sh("docker ps")
    spy.process.send_signal(signal.SIGUSR1)
    until(lambda: "ContainerList" in spy.out, 30, "the summary")
    assert "SystemEvents" not in spy.out  # it has not ended
    events.terminate()
    events.wait(30)
    until(lambda: "/events" in text_of(capture), 30, "the long call")
    assert spy.end() == 0, spy.err
    assert "SystemEvents" in spy.out
    files = finished_files(capture)
    assert len(files) == 3
    assert calls_of([capture])[-1].request.target.endswith("/events")
    for file in (*files, capture):
        assert isinstance(next(read_lines(file))[1], Header)


def test_after_kill_9_the_next_apispy_goes_on_beside_it(
    where: Path, daemons: Daemons, started: list[Apispy]
) -> None:
    capture = where / "calls.jsonl"
    where.mkdir()
    ledger = Ledger()
    for number in (1, 2):
        spy = spying(where, daemons, started, "--capture", str(capture), "--rotate", "1d")
        Worker(spy.at, ledger, number).keep_alive_once()
        until(lambda: all(f"soak={one}" in capture.read_text() for one in ledger.sent), 30, "the calls") if (
            number == 1
        ) else None
        spy.kill() if number == 1 else spy.end()
    files = [*finished_files(capture), capture]
    assert len(files) == 2
    assert not ledger.differences(calls_of(files))


def test_after_a_file_that_cannot_grow_the_next_is_written(
    where: Path, daemons: Daemons, started: list[Apispy]
) -> None:
    """A limit of the size of files stands for a full disk: the clients notice nothing."""
    capture = where / "calls.jsonl"
    where.mkdir()
    limits = {resource.RLIMIT_FSIZE: (20_000, 20_000)}
    spy = spying(where, daemons, started, "--capture", str(capture), limits=limits)
    ledger = Ledger()
    worker = Worker(spy.at, ledger, 1)
    for _ in range(100):
        worker.keep_alive_once()
        if "File too large" in spy.err:
            break
    until(lambda: "calls.jsonl: File too large; some calls are missing" in spy.err, 30, "the message")
    os.rename(capture, where / "full.jsonl")
    spy.process.send_signal(signal.SIGHUP)
    until(lambda: "calls.jsonl: calls are written again" in spy.err, 30, "the next file")
    last = Ledger()
    Worker(spy.at, last, 2).call_once()
    assert spy.end() == 4, spy.err
    assert not ledger.errors
    kept = calls_of([where / "full.jsonl", capture])
    lines = [line for _, line in read_lines(capture)]
    [notice] = [line for line in lines if isinstance(line, Notice)]
    missing = int(notice.text.split()[0])
    assert notice.text.endswith("missing from this capture: File too large")
    assert missing == len(ledger.sent) + len(last.sent) - len(kept)
