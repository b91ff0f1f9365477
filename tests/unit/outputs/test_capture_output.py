"""The capture output: it never blocks, never raises, and reports once what it could not write."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from apispy.capture import CaptureFiles, Header, Notice, Rotation, Writer, read, read_lines
from apispy.capture.lines import Line
from apispy.capture.rotation import finished_files
from apispy.model import Exchange
from apispy.outputs.capture import LINE_OVERHEAD, CaptureOutput

from .decoded_calls import decoded_call

HEADER = Header("0.1.0", 1.0)


class Slow(Writer):
    """Writes nothing until ``go`` is set."""

    begun = threading.Event()
    go = threading.Event()

    def write(self, line: Line) -> None:
        self.begun.set()
        self.go.wait(60)
        super().write(line)


class SlowToAbandon(Writer):
    """Holds up who meets an error, after that, until ``go`` is set."""

    met = threading.Event()
    go = threading.Event()

    def abandon(self) -> None:
        self.met.set()
        self.go.wait(60)
        super().abandon()


def capture(
    path: Path, said: list[str], new: Callable[..., Writer] = Writer, limit: int = 1 << 20
) -> CaptureOutput:
    return CaptureOutput(CaptureFiles(path, report=said.append, new=new), said.append, limit=limit)


def test_finished_calls_and_notices_are_kept_in_order(tmp_path: Path) -> None:
    said: list[str] = []
    kept = capture(tmp_path / "a", said)
    kept.notice("before it listens", 5.0)
    kept.begin(HEADER)
    one = decoded_call("GET /info", 200, {})
    kept.write(one)
    kept.notice("after it", 5.0)
    kept.close()
    lines = [line for _, line in read_lines(tmp_path / "a")]
    end = round(one.exchange.started + one.exchange.duration, 6)
    assert lines == [HEADER, Notice(5.0, "before it listens"), one.exchange, Notice(end, "after it")]
    assert (kept.complete, said) == (True, [])


def test_without_a_beginning_there_is_no_file(tmp_path: Path) -> None:
    kept = capture(tmp_path / "a", [])
    kept.notice("cannot listen", 5.0)
    kept.close()
    assert not (tmp_path / "a").exists()


def test_a_call_at_the_moment_when_the_disk_is_full_gets_the_same_reason() -> None:
    said: list[str] = []
    kept = capture(Path("/dev/full"), said, SlowToAbandon)
    kept.begin(HEADER)
    assert SlowToAbandon.met.wait(60)
    kept.write(decoded_call("GET /info", 200, {}))
    SlowToAbandon.go.set()
    kept.close()
    assert said == [
        "/dev/full: No space left on device; some calls are missing from the file. Traffic is not affected."
    ]


def test_a_full_disk_is_told_once_and_the_rest_goes_on() -> None:
    said: list[str] = []
    kept = capture(Path("/dev/full"), said)
    kept.begin(HEADER)
    for _ in range(3):
        kept.write(decoded_call("GET /info", 200, {}))
    kept.close()
    for _ in range(3):
        kept.write(decoded_call("GET /info", 200, {}))
    assert said == [
        "/dev/full: No space left on device; some calls are missing from the file. Traffic is not affected."
    ]
    assert not kept.complete


def test_what_a_slow_disk_cannot_take_is_counted_in_the_file(tmp_path: Path) -> None:
    said: list[str] = []
    Slow.begun.clear()
    Slow.go.clear()
    kept = capture(tmp_path / "a", said, Slow, 3 * LINE_OVERHEAD)
    kept.begin(HEADER)
    assert Slow.begun.wait(60)
    for _ in range(10):
        kept.write(decoded_call("GET /info", 204))
    assert said == [
        f"{tmp_path}/a: it takes too long to write; "
        "some calls are missing from the file. Traffic is not affected."
    ]
    Slow.go.set()
    kept.close()
    lines = [line for _, line in read_lines(tmp_path / "a")]
    assert [type(line) for line in lines] == [Header, Exchange, Exchange, Exchange, Notice]
    assert lines[-1].text == "7 calls are missing from this capture: it takes too long to write"
    assert (kept.complete, len(said)) == (False, 1)


def test_one_line_that_cannot_be_written_is_missing_alone(tmp_path: Path) -> None:
    said: list[str] = []
    kept = capture(tmp_path / "a", said)
    kept.begin(HEADER)
    kept.write(decoded_call("GET /info", 200, {}, duration=float("nan")))
    kept.write(decoded_call("GET /info", 200, {}))
    kept.close()
    assert len(list(read(tmp_path / "a"))) == 1
    assert [line.text[:22] for _, line in read_lines(tmp_path / "a") if isinstance(line, Notice)] == [
        "1 call is missing from"
    ]
    assert "calls are missing from the file" in said[0]


class FullFirst(Writer):
    """A writer on a disk that is full for the first file only."""

    files = 0

    def __init__(self, path: Path, **settings: bool) -> None:
        super().__init__(path, **settings)
        FullFirst.files += 1
        self._is_full = FullFirst.files == 1

    def write(self, line: Line) -> None:
        if self._is_full and isinstance(line, Exchange):
            raise OSError(28, "No space left on device")
        super().write(line)


def test_after_a_full_disk_a_new_file_is_written_and_says_what_is_missing(tmp_path: Path) -> None:
    said: list[str] = []
    told = threading.Semaphore(0)

    def report(text: str) -> None:
        said.append(text)
        told.release()

    path, FullFirst.files = tmp_path / "a", 0
    kept = CaptureOutput(CaptureFiles(path, report=report, inform=report, new=FullFirst), report)
    kept.begin(HEADER)
    kept.write(decoded_call("GET /info", 200, {}))
    assert told.acquire(timeout=60)
    kept.write(decoded_call("GET /info", 200, {}))
    path.rename(tmp_path / "moved")
    kept.reopen()
    assert told.acquire(timeout=60)
    assert told.acquire(timeout=60)
    one = decoded_call("GET /info", 204)
    kept.write(one)
    kept.close()
    assert said == [
        f"{path}: No space left on device; some calls are missing from the file. Traffic is not affected.",
        f"{path}: reopened",
        f"{path}: calls are written again; 2 calls are missing.",
    ]
    assert [line for _, line in read_lines(tmp_path / "moved")] == [HEADER]
    lines = [line for _, line in read_lines(path)]
    assert one.exchange in lines
    assert [line.text for line in lines if isinstance(line, Notice)] == [
        "2 calls are missing from this capture: No space left on device"
    ]
    assert not kept.complete  # the exit code says so


def test_a_quiet_hour_ends_without_a_call(tmp_path: Path) -> None:
    """The thread finishes a file in time, although nothing comes."""
    now = threading.Event()
    rotated = threading.Event()

    class Told(Writer):
        def close(self) -> None:
            super().close()
            rotated.set()

    files = CaptureFiles(
        tmp_path / "a", Rotation(seconds=3600), clock=lambda: 7200.0 if now.is_set() else 7199.99, new=Told
    )
    kept = CaptureOutput(files, pytest.fail)
    kept.begin(Header("0.1.0", 7000.0))
    kept.write(decoded_call("GET /info", 200, {}))
    now.set()
    assert rotated.wait(60)
    kept.close()
    assert [path.name for path in finished_files(tmp_path / "a")] == ["a-1970-01-01T01-56-40.000Z"]
    assert list(read(tmp_path / "a")) == []
