"""How a session is served: until a signal arrives, or while a command runs against it."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from apispy import __version__, system
from apispy.app import child
from apispy.app.listener import client_environ, describe_listener, shell_lines
from apispy.app.messages import info, info_line, warning
from apispy.app.session import Session
from apispy.endpoints import Listen, instances
from apispy.errors import ApispyError

MAX_DESCRIPTORS = 1 << 20
"""Files and sockets that apispy may have open, if the system allows it. A client takes two.

The usual limit of 1,024 is for programs that use select; Go programs such as dockerd raise it too.
"""

SWITCH_INTERVAL = 0.001
"""Seconds after which the event loop takes its turn while another thread, such as that of --otlp, executes Python code.

With Python's 0.005, requests wait 5 ms for it.
"""

COLLECT_AFTER = (500, 10, 40)
"""Thresholds of Python's garbage collector, for its three generations.

With those of Python 3.13, (2000, 10, 10), a collection of the first two takes four times as long, and requests wait.
"""


def serve_until_signal(session: Session) -> None:
    """Serve *session* until Ctrl-C or SIGTERM, then close it. Raises ApispyError if it cannot start."""
    system.raise_descriptor_limit(MAX_DESCRIPTORS)
    asyncio.run(_serve_until_signal(session))
    if sys.stderr.isatty():
        info_line("")  # the terminal has echoed ^C
    session.close()


async def _serve_until_signal(session: Session) -> None:
    background = set()
    registration = ExitStack()

    def started(where: Listen) -> None:
        _keep_pauses_short()
        reopens = system.hangup_reopens()
        for number in child.STOP_SIGNALS:
            system.on_signal(number, session.stop)
        for number in system.signals("SIGHUP") if reopens else ():
            system.on_signal(number, session.reopen)
        for number in system.signals("SIGUSR1"):
            system.on_signal(number, session.print_summary)
        _register(session, registration)
        _announce(session)
        background.add(asyncio.create_task(_report_ready(session)))

    with registration:
        await session.serve(started)
    for task in background:
        task.cancel()


def _announce(session: Session) -> None:
    """Print where *session* listens, what it does, and how to send a client to it."""
    where, files = session.where, session.files
    info(f"version {__version__}, listening on {where} ({describe_listener(where, files)})")
    for line in session.announcement():
        info(line)
    for rule in session.faults:
        info(f"fault: {rule}")
    for line in session.policy.announcement() if session.policy else ():
        info(line)
    info("to send a client through apispy, paste:")
    for line in shell_lines(where, files):
        info_line(line)


async def _report_ready(session: Session) -> None:
    for line in await session.readiness():
        info(line)


def _register(session: Session, registration: ExitStack) -> None:
    """Let `apispy env` find this session until *registration* is closed. A failure affects nothing else."""
    certs_dir = session.files.ca.parent if session.files else None
    entry = instances.registered(session.where, certs_dir, session.upstream, os.environ, Path.home())
    try:
        registration.enter_context(entry)
    except ApispyError as error:
        warning(f"`apispy env` will not find this apispy. {error}")


def _keep_pauses_short() -> None:
    """Shorten what happens while nothing is forwarded: work of other threads, and garbage collections.

    The latter search what was made since the start only, in parts. Call it when everything is imported, in a process of
    apispy's own: it affects the whole process.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def serve_command(session: Session, command: Sequence[str]) -> int:
    """Serve *session* while *command* runs as its client, then close it. Return the exit status of *command*.

    Raises ApispyError if the session cannot start, child.CommandError if the command cannot.
    """
    try:
        return asyncio.run(_serve_command(session, command))
    finally:
        session.close()


async def _serve_command(session: Session, command: Sequence[str]) -> int:
    async with in_background(session) as environ:
        _keep_pauses_short()
        return await child.run(command, environ)


@asynccontextmanager
async def in_background(session: Session) -> AsyncIterator[dict[str, str]]:
    """Serve *session* while the block runs. Yield the environment that makes clients connect to it.

    Raises ApispyError if the session cannot start.
    """
    session.serves_command = True
    ready = asyncio.Event()
    service = asyncio.create_task(session.serve(lambda _: ready.set()))
    started = asyncio.create_task(ready.wait())
    await asyncio.wait((service, started), return_when=asyncio.FIRST_COMPLETED)
    if service.done():
        started.cancel()
        await service  # raises the error that kept it from listening
    try:
        yield client_environ(session.where, session.files, os.environ)
    finally:
        session.stop(clients_exited=True)
        await service


def share_terminal(stream: TextIO) -> None:
    """End lines with CR LF if *stream* is a terminal: a command may put the terminal into raw mode."""
    if stream.isatty() and isinstance(stream, TextIOWrapper):
        stream.reconfigure(newline="\r\n")
