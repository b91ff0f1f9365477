"""Whether the daemon selects HTTP/2 under TLS, so that the listener offers its clients what the daemon would select."""

import asyncio
import time
from collections.abc import Callable

from apispy.endpoints import Endpoint, tls_context
from apispy.errors import ApispyError
from apispy.sockets import TlsStream, dial

LIFETIME = 60.0
"""Seconds for which an answer is used: the daemon may be replaced by a newer one."""

TIMEOUT = 5.0
"""Seconds that the daemon has to answer."""

OFFERED = ["h2", "http/1.1"]


class DaemonProtocols:
    """Asks the daemon at *upstream*, with a handshake of its own, when the first client offers HTTP/2."""

    def __init__(self, upstream: Endpoint, clock: Callable[[], float] = time.monotonic) -> None:
        self._upstream = upstream
        self._clock = clock
        self._lock = asyncio.Lock()
        self._speaks_http2 = False
        self._until = float("-inf")

    async def speaks_http2(self) -> bool:
        """Return whether the daemon selects HTTP/2 of a client that offers it; False if it cannot be asked."""
        async with self._lock:
            if self._clock() >= self._until:
                self._speaks_http2 = await self._ask()
                self._until = self._clock() + LIFETIME
            return self._speaks_http2

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT):
                context = tls_context(self._upstream)
                context.set_alpn_protocols(OFFERED)
                stream = await dial(self._upstream)
                try:
                    secured = TlsStream(stream, context, self._upstream.host)
                    await secured.handshake()
                    return secured.protocol == "h2"
                finally:
                    stream.close()
        except (ApispyError, OSError, ValueError):
            return False  # the client's own connection will show why
