"""The work of ``apispy run``: a private proxy around one command."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from apispy.app import child
from apispy.app.listener import listener_files, private_listener
from apispy.app.proxy_session import ProxySession
from apispy.app.serving import beside, share
from apispy.app.view import View
from apispy.endpoints import Endpoint
from apispy.errors import ApispyError
from apispy.gate import FaultRule


def run_under(
    command: Sequence[str],
    daemon: Endpoint,
    view: View,
    output: Path | None,
    *,
    tcp: bool,
    certs_dir: Path | None,
    terminal: TextIO,
    capture: Path | None = None,
    faults: Sequence[FaultRule] = (),
) -> int:
    """Run *command* against a proxy of its own; its exit code. Raises ApispyError when it cannot be run.

    The calls are shown in the file *output*, or on *terminal*, and kept in the file *capture*; *faults*
    are done to them. If not all could be kept, a command that ended well has INCOMPLETE as its exit code.
    """
    child.check(command[0])
    with private_listener(tcp) as where, _shown(output, terminal) as stream:
        session = ProxySession(where, daemon, listener_files(where, certs_dir), view, stream, capture, faults)
        try:
            code = asyncio.run(beside(session, command))
        finally:
            session.close()
    return code or session.code


@contextmanager
def _shown(output: Path | None, terminal: TextIO) -> Iterator[TextIO]:
    if output is None:
        share(terminal)
        yield terminal
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # one that was there may have been wider
    except OSError as error:
        raise ApispyError(f"--output {output}: {error.strerror}; name a file that you may write") from error
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
        yield stream
