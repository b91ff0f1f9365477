"""Captures of apispy itself and fixtures: so whatever takes a file of another program takes them too."""

from dataclasses import replace
from pathlib import Path

from apispy import capture
from apispy.capture.raw_lines import is_fixture
from apispy.importers.base import Format, Imported, Settings, register
from apispy.model import Exchange

BEGINNINGS = (b'{"capture":', b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""A header, or gzip or zstd around it."""


def is_capture(head: bytes) -> bool:
    return head.startswith(BEGINNINGS) or is_fixture(head)


def read(path: Path, settings: Settings) -> Imported:
    """The calls in a capture, with their numbers; those of further sessions have other ones. Raises CaptureError."""
    notices: list[str] = []
    redacted = True
    found: list[Exchange] = []
    before = 0  # the highest number of the sessions before
    for _, line in capture.read_lines(path, notices.append):
        if isinstance(line, capture.Header):
            redacted &= line.redacted
            before = max((exchange.id for exchange in found), default=0)
        elif isinstance(line, Exchange):
            found.append(replace(line, id=line.id + before))
    return Imported(tuple(sorted(found, key=lambda one: one.id)), tuple(notices), redacted)


register(Format("capture", "a capture of apispy", is_capture, read))
