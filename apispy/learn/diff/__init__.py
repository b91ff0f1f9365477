"""Differences between two captures: calls in only one of them, and changed parameters, statuses and shapes."""

from apispy.learn.diff.as_json import diff_json
from apispy.learn.diff.as_text import diff_lines
from apispy.learn.diff.compare import CaptureDifference, compare_captures

__all__ = ["CaptureDifference", "compare_captures", "diff_json", "diff_lines"]
