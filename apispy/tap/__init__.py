"""(direction, bytes, time) in, exchanges out. Sans-IO.

It can never disturb a connection, only stop reading it.
"""

from apispy.tap.connection import ConnectionTap
from apispy.tap.events import Closed, Data, Event, GaveUp, Opened, ResponseStarted, StreamEnded

__all__ = ["Closed", "ConnectionTap", "Data", "Event", "GaveUp", "Opened", "ResponseStarted", "StreamEnded"]
