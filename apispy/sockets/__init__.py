"""Connections as byte streams with half-closes and resets: listeners, dialling, TLS. No HTTP and no mitmproxy.

Only the proxy, replay and app packages use this one, and it imports only ``endpoints`` and ``errors``.
"""

from apispy.sockets.dial import dial
from apispy.sockets.hangup import HangupWatch
from apispy.sockets.listener import Listener, open_listener, unix_peer
from apispy.sockets.stream import Carrier, Stream
from apispy.sockets.tls import (
    HTTP_BEGINS,
    PLAINTEXT_REFUSAL,
    PlaintextClient,
    TlsStream,
    listening_context,
)

__all__ = [
    "HTTP_BEGINS",
    "PLAINTEXT_REFUSAL",
    "Carrier",
    "HangupWatch",
    "Listener",
    "PlaintextClient",
    "Stream",
    "TlsStream",
    "dial",
    "listening_context",
    "open_listener",
    "unix_peer",
]
