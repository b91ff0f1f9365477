"""Modules that are imported on first use, and patterns that are compiled on first use, so that commands start faster.

A name must not also be the name of a module of the package: once that is imported, the name refers to the module.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any, cast


def names(room: str, files: Mapping[str, str]) -> Callable[[str], Any]:
    """A ``__getattr__`` (PEP 562) for the package *room*; *files* gives the module of each name."""

    def find(name: str) -> Any:
        if name not in files:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{room}.{files[name]}"), name)

    return find


def pattern[T: (str, bytes)](text: T, flags: int = 0) -> re.Pattern[T]:
    """Return what ``re.compile`` does, which is compiled when one of its methods is first used.

    For patterns that many processes never need: all of apispy's took a third of the start of ``apispy show``.
    """
    return cast("re.Pattern[T]", LazyPattern(text, flags))


class LazyPattern:
    """A regular expression that is compiled on first use. A wrong one raises re.error then."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self.pattern, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        """Take over an attribute of the compiled pattern, so that it is looked up here only once."""
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found
