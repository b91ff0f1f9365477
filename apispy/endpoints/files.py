"""Small configuration files: read up to a size limit, replaced atomically, written with restrictive modes."""

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from apispy import system
from apispy.errors import ApispyError

MAX_BYTES = 1 << 20
"""Size limit of a file to read, in bytes; real ones have a few KB."""


def read_json(path: Path) -> dict[str, Any]:
    """Read the JSON object in *path*. FileNotFoundError if there is no such file; ApispyError for any other problem."""
    try:
        data = _read_limited(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from error
    except OSError as error:
        raise ApispyError(f"{path}: {error.strerror}. Check that you can read it.") from error
    try:
        found = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApispyError(
            f"{path}: expected a JSON object, found {len(data)} bytes of something else. "
            "Fix the file or move it away."
        )
    return found


def _read_limited(path: Path) -> bytes:
    """Read one byte more than the limit at most, and nothing from a FIFO or a device, where reading would block."""
    fd = os.open(path, os.O_RDONLY | system.O_CLOEXEC | system.O_NONBLOCK)
    with os.fdopen(fd, "rb") as file:
        return file.read(MAX_BYTES + 1) if stat.S_ISREG(os.fstat(fd).st_mode) else b""


def write_json(path: Path, content: dict[str, Any], mode: int = 0o600) -> None:
    """Write *content* to *path*, as ``write`` does."""
    write(path, json.dumps(content, indent=2).encode() + b"\n", mode)


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace *path* atomically: a reader sees the old file or the complete new one. ApispyError if that fails."""
    temporary = None
    try:
        # mkstemp creates the file with mode 0600, under a name that nobody can have created before.
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(fd, "wb") as out:
            out.write(data)
            system.set_mode(fd, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _cannot_write(path, error) from error


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Create *path* and its missing parents with *mode*; existing ones do not change. ApispyError if that fails."""
    try:
        for missing in reversed([d for d in (path, *path.parents) if not d.exists()]):
            missing.mkdir(mode=mode, exist_ok=True)
            missing.chmod(mode)  # regardless of the umask
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> ApispyError:
    return ApispyError(f"{error.filename or path}: {error.strerror or error}, so {path} was not written.")
