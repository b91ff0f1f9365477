"""The files of one capture: when the next begins, what they are called, which are kept, and what may go wrong."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from apispy.capture import (
    CaptureFiles,
    Daemon,
    Header,
    Notice,
    Rotation,
    Writer,
    follow,
    playback,
    read,
    read_lines,
)
from apispy.capture.lines import Line
from apispy.capture.rotation import RETRY_DELAY, finished_files, finished_path
from apispy.errors import ApispyError
from apispy.model import Exchange

from .test_reader import exchange

HEADER = Header("0.1.0", 1_000_000.25)
DAEMON = Daemon({"version": "28"})
FIRST = "calls-1970-01-12T13-46-40.250Z.jsonl"


class Clock:
    """A clock that stands still."""

    def __init__(self, now: float = HEADER.started) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Full(Writer):
    """A writer on a disk that is full while ``is_full``."""

    is_full = False

    def write(self, line: Line) -> None:
        if Full.is_full:
            raise OSError(28, "No space left on device")
        super().write(line)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def begin(tmp_path: Path, clock: Clock, said: list[str]) -> Callable[..., CaptureFiles]:
    """Begin a capture, with the header and what is known of the daemon."""

    def begun(
        rotation: Rotation | None, name: str = "calls.jsonl", new: Callable[..., Writer] = Writer
    ) -> CaptureFiles:
        files = CaptureFiles(
            tmp_path / name, rotation, report=said.append, inform=said.append, clock=clock, new=new
        )
        files.write(HEADER)
        files.write(DAEMON)
        return files

    return begun


Begin = Callable[..., CaptureFiles]


def numbers(path: Path) -> list[int]:
    return [call.id for call in read(path, pytest.fail)]


def names(where: Path) -> list[str]:
    return sorted(path.name for path in where.iterdir())


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_each_file_is_a_private_capture_of_its_own(
    suffix: str, begin: Begin, clock: Clock, tmp_path: Path
) -> None:
    files = begin(Rotation(size=1), f"calls.jsonl{suffix}")
    for number in (1, 2, 3):
        clock.now += 10
        files.write(exchange(number))
        files.write(Notice(clock.now, "said"))
    files.close()
    found = names(tmp_path)
    assert found[0] == FIRST + suffix
    assert found[-1] == f"calls.jsonl{suffix}"
    assert len(found) == 6
    lines = [[line for _, line in read_lines(tmp_path / name)] for name in found]
    assert [line for part in lines for line in part[2:] if isinstance(line, Exchange)] == [
        exchange(number) for number in (1, 2, 3)
    ]
    for part in lines:
        assert isinstance(part[0], Header)
        assert part[1] == DAEMON
    assert [part[0].started for part in lines if isinstance(part[0], Header)][1:3] == [
        1_000_010.25,
        1_000_020.25,
    ]
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in found} == {0o600}


def test_the_next_file_begins_at_full_hours(begin: Begin, clock: Clock, tmp_path: Path) -> None:
    files = begin(Rotation(seconds=3600))
    assert files.due_in is None  # nothing but the beginning
    files.write(exchange(1))
    assert files.due_in == 60  # it looks at the clock now and then
    clock.now = 1_000_799.0
    assert files.due_in == 1
    files.rotate_if_due()
    files.write(exchange(2))
    clock.now = 1_000_800.0
    files.rotate_if_due()
    assert numbers(tmp_path / FIRST) == [1, 2]
    clock.now += 7200
    files.rotate_if_due()  # quiet hours have no files
    files.write(exchange(3))
    files.close()
    assert (names(tmp_path), numbers(files.path)) == ([FIRST, "calls.jsonl"], [3])


def test_the_newest_files_are_kept(begin: Begin, clock: Clock, tmp_path: Path) -> None:
    others = [
        "calls-2026.jsonl",
        "calls-1970-01-12T13-46-40.250Z.jsonl.gz",
        "x-1970-01-12T13-46-40.250Z.jsonl",
    ]
    for other in others:
        (tmp_path / other).write_text("not of this capture")
    files = begin(Rotation(size=1, keep=2))
    for number in range(1, 6):
        clock.now += 1
        files.write(exchange(number))
    files.close()
    found = finished_files(files.path)
    assert [numbers(path) for path in found] == [[3], [4]]
    assert numbers(files.path) == [5]
    assert names(tmp_path) == sorted([*others, *(path.name for path in found), "calls.jsonl"])


def test_an_old_file_that_cannot_be_removed_is_said_once(
    begin: Begin, clock: Clock, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / FIRST.replace("1970-01-12", "1970-01-11")).mkdir()
    files = begin(Rotation(size=1, keep=1))
    for number in (1, 2, 3):
        clock.now += 1
        files.write(exchange(number))
    files.close()
    [text] = said
    assert text.endswith(". --keep cannot remove old files")
    assert numbers(files.path) == [3]


def test_files_of_the_same_moment_have_different_names(begin: Begin, tmp_path: Path) -> None:
    taken = finished_path(tmp_path / "calls.jsonl", HEADER.started + 0.001)
    taken.write_text("precious")
    files = begin(Rotation(size=1))
    for number in (1, 2, 3):
        files.write(exchange(number))
    files.close()
    assert taken.read_text() == "precious"
    found = [path for path in finished_files(files.path) if path != taken]
    assert [path.name[-10:] for path in found] == ["250Z.jsonl", "252Z.jsonl"]
    assert [numbers(path) for path in (*found, files.path)] == [[1], [2], [3]]


def test_what_a_killed_apispy_left_is_renamed(begin: Begin, clock: Clock, tmp_path: Path) -> None:
    files = begin(Rotation(size=1000))
    files.write(exchange(1))
    files.abandon()
    (tmp_path / FIRST).touch()  # it was killed before it could rename the file
    clock.now += 5
    begin(Rotation(size=1000)).close()
    assert names(tmp_path) == [FIRST, "calls.jsonl"]
    assert numbers(tmp_path / FIRST) == [1]


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.jsonl.gz"])
def test_starts_without_a_call_leave_no_files(name: str, begin: Begin, tmp_path: Path) -> None:
    """Otherwise a service that crashes at its start would push files with calls out of --keep."""
    for _ in range(3):
        begin(Rotation(size=1000, keep=1), name).abandon()
    assert names(tmp_path) == [name]


def test_a_leftover_that_breaks_off_is_renamed_as_it_is(begin: Begin, tmp_path: Path) -> None:
    begin(None).close()
    with (tmp_path / "calls.jsonl").open("ab") as file:
        file.write(b'{"exchange": 1, "sta')
    before = (tmp_path / "calls.jsonl").read_bytes()
    begin(Rotation(size=1000)).close()
    assert (tmp_path / FIRST).read_bytes() == before


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.jsonl.gz"])
def test_only_a_capture_is_renamed(name: str, begin: Begin, tmp_path: Path) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(ApispyError, match=r"expected a capture.*no file is ever overwritten.*rm "):
        begin(Rotation(size=1), name)
    assert (names(tmp_path), (tmp_path / name).read_text()) == ([name], "precious")


def test_a_capture_in_use_is_not_taken_away(begin: Begin, tmp_path: Path) -> None:
    files = begin(None)
    with pytest.raises(ApispyError, match=r"calls\.jsonl: another apispy writes this capture"):
        begin(Rotation(size=1))
    files.close()
    assert names(tmp_path) == ["calls.jsonl"]


def test_a_device_has_no_next_file() -> None:
    with pytest.raises(ApispyError, match="/dev/null: --rotate needs a regular file"):
        CaptureFiles(Path("/dev/null"), Rotation(size=1))


def test_a_file_that_was_moved_away_is_reopened(begin: Begin, said: list[str], tmp_path: Path) -> None:
    files = begin(None)
    files.write(exchange(1))
    os.rename(files.path, tmp_path / "moved")
    files.write(exchange(2))
    (tmp_path / "calls.jsonl").touch(0o644)  # as logrotate's `create` does
    files.reopen()
    files.write(exchange(3))
    files.close()
    assert (numbers(tmp_path / "moved"), numbers(files.path)) == ([1, 2], [3])
    assert stat.S_IMODE(files.path.stat().st_mode) == 0o600
    assert said == [f"{files.path}: reopened"]


def test_a_file_that_was_not_moved_is_continued(begin: Begin, said: list[str]) -> None:
    files = begin(None)
    files.write(exchange(1))
    files.reopen()
    files.write(exchange(2))
    files.close()
    assert numbers(files.path) == [1, 2]
    assert said == [f"{files.path}: nothing to reopen, because it was not moved away; it is continued"]


def test_another_file_in_its_place_is_not_overwritten(begin: Begin, said: list[str], tmp_path: Path) -> None:
    files = begin(None)
    os.rename(files.path, tmp_path / "moved")
    files.path.write_text("precious")
    files.reopen()
    files.write(exchange(1))
    files.close()
    assert (numbers(tmp_path / "moved"), files.path.read_text()) == ([1], "precious")
    [text] = said
    assert "the file exists, and a capture never overwrites one" in text
    assert "the file before is continued" in text


def test_with_a_rotation_the_user_may_ask_for_the_next_file(begin: Begin, tmp_path: Path) -> None:
    files = begin(Rotation(seconds=86400))
    files.write(exchange(1))
    files.reopen()
    files.write(exchange(2))
    files.close()
    assert (numbers(tmp_path / FIRST), numbers(files.path)) == ([1], [2])


def test_a_directory_that_is_gone_is_said_once_and_the_file_is_continued(
    begin: Begin, said: list[str], clock: Clock, tmp_path: Path
) -> None:
    files = begin(Rotation(size=1))
    files.write(exchange(1))
    where, gone = tmp_path / "calls.jsonl", tmp_path / "gone"
    os.rename(where, gone)
    where.mkdir()
    for number in (2, 3):
        files.write(exchange(number))
        clock.now += RETRY_DELAY
    where.rmdir()
    files.write(exchange(4))
    files.close()
    assert (numbers(gone), numbers(where)) == ([1, 2, 3], [4])
    [text] = said
    assert text.endswith("The next file of the capture cannot begin; the file before is continued")


def test_after_a_failure_that_was_mended_it_rotates_at_once(
    begin: Begin, said: list[str], tmp_path: Path
) -> None:
    files = begin(Rotation(size=1))
    files.write(exchange(1))
    where = tmp_path / "calls.jsonl"
    os.rename(where, tmp_path / "moved")
    where.mkdir()
    files.write(exchange(2))
    where.rmdir()
    files.reopen()
    for number in (3, 4):
        files.write(exchange(number))
    files.close()
    assert [numbers(path) for path in (tmp_path / "moved", *finished_files(where), where)] == [
        [1, 2],
        [3],
        [4],
    ]
    assert said[1:] == [f"{where}: reopened"]


def test_a_file_that_another_program_renames_at_the_same_moment(
    begin: Begin, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = begin(Rotation(size=1))
    files.write(exchange(1))
    replace = os.replace

    def replaced(source: Path, target: Path) -> None:
        os.rename(source, tmp_path / "moved")
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    files.write(exchange(2))
    files.close()
    assert (names(tmp_path), said) == (["calls.jsonl", "moved"], [])
    assert (numbers(tmp_path / "moved"), numbers(files.path)) == ([1], [2])


def test_a_full_disk_is_tried_again(begin: Begin, clock: Clock, tmp_path: Path) -> None:
    files = begin(Rotation(size=100_000), new=Full)
    files.write(exchange(1))
    Full.is_full = True
    with pytest.raises(OSError, match="No space left"):
        files.write(exchange(2))
    files.abandon()
    assert (files.is_open, files.due_in) == (False, RETRY_DELAY)
    clock.now += RETRY_DELAY
    with pytest.raises(OSError, match="No space left"):
        files.rotate_if_due()
    files.abandon()
    assert (names(tmp_path), files.due_in) == ([FIRST], RETRY_DELAY)
    Full.is_full = False
    files.rotate_if_due()
    assert not files.is_open
    clock.now += RETRY_DELAY
    files.rotate_if_due()
    files.write(exchange(3))
    files.close()
    assert (numbers(tmp_path / FIRST), numbers(files.path)) == ([1], [3])


def test_half_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(tmp_path / "a")
    writer.header(HEADER)
    real = os.write
    pieces = iter([lambda data: real(writer._file, data[:40]), None])

    def write(_: int, data: bytes) -> int:
        piece = next(pieces)
        if piece is None:
            raise OSError(28, "No space left on device")
        return piece(data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space left"):
        writer.exchange(exchange(1))
    monkeypatch.undo()
    writer.abandon()
    assert list(read_lines(tmp_path / "a", pytest.fail)) == [(1, HEADER)]


def test_the_next_file_is_followed(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = begin(Rotation(size=1))
    steps = iter([lambda number=number: files.write(exchange(number)) for number in (1, 2, 3)])
    monkeypatch.setattr(playback.time, "sleep", lambda _: next(steps)())  # what happens while it waits
    found = follow(files.path, on_error=pytest.fail, warn=pytest.fail)
    kinds = [next(found) for _ in range(6)]
    assert [item.id if isinstance(item, Exchange) else type(item) for item in kinds] == [
        Header, 1, Header, 2, Header, 3,
    ]  # fmt: skip
    files.close()
