"""Connections as byte streams with half-closes and resets, listened for and dialled; no HTTP, no mitmproxy.

Stands aside like ``endpoints``: the proxy and replay use it.
"""

from apispy.sockets.bind import Listener, open_listener
from apispy.sockets.carrier import Carrier
from apispy.sockets.dial import dial
from apispy.sockets.hangup import HangupWatch
from apispy.sockets.peer import unix_peer
from apispy.sockets.stream import Stream
from apispy.sockets.tls import TlsStream, listening_context

__all__ = [
    "Carrier",
    "HangupWatch",
    "Listener",
    "Stream",
    "TlsStream",
    "dial",
    "listening_context",
    "open_listener",
    "unix_peer",
]
