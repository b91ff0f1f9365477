"""A private proxy for one command."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from apispy import system
from apispy.app import child
from apispy.app.listener import listener_files, private_listener
from apispy.app.proxy import ProxySession
from apispy.app.server import serve_command, share_terminal
from apispy.app.view import View
from apispy.endpoints import Endpoint
from apispy.errors import ApispyError, UsageError
from apispy.gate import FaultRule, PolicyCheck
from apispy.redaction import Redactor
from apispy.structs import Struct

STREAMS_HINT = "the command prints on this terminal. -o FILE writes all to FILE, --streams shows it here"


class RunResult(Struct, frozen=True):
    """The result of a command that ran under apispy."""

    exit_code: int  # of the command, as a shell reports it
    complete: bool  # the capture has every call


def run_command(
    command: Sequence[str],
    daemon: Endpoint,
    view: View,
    output: Path | None,
    *,
    force: bool = False,
    tcp: bool,
    certs_dir: Path | None,
    terminal: TextIO,
    capture: Path | None = None,
    faults: Sequence[FaultRule] = (),
    redactor: Redactor | None = None,
    policy: PolicyCheck | None = None,
) -> RunResult:
    """Run *command* against a proxy of its own. Raises ApispyError if it cannot be run.

    The calls are shown in the file *output*, which is replaced only with *force*, or on *terminal*, and kept in the
    new file *capture*. *faults* and *policy* apply to its requests. *redactor* replaces the one that is made from
    *view*. On a terminal where *command* prints too, *view* shows streams only if it says so: there they would appear
    twice, in the middle of what is typed.
    """
    if view.streams is None and output is None and terminal.isatty() and sys.stdout.isatty():
        view = replace(view, streams=False, streams_hint=STREAMS_HINT)
    view = replace(view, client_prints_errors=output is None)
    child.check_program(command[0])
    with private_listener(tcp, daemon) as where, _open_output(output, terminal, force=force) as stream:
        files = listener_files(where, certs_dir)
        session = ProxySession(
            where, daemon, files, view, stream, capture, faults, redactor=redactor, policy=policy
        )
        exit_code = serve_command(session, command)
    return RunResult(exit_code, session.complete)


@contextmanager
def _open_output(output: Path | None, terminal: TextIO, *, force: bool) -> Iterator[TextIO]:
    if output is None:
        share_terminal(terminal)
        yield terminal
        return
    new = not output.exists() or output.is_file()  # not a pipe or /dev/null, which have nothing to lose
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if new and not force else os.O_TRUNC)
    try:
        descriptor = os.open(output, flags, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            system.set_mode(descriptor, 0o600)  # an existing file may have had a wider mode
    except FileExistsError:
        raise UsageError(f"--output {output} already exists. Type --force to replace it.") from None
    except OSError as error:
        raise ApispyError(f"--output {output}: {error.strerror}; name a file that you may write") from error
    stream = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
    try:
        yield stream
    finally:
        with suppress(OSError):  # the session has reported that the disk is full
            stream.close()
