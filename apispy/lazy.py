"""Rooms whose files are imported when something in them is first asked for, so that commands start sooner.

A name that is also a file's cannot be among them: once that file is imported, the name stands for it.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def names(room: str, files: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` (PEP 562) for the package *room*; *files* says in which of its files each name is."""

    def find(name: str) -> Any:
        if name not in files:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{room}.{files[name]}"), name)

    return find
