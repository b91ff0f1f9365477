"""Importers: read files of other programs as exchanges. Each format is one short file, which registers itself.

The exchanges are not redacted: the pipeline does that.
"""

import importlib
import pkgutil
from pathlib import Path

from apispy.errors import ApispyError, UsageError
from apispy.importers import files
from apispy.importers.formats import FORMATS, Format, Imported, Settings, register

for _module in pkgutil.iter_modules(__path__):
    if (
        _module.name != "yaml_values"
    ):  # no format: it imports PyYAML, an extra, and is imported when it is used
        importlib.import_module(f"{__name__}.{_module.name}")


def find_format(path: Path) -> Format | None:
    """The format of the file at *path*, by its first bytes; None if it is unknown. Raises ApispyError."""
    return format_of(files.head_of(path, files.HEAD_SIZE))


def recognise(path: Path) -> str:
    """The name of the format of the file at *path*, by its first bytes. Raises ApispyError if it is unknown."""
    head = files.head_of(path, files.HEAD_SIZE)
    found = format_of(head)
    if found is None:
        raise ApispyError(
            f"{path} has no format that apispy can import: it begins with {_quoted(head)}. Expected "
            f"{_titles()}.{_hint(head)} If it is one of these, name the format with --from."
        )
    return found.name


def format_of(head: bytes) -> Format | None:
    """The format of a file that begins with *head*; None if it is unknown."""
    return next((found for found in FORMATS.values() if found.recognises(head)), None)


def read(path: Path, name: str, settings: Settings) -> Imported:
    """The calls in the file at *path*, read as the format *name*. Raises ApispyError."""
    form = FORMATS.get(name)
    if form is None or form.read is None:
        raise UsageError(f"apispy cannot import the format {name!r}. Known: {', '.join(FORMATS)}.")
    files.head_of(path, 1)
    return form.read(path, settings)


def _quoted(head: bytes) -> str:
    return repr(head[:16])[1:] if head else "nothing, because it is empty"


def _titles() -> str:
    *most, last = [found.title for found in FORMATS.values()]
    return f"{', '.join(most)} or {last}"


def _hint(head: bytes) -> str:
    if head.startswith((b"BZh", b"\xfd7zXZ", b"PK")):
        return " It is compressed; unpack it first."
    return ""


__all__ = [
    "FORMATS",
    "Format",
    "Imported",
    "Settings",
    "find_format",
    "format_of",
    "read",
    "recognise",
    "register",
]
