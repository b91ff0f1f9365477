"""What the calls of a session teach about each other, and about the API."""

from apispy.learn.memory import Memory
from apispy.learn.notes import notes_on

__all__ = ["Memory", "notes_on"]
