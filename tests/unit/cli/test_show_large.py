"""``apispy show`` of a large capture: statistics in constant memory, and the first line at once."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from apispy.capture import Header, Writer
from tools.make_many import START, many

SCRIPT = Path(sys.executable).parent / "apispy"


@dataclass(frozen=True)
class Done:
    out: bytes
    memory: int  # bytes, the most
    cpu: float  # seconds


def show(*words: object, lines: int | None = None) -> Done:
    """Read only so many *lines* of what it says."""
    process = subprocess.Popen([SCRIPT, "show", *map(str, words)], stdout=subprocess.PIPE)
    assert process.stdout
    out = (
        process.stdout.read() if lines is None else b"".join(process.stdout.readline() for _ in range(lines))
    )
    process.stdout.close()
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = code
    assert code == 0
    return Done(out, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    where = tmp_path_factory.mktemp("many")
    made = {count: where / f"{count}.jsonl" for count in (100, 8000)}
    for count, path in made.items():
        with Writer(path) as writer:
            writer.header(Header("0.1.0", START))
            for exchange in many(count):
                writer.exchange(exchange)
    return made


def test_statistics_of_80_times_as_many_calls_take_no_more_memory(captures: dict[int, Path]) -> None:
    few, many_ = (show("--stats", captures[count]) for count in (100, 8000))
    assert b"\n 8000 " in many_.out
    assert many_.memory < few.memory + (6 << 20)


def test_the_first_line_comes_before_the_file_is_read(captures: dict[int, Path]) -> None:
    """A look at where the lines are is enough; to show all of it would take seconds."""
    few, many_ = (show(captures[count], lines=1) for count in (100, 8000))
    assert many_.out == few.out != b""
    assert many_.cpu < few.cpu + 0.5
