"""Capture files: written while apispy runs, read and played back later. docs/captures.md describes the format."""

from apispy.capture.exchange_summary import ExchangeSummary
from apispy.capture.lines import Daemon, Header, Notice
from apispy.capture.playback import PlaybackItem, follow, play
from apispy.capture.raw_lines import CaptureError
from apispy.capture.reader import read, read_lines, read_summaries
from apispy.capture.validation import Malformed
from apispy.capture.writer import Writer

__all__ = [
    "CaptureError",
    "Daemon",
    "ExchangeSummary",
    "Header",
    "Malformed",
    "Notice",
    "PlaybackItem",
    "Writer",
    "follow",
    "play",
    "read",
    "read_lines",
    "read_summaries",
]
