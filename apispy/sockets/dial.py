"""Opens connections to a daemon, one way for each kind of endpoint."""

import asyncio
from collections.abc import Awaitable, Callable
from subprocess import Popen, TimeoutExpired

from apispy.endpoints import Endpoint, diagnose, ssh_socket, ssh_stderr
from apispy.sockets.stream import Stream

SSH_END = 2.0
"""Seconds that ssh gets to end after its connection did."""


class SshStream(Stream):
    """A connection that is carried by a child process."""

    def __init__(self, endpoint: Endpoint, child: Popen[bytes]) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._child = child

    async def why_ended(self) -> str | None:
        """ssh's own last words, when it did not end well."""
        try:
            code = await asyncio.to_thread(self._child.wait, SSH_END)
        except TimeoutExpired:
            return None
        if code == 0:
            return None
        says = ssh_stderr(self._child) or f"nothing; its exit code is {code}"
        return str(diagnose(self._endpoint, EOFError(), ssh_error=says))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        asyncio.get_running_loop().run_in_executor(None, self._reap)

    def _reap(self) -> None:
        """ssh ends by itself when its connection does; this leaves no zombie, and no hanging ssh."""
        try:
            self._child.wait(SSH_END)
        except TimeoutExpired:
            self._child.terminate()
            self._child.wait()


async def dial(endpoint: Endpoint) -> Stream:
    """Connect to *endpoint* (without TLS). Raises ApispyError, which says what failed and what to do."""
    try:
        return await DIALLERS[endpoint.kind](endpoint)
    except (OSError, UnicodeError) as error:
        raise diagnose(endpoint, error) from error


async def _tcp(endpoint: Endpoint) -> Stream:
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Stream, endpoint.host, endpoint.port))[1]


async def _unix(endpoint: Endpoint) -> Stream:
    stream = (await asyncio.get_running_loop().create_unix_connection(Stream, endpoint.path))[1]
    stream.names = {"peername": (endpoint.path, 0), "sockname": ("unix", 0)}
    return stream


async def _ssh(endpoint: Endpoint) -> Stream:
    sock, child = await asyncio.to_thread(ssh_socket, endpoint)
    made = asyncio.get_running_loop().create_unix_connection(lambda: SshStream(endpoint, child), sock=sock)
    stream = (await made)[1]
    stream.names = {"peername": (endpoint.host, endpoint.port), "sockname": ("ssh", child.pid)}
    return stream


DIALLERS: dict[str, Callable[[Endpoint], Awaitable[Stream]]] = {"tcp": _tcp, "unix": _unix, "ssh": _ssh}
