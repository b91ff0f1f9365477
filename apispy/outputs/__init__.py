"""The ways to show and export exchanges. Each is one file and follows ``base.Output``."""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.outputs.base import DecodedCall, Output
    from apispy.outputs.console import Console
    from apispy.outputs.curl import Target
    from apispy.outputs.filtered import Filtered
    from apispy.outputs.json_lines import JsonLines
    from apispy.outputs.stats import Stats
    from apispy.outputs.summary import Summary
    from apispy.outputs.writer import ThreadWriter

_FILES = {
    "Console": "console",
    "Filtered": "filtered",
    "JsonLines": "json_lines",
    "Output": "base",
    "DecodedCall": "base",
    "Stats": "stats",
    "Summary": "summary",
    "Target": "curl",
    "ThreadWriter": "writer",
}
__getattr__ = lazy.names(__name__, _FILES)

__all__ = [
    "Console",
    "DecodedCall",
    "Filtered",
    "JsonLines",
    "Output",
    "Stats",
    "Summary",
    "Target",
    "ThreadWriter",
]
