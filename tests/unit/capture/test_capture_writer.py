"""A capture file: only for its owner, never over another, readable at any moment."""

import os
import stat
from pathlib import Path

import pytest

from apispy.capture import Daemon, Header, Notice, Writer, read, read_lines
from apispy.capture import writer as writing
from apispy.errors import ApispyError

from .test_reader import exchange

HEADER = Header("0.1.0", 1.0)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_every_line_can_be_read_as_soon_as_it_is_written(name: str, tmp_path: Path) -> None:
    writer = Writer(tmp_path / name)
    writer.header(HEADER)
    for number in (1, 2, 3):
        writer.exchange(exchange(number))
        copy = tmp_path / f"{number}-{name}"  # as a kill -9 would leave it
        copy.write_bytes((tmp_path / name).read_bytes())
        assert list(read(copy, pytest.fail)) == [exchange(count) for count in range(1, number + 1)]
    writer.notice(Notice(2.0, "said"))
    writer.daemon(Daemon({"version": "28"}))
    writer.close()
    writer.close()
    assert [line for _, line in read_lines(tmp_path / name)][-2:] == [
        Notice(2.0, "said"),
        Daemon({"version": "28"}),
    ]
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_packed_file_is_smaller(tmp_path: Path) -> None:
    sizes = []
    for name in ("a", "a.gz", "a.zst"):
        with Writer(tmp_path / name) as writer:
            for number in range(1, 100):
                writer.exchange(exchange(number))
        sizes.append((tmp_path / name).stat().st_size)
    assert sizes[0] > 5 * sizes[1]
    assert sizes[0] > 5 * sizes[2]


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("precious")
    with pytest.raises(ApispyError, match=f"{path}: the file exists.*rm {path}"):
        Writer(path)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(ApispyError, match="the file exists"):
        Writer(tmp_path / "link")
    assert path.read_text() == "precious"


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nosuch/a", Path("a\0b")):
        with pytest.raises(ApispyError, match=r".*: .*name a file in a directory where you may write"):
            Writer(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ApispyError, match="No such device"):  # nobody reads it
        Writer(tmp_path / "pipe")


def test_a_file_without_a_line_is_removed(tmp_path: Path) -> None:
    Writer(tmp_path / "a.gz").close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_oserror(tmp_path: Path) -> None:
    writer = Writer(Path("/dev/full"))
    with pytest.raises(OSError, match="No space left"):
        writer.header(HEADER)
    writer.abandon()
    assert Path("/dev/full").exists()


def test_a_line_that_could_not_be_read_again_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LINE_LIMIT", 500)
    with Writer(tmp_path / "a") as writer:
        writer.header(HEADER)
        with pytest.raises(ValueError, match="--body-limit keeps them shorter"):
            writer.exchange(exchange())
    assert [type(line) for _, line in read_lines(tmp_path / "a")] == [Header]
