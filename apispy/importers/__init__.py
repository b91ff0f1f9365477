"""Importers: read files of other programs as exchanges. Each format is one short file, which registers itself.

The exchanges are not redacted: the pipeline does that.
"""

import importlib
import pkgutil
from pathlib import Path

from apispy.errors import ApispyError, UsageError
from apispy.importers.formats import FORMATS, HEAD_SIZE, Format, Imported, Settings, register

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def recognise(path: Path) -> str:
    """The name of the format of the file at *path*, by its first bytes. Raises ApispyError if it is unknown."""
    head = _head(path)
    for found in FORMATS.values():
        if found.recognises(head):
            return found.name
    raise ApispyError(
        f"{path} has no format that apispy can import: it begins with {_quoted(head)}. Expected "
        f"{_titles()}.{_hint(head)} If it is one of these, name the format with --from."
    )


def read(path: Path, name: str, settings: Settings) -> Imported:
    """The calls in the file at *path*, read as the format *name*. Raises ApispyError."""
    reader = FORMATS[name].read if name in FORMATS else None
    if reader is None:
        raise UsageError(f"apispy cannot import the format {name!r}. Known: {', '.join(FORMATS)}.")
    _head(path)
    return reader(path, settings)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_SIZE)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Give the name of a file.") from None


def _quoted(head: bytes) -> str:
    return repr(head[:16])[1:] if head else "nothing, because it is empty"


def _titles() -> str:
    *most, last = [found.title for found in FORMATS.values()]
    return f"{', '.join(most)} or {last}"


def _hint(head: bytes) -> str:
    if head.startswith((b"BZh", b"\xfd7zXZ", b"PK")):
        return " It is compressed; unpack it first."
    return ""


__all__ = ["FORMATS", "Format", "Imported", "Settings", "read", "recognise", "register"]
