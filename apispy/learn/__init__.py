"""What apispy learns from calls: names of IDs, notes, differences between captures; and explanations of the API."""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.learn.name_registry import NameRegistry
    from apispy.learn.notes import notes_on

__getattr__ = lazy.names(__name__, {"NameRegistry": "name_registry", "notes_on": "notes"})

__all__ = ["NameRegistry", "notes_on"]
