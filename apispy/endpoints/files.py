"""Small files that this room reads and keeps: read with a limit, written in one step, never too wide."""

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from apispy.errors import ApispyError

LIMIT = 1 << 20
"""Bytes of a file that is read; real ones have a few KB."""


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in *path*. FileNotFoundError when there is no such file; ApispyError for anything else."""
    try:
        data = _start_of(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except OSError as error:
        raise ApispyError(f"{path}: {error.strerror}. See that you may read it.") from error
    try:
        found = json.loads(data) if len(data) <= LIMIT else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApispyError(
            f"{path}: expected a JSON object, found {len(data)} bytes of something else. "
            "Put that right, or move the file away."
        )
    return found


def _start_of(path: Path) -> bytes:
    """Up to one byte more than is allowed; nothing of a FIFO or a device, at which reading would hang."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as file:
        return file.read(LIMIT + 1) if stat.S_ISREG(os.fstat(fd).st_mode) else b""


def write_json(path: Path, content: dict[str, Any], mode: int = 0o600) -> None:
    """Put *content* at *path*, as ``write`` does."""
    write(path, json.dumps(content, indent=2).encode() + b"\n", mode)


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put *data* at *path* in one step: a reader sees the old file or the whole new one. ApispyError if that fails."""
    temporary = None
    try:
        # mkstemp: 0600 from birth, and a name that nobody can have put there before.
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(fd, "wb") as out:
            out.write(data)
            os.fchmod(fd, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Create *path* and its missing parents with *mode*; one that is there stays as it is. ApispyError if not."""
    try:
        for missing in reversed([d for d in (path, *path.parents) if not d.exists()]):
            missing.mkdir(mode=mode, exist_ok=True)
            missing.chmod(mode)  # whatever the umask
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> ApispyError:
    return ApispyError(f"{error.filename or path}: {error.strerror or error}, so {path} was not written.")
