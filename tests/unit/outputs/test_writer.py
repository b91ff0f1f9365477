"""Writing never blocks, however slow the reader is."""

import io
import threading

import pytest

from apispy.outputs import ThreadWriter
from apispy.outputs import writer as module


class Stuck(io.StringIO):
    """A terminal that accepts nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        self.released.wait(10)
        return super().write(text)


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_all_is_written_in_order() -> None:
    stream = io.StringIO()
    writer = ThreadWriter(stream)
    for number in range(1000):
        writer.write(f"{number}\n")
    writer.close(10)
    assert stream.getvalue() == "".join(f"{number}\n" for number in range(1000))
    writer.write("after the end")
    assert "after" not in stream.getvalue()


def test_what_is_too_much_is_dropped_and_told() -> None:
    stream = Stuck()
    writer = ThreadWriter(stream, limit=10)
    writer.write("first\n")
    assert stream.reached.wait(10)  # it has left the queue, which is empty now
    writer.write("queued\n")
    writer.write("lost\nlost\n")
    writer.write("lost\n")
    stream.released.set()
    writer.close(10)
    told = "apispy: 3 lines were dropped here: the terminal or pipe is too slow\n"
    assert stream.getvalue() == f"first\nqueued\n{told}"


def test_a_stuck_reader_does_not_hold_up_the_end() -> None:
    stream = Stuck()
    writer = ThreadWriter(stream)
    writer.write("x")
    writer.close(0.01)
    stream.released.set()


def test_a_reader_that_has_gone_is_remembered_and_told_once() -> None:
    told: list[Exception] = []
    writer = ThreadWriter(Gone(), on_broken=told.append)
    writer.write("x\n")
    writer.write("y\n")
    writer.close(10)
    assert isinstance(writer.broken, BrokenPipeError)
    assert told == [writer.broken]


def test_a_deferred_text_is_replaced_or_written_before_the_next() -> None:
    stream = io.StringIO()
    writer = ThreadWriter(stream)
    writer.write("a\n")
    writer.defer("once\n")
    writer.defer("twice\n")
    writer.write("b\n")
    writer.defer("last\n")
    writer.close()
    assert stream.getvalue() == "a\ntwice\nb\nlast\n"


def test_a_deferred_text_is_written_when_nothing_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEFER_DELAY", 0.01)
    written = threading.Event()

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            written.set()
            return super().write(text)

    stream = Stream()
    writer = ThreadWriter(stream)
    writer.defer("alone\n")
    assert written.wait(10)
    writer.close()
    assert stream.getvalue() == "alone\n"
