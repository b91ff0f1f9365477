"""Packages whose modules are imported on first use, so that commands start faster.

A name must not also be the name of a module of the package: once that is imported, the name refers to the module.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def names(room: str, files: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` (PEP 562) for the package *room*; *files* gives the module of each name."""

    def find(name: str) -> Any:
        if name not in files:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{room}.{files[name]}"), name)

    return find
