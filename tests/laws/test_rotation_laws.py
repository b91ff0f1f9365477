"""Laws of rotation: the files of a capture, one after the other, have the calls and notices of a single file."""

import tempfile
from pathlib import Path

import pytest
from capture_strategies import EXCHANGES, SLOW
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.capture import CaptureFiles, Daemon, Header, Notice, Rotation, play, read_lines
from apispy.capture.lines import Line
from apispy.capture.rotation import finished_files
from apispy.model import Exchange
from apispy.structs import replace

HEADER = Header("0.1.0", 1_000_000.0, upstream="unix:///d")
SUFFIXES = st.sampled_from(["", ".jsonl", ".jsonl.gz", ".jsonl.zst"])
STEPS = st.sampled_from([0.0, 0.0004, 1.0, 700.0, 90_000.0])
LINES = st.lists(
    st.tuples(STEPS, EXCHANGES | st.builds(Notice, st.just(5.0), st.text(max_size=9))), max_size=7
)
ROTATIONS = st.builds(Rotation, st.sampled_from([0, 1, 700, 5000]), st.sampled_from([0, 1, 600, 86_400]))


def written(path: Path, rotation: Rotation | None, lines: list[tuple[float, Line]]) -> list[list[Line]]:
    """Write *lines* after the steps of a clock. Return what is in each file, in the order of their names."""
    now = HEADER.started
    files = CaptureFiles(path, rotation, report=pytest.fail, clock=lambda: now)
    files.write(HEADER)
    files.write(Daemon({"version": "28"}))
    for step, line in lines:
        now += step
        files.rotate_if_due()
        files.write(line)
    files.close()
    return [[line for _, line in read_lines(each, pytest.fail)] for each in (*finished_files(path), path)]


@given(LINES, ROTATIONS, SUFFIXES)
@settings(SLOW, max_examples=25)
def test_the_union_of_the_files_is_one_file(
    lines: list[tuple[float, Line]], rotation: Rotation, suffix: str
) -> None:
    numbered = [
        (step, replace(line, id=number) if isinstance(line, Exchange) else line)
        for number, (step, line) in enumerate(lines, 1)
    ]
    with tempfile.TemporaryDirectory() as directory:
        [whole] = written(Path(directory) / f"one{suffix}", None, numbered)
        parts = written(Path(directory) / f"many{suffix}", rotation, numbered)
        for path in Path(directory).iterdir():
            list(play(path, on_error=pytest.fail, warn=pytest.fail))
    content = [line for part in parts for line in part if not isinstance(line, Header | Daemon)]
    assert content == [line for line in whole if not isinstance(line, Header | Daemon)]
    for part in parts:
        assert isinstance(part[0], Header)
        assert replace(part[0], started=0.0) == replace(HEADER, started=0.0)
        assert part[1:2] == [Daemon({"version": "28"})]
    starts = [part[0].started for part in parts if isinstance(part[0], Header)]
    assert starts == sorted(starts)
    assert all(len(part) > 2 for part in parts[:-1])  # no finished file is empty
