"""Files that the commands write."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STDOUT = Path("/dev/stdout")
"""What "-" means where a command can write to standard output. (``Path("-")`` equals ``Path("./-")``, a file.)"""


@contextmanager
def remove_on_failure(path: Path) -> Iterator[None]:
    """Remove the regular file *path* if the block raises, so that nobody takes a part for the whole."""
    try:
        yield
    except BaseException:
        if path.is_file():
            path.unlink()
        raise
