"""Where a daemon's responses differ from Docker's description of the API version."""

from apispy.learn.drift.as_json import drift_json
from apispy.learn.drift.as_text import drift_lines
from apispy.learn.drift.collect import Drift

__all__ = ["Drift", "drift_json", "drift_lines"]
