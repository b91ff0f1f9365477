"""The capture output: it never blocks, never raises, and reports once what it could not write."""

import threading
from collections.abc import Callable
from pathlib import Path

from apispy.capture import Header, Notice, Writer, read, read_lines
from apispy.model import Exchange
from apispy.outputs.capture import LINE_OVERHEAD, CaptureOutput

from .decoded_calls import decoded_call

HEADER = Header("0.1.0", 1.0)


class Slow(Writer):
    """Writes nothing until ``go`` is set."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.go = threading.Event()
        self.begun = threading.Event()

    def header(self, header: Header) -> None:
        self.begun.set()
        self.go.wait(60)
        super().header(header)


class SlowToAbandon(Writer):
    """Holds up who meets an error, after that, until ``go`` is set."""

    met = threading.Event()
    go = threading.Event()

    def abandon(self) -> None:
        self.met.set()
        self.go.wait(60)
        super().abandon()


def capture(
    path: Path, said: list[str], made: Callable[[Path], Writer] = Writer, limit: int = 1 << 20
) -> CaptureOutput:
    return CaptureOutput(made(path), said.append, limit=limit)


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
    writer = Slow(tmp_path / "a")
    kept = CaptureOutput(writer, said.append, limit=3 * LINE_OVERHEAD)
    kept.begin(HEADER)
    writer.begun.wait(60)
    for _ in range(10):
        kept.write(decoded_call("GET /info", 204))
    assert said == [
        f"{tmp_path}/a: it takes too long to write; "
        "some calls are missing from the file. Traffic is not affected."
    ]
    writer.go.set()
    kept.close()
    lines = [line for _, line in read_lines(tmp_path / "a")]
    assert [type(line) for line in lines] == [Header, Exchange, Exchange, Exchange, Notice]
    assert lines[-1].text == "7 calls are missing from this capture: too fast to write"
    assert (kept.complete, len(said)) == (False, 1)


def test_one_line_that_cannot_be_written_is_missing_alone(tmp_path: Path) -> None:
    said: list[str] = []
    kept = capture(tmp_path / "a", said)
    kept.begin(HEADER)
    kept.write(decoded_call("GET /info", 200, {}, duration=float("nan")))
    kept.write(decoded_call("GET /info", 200, {}))
    kept.close()
    assert len(list(read(tmp_path / "a"))) == 1
    assert "calls are missing from the file" in said[0]
