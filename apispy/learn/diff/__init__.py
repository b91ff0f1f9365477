"""What differs between two captures: calls of only one, and parameters, statuses and shapes that changed."""

from apispy.learn.diff.as_json import as_json
from apispy.learn.diff.compare import Difference, difference
from apispy.learn.diff.text import lines

__all__ = ["Difference", "as_json", "difference", "lines"]
