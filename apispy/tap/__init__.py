"""Parses the bytes of one connection, with their directions and times, into exchanges. Sans-IO.

The tap works on a copy of the bytes: if it fails it stops parsing, and the connection is not affected.
"""

from apispy.tap.connection import PREFACE_REFUSED, ConnectionTap
from apispy.tap.events import (
    CLIENT_LEFT,
    CLIENT_RESET,
    DAEMON_LEFT,
    DAEMON_RESET,
    Closed,
    Data,
    Event,
    GaveUp,
    Opened,
    ResponseStarted,
    StreamEnded,
)

__all__ = [
    "CLIENT_LEFT",
    "CLIENT_RESET",
    "DAEMON_LEFT",
    "DAEMON_RESET",
    "PREFACE_REFUSED",
    "Closed",
    "ConnectionTap",
    "Data",
    "Event",
    "GaveUp",
    "Opened",
    "ResponseStarted",
    "StreamEnded",
]
