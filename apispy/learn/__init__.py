"""What the calls of a session teach about each other, and about the API."""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.learn.memory import Memory
    from apispy.learn.notes import notes_on

__getattr__ = lazy.names(__name__, {"Memory": "memory", "notes_on": "notes"})

__all__ = ["Memory", "notes_on"]
