"""The capture file: written while apispy runs, read later. docs/captures.md describes the format."""

from apispy.capture.files import CaptureError
from apispy.capture.lines import Daemon, Header, Notice
from apispy.capture.player import Happening, follow, play
from apispy.capture.reader import read, read_lines
from apispy.capture.writer import Writer

__all__ = [
    "CaptureError",
    "Daemon",
    "Happening",
    "Header",
    "Notice",
    "Writer",
    "follow",
    "play",
    "read",
    "read_lines",
]
