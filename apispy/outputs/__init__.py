"""The ways to show and export exchanges. Each is one file and follows ``base.Output``."""

from apispy.outputs.base import Output, Reading
from apispy.outputs.console import Console
from apispy.outputs.curl import Target, curl
from apispy.outputs.filtered import Filtered
from apispy.outputs.json_lines import JsonLines
from apispy.outputs.stats import Stats
from apispy.outputs.summary import Summary
from apispy.outputs.writer import ThreadWriter

__all__ = [
    "Console",
    "Filtered",
    "JsonLines",
    "Output",
    "Reading",
    "Stats",
    "Summary",
    "Target",
    "ThreadWriter",
    "curl",
]
