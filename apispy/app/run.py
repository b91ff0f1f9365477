"""A private proxy for one command."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from apispy.app import child
from apispy.app.listener import listener_files, private_listener
from apispy.app.proxy import ProxySession
from apispy.app.server import serve_command, share_terminal
from apispy.app.view import View
from apispy.endpoints import Endpoint
from apispy.errors import ApispyError
from apispy.gate import FaultRule
from apispy.redaction import Redactor


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a command that ran under apispy."""

    exit_code: int  # of the command, as a shell reports it
    complete: bool  # the capture has every call


def run_command(
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
    redactor: Redactor | None = None,
) -> RunResult:
    """Run *command* against a proxy of its own. Raises ApispyError if it cannot be run.

    The calls are shown in the file *output*, or on *terminal*, and kept in the new file *capture*. *faults* apply to
    its requests. *redactor* replaces the one that is made from *view*.
    """
    child.check_program(command[0])
    with private_listener(tcp, daemon) as where, _open_output(output, terminal) as stream:
        files = listener_files(where, certs_dir)
        session = ProxySession(where, daemon, files, view, stream, capture, faults, redactor=redactor)
        exit_code = serve_command(session, command)
    return RunResult(exit_code, session.complete)


@contextmanager
def _open_output(output: Path | None, terminal: TextIO) -> Iterator[TextIO]:
    if output is None:
        share_terminal(terminal)
        yield terminal
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # an existing file may have had a wider mode
    except OSError as error:
        raise ApispyError(f"--output {output}: {error.strerror}; name a file that you may write") from error
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
        yield stream
