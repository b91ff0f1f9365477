"""(direction, bytes, time) in, exchanges out. Sans-IO.

It can never disturb a connection, only stop reading it.
"""

from apispy.tap.connection import ConnectionTap
from apispy.tap.events import Answered, Closed, Data, Event, GaveUp, Opened, StreamEnded

__all__ = ["Answered", "Closed", "ConnectionTap", "Data", "Event", "GaveUp", "Opened", "StreamEnded"]
