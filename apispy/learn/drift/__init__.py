"""Where a daemon's responses differ from Docker's description of the API version."""

from apispy.learn.drift.as_json import drift_json
from apispy.learn.drift.as_text import drift_lines
from apispy.learn.drift.collect import Drift
from apispy.learn.drift.openapi import OpenApi

__all__ = ["Drift", "OpenApi", "drift_json", "drift_lines"]
