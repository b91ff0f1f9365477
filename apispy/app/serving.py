"""Something that listens, be it the proxy or a replay: beside one command, or where `apispy env` finds it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from apispy.app import child
from apispy.app.listener import environment
from apispy.endpoints import Endpoint, Listen, instances
from apispy.errors import ApispyError

if TYPE_CHECKING:
    from apispy.certs import ServerFiles


class Server(Protocol):
    """Listens at ``where``, its real address once it has started; ``files`` are its certificates."""

    where: Listen
    files: "ServerFiles | None"

    async def serve(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, go on until ``stop``. Raises ApispyError."""

    def stop(self) -> None: ...


async def beside(serving: Server, command: Sequence[str]) -> int:
    """Serve while *command* runs as a client of it; return the command's exit code. Raises ApispyError."""
    async with in_background(serving) as environ:
        return await child.run(command, environ)


@asynccontextmanager
async def in_background(serving: Server) -> AsyncIterator[dict[str, str]]:
    """Serve while the block runs; yield the environment that makes a client connect here. Raises ApispyError."""
    ready = asyncio.Event()
    service = asyncio.create_task(serving.serve(lambda _: ready.set()))
    started = asyncio.create_task(ready.wait())
    await asyncio.wait((service, started), return_when=asyncio.FIRST_COMPLETED)
    if service.done():
        started.cancel()
        await service  # it raises what kept it from listening
    try:
        yield environment(serving.where, serving.files, os.environ)
    finally:
        serving.stop()
        await service


def share(terminal: TextIO) -> None:
    """*terminal* is the command's too, which may put it into raw mode: then a line feed alone is no new line."""
    if terminal.isatty() and isinstance(terminal, TextIOWrapper):
        terminal.reconfigure(newline="\r\n")


def await_signals(serving: Server) -> None:
    """A signal that ends a program stops *serving*. Called inside its event loop."""
    for number in child.ENDING:
        asyncio.get_running_loop().add_signal_handler(number, serving.stop)


def register(
    serving: Server, upstream: Endpoint | str, registration: ExitStack, tell: Callable[[str], None]
) -> None:
    """Let ``apispy env`` find this one until *registration* is closed. Nothing else depends on that: *tell* why not."""
    certs_dir = serving.files.ca.parent if serving.files else None
    entry = instances.registered(serving.where, certs_dir, upstream, os.environ, Path.home())
    try:
        registration.enter_context(entry)
    except ApispyError as error:
        tell(f"`apispy env` will not find this one. {error}")
