"""apispy's own captures and fixtures, so that commands on imported files accept them too."""

import re
from pathlib import Path

from apispy import capture
from apispy.capture.raw_lines import is_fixture
from apispy.importers.formats import Format, Imported, Settings, register
from apispy.model import Exchange
from apispy.structs import replace

_HEADER = re.compile(rb'\s*\{\s*"capture"\s*:')


def is_capture(head: bytes) -> bool:
    return _HEADER.match(head) is not None or is_fixture(head)


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a capture with their numbers; those of later sessions are renumbered. Raises CaptureError."""
    notices: list[str] = []
    redacted = True
    found: list[Exchange] = []
    offset = 0  # the highest number in the earlier sessions
    for _, line in capture.read_lines(path, notices.append):
        if isinstance(line, capture.Header):
            redacted &= line.redacted
            offset = max((exchange.id for exchange in found), default=0)
        elif isinstance(line, Exchange):
            found.append(replace(line, id=line.id + offset))
    return Imported(tuple(sorted(found, key=lambda one: one.id)), tuple(notices), redacted)


register(Format("capture", "a capture of apispy", is_capture, read))
