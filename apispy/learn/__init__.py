"""What the calls of a session teach about each other, and about the API."""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.learn.name_registry import NameRegistry
    from apispy.learn.notes import notes_on

__getattr__ = lazy.names(__name__, {"NameRegistry": "name_registry", "notes_on": "notes"})

__all__ = ["NameRegistry", "notes_on"]
