"""Connections as byte streams with half-closes and resets: listeners, dialling, TLS. No HTTP and no mitmproxy.

Only the proxy, replay and app packages use this one, and it imports only ``endpoints`` and ``errors``.
"""

from apispy.sockets.dial import dial
from apispy.sockets.hangup import HangupWatch
from apispy.sockets.listener import Listener, local_peer, open_listener
from apispy.sockets.stream import Carrier, Stream
from apispy.sockets.tls import (
    PLAINTEXT_REFUSAL,
    REQUEST_STARTS,
    PlaintextClient,
    TlsStream,
    listening_context,
)

__all__ = [
    "PLAINTEXT_REFUSAL",
    "REQUEST_STARTS",
    "Carrier",
    "HangupWatch",
    "Listener",
    "PlaintextClient",
    "Stream",
    "TlsStream",
    "dial",
    "listening_context",
    "local_peer",
    "open_listener",
]
