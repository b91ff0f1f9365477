"""Writes several files together: all of them or none."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from apispy import system
from apispy.certs.files import make_directory
from apispy.errors import ApispyError
from apispy.structs import Struct


class PendingFile(Struct, frozen=True):
    """A file to write: ``data`` at ``path``, with ``mode``."""

    path: Path
    data: bytes
    mode: int


def refuse_present(paths: Sequence[Path]) -> None:
    """Raise ApispyError if any of *paths* exists."""
    if present := [str(path) for path in paths if os.path.lexists(path)]:
        raise ApispyError(
            f"Nothing was written, because these files exist: {', '.join(present)}. Name another directory with --out, "
            "or type --force to replace them. (Certificates of an old CA are not valid with a new one: to keep a CA, "
            "name its directory with --ca.)"
        )


def write_all_or_none(files: Sequence[PendingFile], *, force: bool) -> None:
    """Write *files* and make missing directories (0700). On any failure, nothing is changed.

    Without *force* an existing file is never replaced, not even one that appears meanwhile. Raises OSError, or
    ApispyError for existing files and for an unsafe directory.
    """
    if not force:
        refuse_present([file.path for file in files])
    with ExitStack() as directories, ExitStack() as always, ExitStack() as undo:
        for directory in sorted({file.path.parent for file in files}):
            _make(directory, directories)
        staged = [(_beside(file.path, always), file) for file in files]
        for temporary, file in staged:
            _fill(temporary, file)
        for temporary, file in staged:
            if force and os.path.lexists(file.path):
                _replace(temporary, file.path, always, undo)
            else:
                os.link(temporary, file.path)  # unlike a rename, this fails if the file exists by now
                undo.callback(file.path.unlink)
        undo.pop_all()
        directories.pop_all()


def _make(directory: Path, undo: ExitStack) -> None:
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    make_directory(directory, "--out")
    for path in reversed(missing):
        undo.callback(path.rmdir)


def _beside(path: Path, always: ExitStack) -> Path:
    """A new temporary file next to *path*, empty and 0600, that is removed at the end."""
    fd, name = tempfile.mkstemp(".tmp", f".{path.name}.", path.parent)
    os.close(fd)
    temporary = Path(name)
    always.callback(temporary.unlink, missing_ok=True)
    return temporary


def _fill(temporary: Path, file: PendingFile) -> None:
    with temporary.open("wb") as out:
        out.write(file.data)
        system.set_mode(out.fileno(), file.mode)
        out.flush()
        os.fsync(out.fileno())


def _replace(temporary: Path, path: Path, always: ExitStack, undo: ExitStack) -> None:
    """Replace *path* atomically, keeping the old file for undo."""
    old = _beside(path, always)
    old.unlink()
    os.link(path, old, follow_symlinks=False)
    undo.callback(os.replace, old, path)
    os.replace(temporary, path)
