"""The capture file: written while apispy runs, read later. docs/captures.md describes the format."""

from apispy.capture.fields import Malformed
from apispy.capture.files import CaptureError
from apispy.capture.gist import Gist
from apispy.capture.lines import Daemon, Header, Notice
from apispy.capture.player import Happening, follow, play
from apispy.capture.reader import read, read_gists, read_lines
from apispy.capture.writer import Writer

__all__ = [
    "CaptureError",
    "Daemon",
    "Gist",
    "Happening",
    "Header",
    "Malformed",
    "Notice",
    "Writer",
    "follow",
    "play",
    "read",
    "read_gists",
    "read_lines",
]
