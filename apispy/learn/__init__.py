"""What the calls of a session teach about each other, and about the API."""

from apispy.learn.memory import Memory

__all__ = ["Memory"]
