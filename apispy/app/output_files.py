"""Files that the commands write."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def remove_on_failure(path: Path) -> Iterator[None]:
    """Remove the regular file *path* if the block raises, so that nobody takes a part for the whole."""
    try:
        yield
    except BaseException:
        if path.is_file():
            path.unlink()
        raise
