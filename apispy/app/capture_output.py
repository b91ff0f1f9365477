"""``--capture FILE``: the output that keeps what goes by in a file, and what is to be told of it."""

import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from apispy import __version__, endpoints
from apispy.app.curl_targets import apispy_target, daemon_target
from apispy.app.messages import info
from apispy.app.view import View
from apispy.capture import Daemon, Header, Writer
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.outputs.capture import CaptureOutput

if TYPE_CHECKING:
    from apispy.certs import ServerFiles

INCOMPLETE = 4
"""The exit code when not everything could be written, if nothing else went wrong."""


def open_capture(path: Path) -> CaptureOutput:
    """Raises ApispyError when there is a file already, or none can be made."""
    return CaptureOutput(Writer(path), info)


def header(where: Listen, files: "ServerFiles | None", daemon: Endpoint, view: View) -> Header:
    """The first line, with what a later `apispy show` needs to show the same."""
    return Header(
        apispy=__version__,
        started=round(time.time(), 6),
        redacted=not view.show_secrets,
        upstream=str(daemon),
        body_limit=view.body_limit,
        curl={"direct": asdict(daemon_target(daemon)), "via": asdict(apispy_target(where, files))},
    )


def note_daemon(capture: CaptureOutput, daemon: Endpoint) -> None:
    """Ask the daemon who it is, and keep the answer. It may take its time, and nobody waits for it."""

    def ask() -> None:
        try:
            found = endpoints.probe(daemon)
        except ApispyError:
            return  # the calls tell it
        capture.line(Daemon(asdict(found)))

    threading.Thread(target=ask, name="apispy-probe", daemon=True).start()
