"""A capture in files that follow each other: when the next one begins, how they are named, how many are kept."""

import contextlib
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path

from apispy import units
from apispy.capture.compression import SUFFIXES
from apispy.capture.lines import Daemon, Header, Line, read_line
from apispy.capture.raw_lines import CaptureError, decompressed, split_lines
from apispy.capture.validation import Malformed
from apispy.capture.writer import Writer, lock
from apispy.errors import ApispyError
from apispy.structs import Struct, replace

RETRY_DELAY = 60.0
"""Seconds until a rotation that failed is tried again, and the longest time between two looks at the clock."""

DAEMON_START = b'{"daemon":'
"""The first bytes of a line about the daemon."""

STAMP = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z"


class Rotation(Struct, frozen=True):
    """When the next file begins: at *size* bytes, and at each multiple of *seconds* in UTC; 0 stands for never.

    *keep* is how many finished files are kept; 0 stands for all.
    """

    size: int = 0
    seconds: int = 0
    keep: int = 0

    def end_of(self, started: float) -> float:
        """Return when a file that began at *started* is over, in Unix seconds."""
        return (started // self.seconds + 1) * self.seconds if self.seconds else float("inf")


class CaptureFiles:
    """The capture at *path*. With *rotation*, finished files are renamed, to names with the time of their beginning.

    Each file is a capture of its own: it begins with the header, and with what is known of the daemon. With *rotation*,
    a capture that is already at *path*, as after a crash, is renamed too. *report* gets sentences about files that
    cannot be renamed, opened or removed, *inform* one about a file that was reopened; *clock* gives the present Unix
    time; *new* makes the writer of a file.

    The methods are for one thread. Those that write raise OSError and ValueError, as those of ``Writer`` do. Raises
    ApispyError if the first file cannot be created.
    """

    def __init__(
        self,
        path: Path,
        rotation: Rotation | None = None,
        *,
        report: Callable[[str], None] = lambda _: None,
        inform: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        new: Callable[..., Writer] = Writer,
    ) -> None:
        self.path, self._rotation = path, rotation
        self._report, self._inform, self._clock, self._new = report, inform, clock, new
        self._header: Header | None = None
        self._daemon: Daemon | None = None
        self._started = 0.0  # of this file, in Unix seconds
        self._has_content = False  # more than what each file begins with
        self._retry_at = 0.0  # no rotation before, in Unix seconds
        self._is_stuck = False  # a rotation has failed, and was reported
        self._cannot_remove = False  # that was reported
        if rotation:
            self._rename_leftover()
        self._writer = self._new(path, takes_empty=rotation is not None)

    @property
    def is_open(self) -> bool:
        """Whether lines can be written. False after a failure, until the next file begins."""
        return self._writer.is_open

    @property
    def due_in(self) -> float | None:
        """Seconds until ``rotate_if_due`` should be called, RETRY_DELAY at most; None if only ``write`` needs it."""
        if self._rotation is None:
            return None
        ends = self._rotation.end_of(self._started) if self._has_content else float("inf")
        due = max(self._retry_at, ends if self.is_open else 0.0)
        return None if due == float("inf") else min(max(0.0, due - self._clock()), RETRY_DELAY)

    def write(self, line: Line) -> None:
        """Write a line, into the next file if this one is full."""
        match line:
            case Header():
                self._header, self._started = line, line.started
            case Daemon():
                self._daemon = line
            case _:
                self.rotate_if_due()
                self._has_content = True
        self._writer.write(line)

    def rotate_if_due(self) -> None:
        """Begin the next file if this one has reached its end, or cannot be written any more."""
        if self._rotation is None or self._clock() < self._retry_at:
            return
        is_full = bool(self._rotation.size) and self._writer.size >= self._rotation.size
        is_over = self._clock() >= self._rotation.end_of(self._started)
        if not self.is_open or (self._has_content and (is_full or is_over)):
            self._begin_next()

    def reopen(self) -> None:
        """Begin the next file, for a user who asks for it after this one was moved away, or who rotates."""
        if self._writer.is_at(self.path) and not (self._rotation and self._has_content):
            self._report(f"{self.path}: nothing to reopen, because it was not moved away; it is continued")
        elif self._begin_next():
            self._inform(f"{self.path}: reopened")

    def close(self) -> None:
        """End the file. A file without a line is removed. Raises OSError if the end cannot be written."""
        self._writer.close()

    def abandon(self) -> None:
        """Write nothing more to this file, because that has failed. With a rotation, the next begins later."""
        self._retry_at = self._clock() + RETRY_DELAY
        self._writer.abandon()

    # -- parts --

    def _begin_next(self) -> bool:
        """Rename this file, unless it was moved away, and begin the next. Return False, and say why, if that fails.

        Then this file is continued if it can be. Raises OSError if the next file was made but cannot be written.
        """
        try:
            if self._rotation and self._writer.is_at(self.path):
                self._rename(self._started)
            elif self._rotation:
                self._rename_leftover()
            writer = self._new(self.path, takes_empty=True)
        except (ApispyError, OSError) as error:
            self._fail(error)
            return False
        finished, self._writer = self._writer, writer
        with contextlib.suppress(OSError):  # the disk is full, but all lines are there
            finished.close()
        self._write_beginning()
        self._retry_at, self._is_stuck = 0.0, False
        return True

    def _write_beginning(self) -> None:
        self._has_content = False
        self._started = self._clock()
        if self._header is not None:
            self._writer.write(replace(self._header, started=round(self._started, 6)))
        if self._daemon is not None:
            self._writer.write(self._daemon)

    def _fail(self, error: ApispyError | OSError) -> None:
        self._retry_at = self._clock() + RETRY_DELAY
        if self._is_stuck:
            return
        self._is_stuck = True
        why = f"{self.path}: {error.strerror}" if isinstance(error, OSError) else str(error)
        state = "the file before is continued" if self.is_open else "calls are missing"
        self._report(f"{why}. The next file of the capture cannot begin; {state}")

    def _rename_leftover(self) -> None:
        """Rename the capture of an earlier apispy, if there is one. Raises ApispyError if it is another file or in use.

        One without a call is removed: otherwise an apispy that is started again and again would fill the directory,
        and --keep would remove files with calls for it. An empty file is left for the next capture.
        """
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise ApispyError(
                f"{self.path}: {error}; name a file in a directory where you may write"
            ) from None
        if not stat.S_ISREG(found.st_mode):
            raise ApispyError(f"{self.path}: --rotate needs a regular file; name a new file")
        if not found.st_size:
            return
        started, has_content = _beginning_of(self.path)
        try:
            self._rename(started) if has_content else os.unlink(self.path)
        except OSError as error:
            raise ApispyError(f"{self.path} cannot be renamed: {error.strerror}; name another file") from None

    def _rename(self, started: float) -> None:
        """Rename the file at the path, which began at *started*. It never replaces another file. Raises OSError."""
        while True:
            finished = finished_path(self.path, started)
            try:  # this reserves the name; an empty file is one that was reserved before a crash
                os.close(os.open(finished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                break
            except FileExistsError:
                if _is_empty(finished):
                    break
                started += 0.001
        try:
            os.replace(self.path, finished)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(finished)
            if isinstance(error, FileNotFoundError):  # another program has just renamed it
                return
            raise
        self._remove_old(finished)

    def _remove_old(self, newest: Path) -> None:
        """Remove the oldest finished files, so that *keep* are left. *newest* stays, whatever the clock says."""
        keep = self._rotation.keep if self._rotation else 0
        if not keep:
            return
        try:
            others = [path for path in finished_files(self.path) if path != newest]
            for path in others[: max(0, len(others) + 1 - keep)]:
                path.unlink()
        except OSError as error:
            if not self._cannot_remove:
                self._report(f"{error.filename}: {error.strerror}. --keep cannot remove old files")
            self._cannot_remove = True


def finished_path(path: Path, started: float) -> Path:
    """Return the name of a finished file of the capture at *path*: calls-2026-11-30T09-13-39.590Z.jsonl.

    It has the time at which the file began, in UTC, in an order in which names sort by time.
    """
    stem, suffix = _split(path.name)
    at = units.utc(round(started, 3))
    return path.with_name(f"{stem}-{at:%Y-%m-%dT%H-%M-%S}.{round(at.microsecond / 1000):03}Z{suffix}")


def finished_files(path: Path) -> list[Path]:
    """List the finished files of the capture at *path*, the oldest first. Raises OSError."""
    stem, suffix = _split(path.name)
    pattern = re.compile(f"{re.escape(stem)}-{STAMP}{re.escape(suffix)}")
    return sorted(path.with_name(name) for name in os.listdir(path.parent) if pattern.fullmatch(name))


def _split(name: str) -> tuple[str, str]:
    """Split "calls.jsonl.gz" into "calls" and ".jsonl.gz"."""
    path, suffix = Path(name), ""
    if path.suffix.lower() in SUFFIXES:
        path, suffix = path.with_suffix(""), path.suffix
    return path.stem, path.suffix + suffix


def _is_empty(path: Path) -> bool:
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and not found.st_size


def _beginning_of(path: Path) -> tuple[float, bool]:
    """Read when the capture at *path* began, in Unix seconds, and whether more follows than each file begins with.

    Raises ApispyError if it is not a capture, or in use.
    """
    header: Header | None = None
    with contextlib.suppress(OSError, CaptureError, Malformed, RecursionError), path.open("rb") as file:
        if not lock(file.fileno()):
            raise ApispyError(f"{path}: another apispy writes this capture. Name another file")
        for data in split_lines(decompressed(file, path), path):
            if header is None and isinstance(line := read_line(data, 0), Header):
                header = line
            elif header is None or not data.startswith(DAEMON_START):
                break
        else:
            if header is not None:
                return header.started, False
    if header is None:
        raise ApispyError(
            f"{path}: expected a capture, which --rotate renames, or no file; found a file of another kind, and no "
            f"file is ever overwritten. Name another file, or remove this one: rm {path}"
        )
    return header.started, True
