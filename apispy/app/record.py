"""A recording: a proxy writes a temporary capture, which becomes a fixture at the end."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from apispy.app.messages import info
from apispy.app.run import RunResult
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError, UsageError
from apispy.fixtures import SessionInfo, tidy
from apispy.fixtures.files import load, save
from apispy.redaction import Redactor
from apispy.structs import Struct
from apispy.units import count


class Recording(Struct, frozen=True):
    """Where the fixture is written, and how it is recorded."""

    output: Path
    force: bool  # replace an existing file
    view: View

    def check(self) -> None:
        """Raise UsageError, before anything runs, if the fixture could not be written."""
        if self.output.exists() and not self.force:
            raise UsageError(
                f"-o {self.output}: the file exists. Name another one, or add --force to replace it "
                "once the recording has succeeded."
            )
        if not os.access(self.output.parent, os.W_OK | os.X_OK) or self.output.is_dir():
            raise UsageError(
                f"-o {self.output}: it cannot be written. Name a file in a directory where you may write."
            )

    def record_command(
        self, command: Sequence[str], daemon: Endpoint, *, tcp: bool, certs_dir: Path | None
    ) -> RunResult:
        """Record the calls of *command*. Raises ApispyError."""
        from apispy.app.run import run_command

        redactor = Redactor(self.view.policy)
        with self._temporary_capture() as capture, open(os.devnull, "w") as nowhere:
            result = run_command(
                command,
                daemon,
                self.view,
                None,
                tcp=tcp,
                certs_dir=certs_dir,
                terminal=nowhere,
                capture=capture,
                redactor=redactor,
            )
            self._write_fixture(capture, result, redactor)
            return result

    def record_until_signal(
        self, where: Listen, daemon: Endpoint, certs_dir: Path | None, *, plaintext: bool
    ) -> RunResult:
        """Record the calls of any client at *where* until Ctrl-C. Raises ApispyError."""
        from apispy.app.listener import listener_files
        from apispy.app.proxy import ProxySession
        from apispy.app.server import serve_until_signal

        files, redactor = listener_files(where, certs_dir, plaintext), Redactor(self.view.policy)
        with self._temporary_capture() as capture, open(os.devnull, "w") as nowhere:
            session = ProxySession(where, daemon, files, self.view, nowhere, capture, redactor=redactor)
            serve_until_signal(session)
            result = RunResult(0, session.complete)
            self._write_fixture(capture, result, redactor)
            return result

    @contextmanager
    def _temporary_capture(self) -> Iterator[Path]:
        """Provide the path of a capture in a temporary directory of this user only."""
        self.check()
        with tempfile.TemporaryDirectory(prefix="apispy-", ignore_cleanup_errors=True) as directory:
            yield Path(directory) / "capture.jsonl"

    def _write_fixture(self, capture: Path, result: RunResult, redactor: Redactor) -> None:
        """Write the fixture. Without a call, nothing is written, and ApispyError is raised if all else went well.

        *redactor* is the session's: it knows secrets that were shown only after an earlier call had repeated them.
        """
        exchanges, about = load(capture) if capture.exists() else ([], SessionInfo())
        if not exchanges:
            text = f"{self.output} is not written: no calls were recorded"
            if result.exit_code:
                text = f"{text}, and the command exited with status {result.exit_code}"
            elif result.complete:
                raise ApispyError(f"{text}. The client may override DOCKER_HOST (-H, --context).")
            info(text)
            return
        exchanges = [redactor.redact(exchange) for exchange in exchanges]
        save(tidy(exchanges, about, self.view.policy), self.output)
        info(f"wrote {count(len(exchanges), 'calls')} to {self.output}")
