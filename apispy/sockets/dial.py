"""Connects to a daemon, by the kind of its endpoint: TCP, unix socket, named pipe or ssh."""

import asyncio
from collections.abc import Awaitable, Callable
from subprocess import Popen, TimeoutExpired

from apispy.endpoints import Endpoint, diagnose, ssh_socket, ssh_stderr
from apispy.endpoints.named_pipes import open_pipe
from apispy.sockets.pipe_stream import PipeStream
from apispy.sockets.stream import Stream

SSH_EXIT_TIMEOUT = 2.0
"""Seconds that ssh has to exit after its connection has ended."""


class SshStream(Stream):
    """A connection through a child process, ssh."""

    def __init__(self, endpoint: Endpoint, child: Popen[bytes]) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._child = child

    async def end_reason(self) -> str | None:
        """Explain with ssh's own message why it failed; None if it exited with 0 or still runs."""
        try:
            code = await asyncio.to_thread(self._child.wait, SSH_EXIT_TIMEOUT)
        except TimeoutExpired:
            return None
        if code == 0:
            return None
        message = ssh_stderr(self._child) or f"nothing; its exit code is {code}"
        return str(diagnose(self._endpoint, EOFError(), ssh_error=message))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        asyncio.get_running_loop().run_in_executor(None, self._reap)

    def _reap(self) -> None:
        """Wait for ssh, which exits when its connection ends, so that no zombie is left. Terminate one that hangs."""
        try:
            self._child.wait(SSH_EXIT_TIMEOUT)
        except TimeoutExpired:
            self._child.terminate()
            self._child.wait()


async def dial(endpoint: Endpoint) -> Stream:
    """Connect to *endpoint* (without TLS). Raises ApispyError, which explains what failed and what to do."""
    try:
        return await DIALLERS[endpoint.kind](endpoint)
    except (OSError, UnicodeError) as error:
        raise diagnose(endpoint, error) from error


async def _tcp(endpoint: Endpoint) -> Stream:
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Stream, endpoint.host, endpoint.port))[1]


async def _unix(endpoint: Endpoint) -> Stream:
    stream = (await asyncio.get_running_loop().create_unix_connection(Stream, endpoint.path))[1]
    stream.extra_info = {"peername": (endpoint.path, 0), "sockname": ("unix", 0)}
    return stream


async def _npipe(endpoint: Endpoint) -> Stream:
    stream = await open_pipe(PipeStream, endpoint.path)
    stream.extra_info = {"peername": (endpoint.path, 0), "sockname": ("npipe", 0)}
    return stream


async def _ssh(endpoint: Endpoint) -> Stream:
    sock, child = await asyncio.to_thread(ssh_socket, endpoint)
    connecting = asyncio.get_running_loop().create_connection(lambda: SshStream(endpoint, child), sock=sock)
    stream = (await connecting)[1]
    stream.extra_info = {"peername": (endpoint.host, endpoint.port), "sockname": ("ssh", child.pid)}
    return stream


DIALLERS: dict[str, Callable[[Endpoint], Awaitable[Stream]]] = {
    "tcp": _tcp,
    "unix": _unix,
    "npipe": _npipe,
    "ssh": _ssh,
}
