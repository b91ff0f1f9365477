"""What differs between two captures: calls of only one, and parameters, statuses and shapes that changed."""

from apispy.learn.diff.as_json import as_json
from apispy.learn.diff.as_text import lines
from apispy.learn.diff.compare import Difference, difference

__all__ = ["Difference", "as_json", "difference", "lines"]
