"""Capture files: written while apispy runs, read and played back later. docs/captures.md describes the format."""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.capture.exchange_summary import ExchangeSummary
    from apispy.capture.lines import Daemon, Header, Notice
    from apispy.capture.playback import PlaybackItem, follow, play
    from apispy.capture.raw_lines import CaptureError
    from apispy.capture.reader import read, read_lines, read_summaries
    from apispy.capture.rotation import CaptureFiles, Rotation
    from apispy.capture.validation import Malformed
    from apispy.capture.writer import Writer

_FILES = {
    "ExchangeSummary": "exchange_summary",
    "Daemon": "lines",
    "Header": "lines",
    "Notice": "lines",
    "PlaybackItem": "playback",
    "follow": "playback",
    "play": "playback",
    "CaptureError": "raw_lines",
    "read": "reader",
    "read_lines": "reader",
    "read_summaries": "reader",
    "CaptureFiles": "rotation",
    "Rotation": "rotation",
    "Malformed": "validation",
    "Writer": "writer",
}
__getattr__ = lazy.names(__name__, _FILES)

__all__ = [
    "CaptureError",
    "CaptureFiles",
    "Daemon",
    "ExchangeSummary",
    "Header",
    "Malformed",
    "Notice",
    "PlaybackItem",
    "Rotation",
    "Writer",
    "follow",
    "play",
    "read",
    "read_lines",
    "read_summaries",
]
