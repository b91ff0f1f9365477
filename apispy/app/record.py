"""The work of ``apispy record``: a proxy that keeps a capture, and a fixture that is made of it at the end."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apispy.app.messages import info
from apispy.app.view import View
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError, UsageError
from apispy.fixtures import SessionInfo, tidy
from apispy.fixtures.files import load, save


@dataclass(frozen=True, slots=True)
class Recording:
    """Where the fixture goes, and how it is recorded."""

    output: Path
    force: bool  # replace a fixture that is there
    view: View

    def check(self) -> None:
        """Raises UsageError, before anything is run, if the fixture could not be written."""
        if self.output.exists() and not self.force:
            raise UsageError(
                f"-o {self.output}: there is a file already. Name another one, or add --force: then it is replaced "
                "when the recording has succeeded."
            )
        if not os.access(self.output.parent, os.W_OK | os.X_OK) or self.output.is_dir():
            raise UsageError(
                f"-o {self.output}: it cannot be written. Name a file in a directory where you may write."
            )

    def command(self, words: Sequence[str], daemon: Endpoint, *, tcp: bool, certs_dir: Path | None) -> int:
        """Record what a command says; its exit code. Raises ApispyError."""
        from apispy.app.run import run_under

        with self._kept() as capture, open(os.devnull, "w") as nowhere:
            code = run_under(
                words,
                daemon,
                self.view,
                None,
                tcp=tcp,
                certs_dir=certs_dir,
                terminal=nowhere,
                capture=capture,
            )
            return self._finish(capture, code)

    def listening(self, where: Listen, daemon: Endpoint, certs_dir: Path | None, *, plaintext: bool) -> int:
        """Record until Ctrl-C. Raises ApispyError."""
        from apispy.app.listener import listener_files
        from apispy.app.proxy_session import ProxySession
        from apispy.app.standing import serve_forever

        files = listener_files(where, certs_dir, plaintext)
        with self._kept() as capture, open(os.devnull, "w") as nowhere:
            code = serve_forever(ProxySession(where, daemon, files, self.view, nowhere, capture))
            return self._finish(capture, code)

    @contextmanager
    def _kept(self) -> Iterator[Path]:
        """A capture in a directory that only this user can enter, and that is gone afterwards."""
        self.check()
        with tempfile.TemporaryDirectory(prefix="apispy-", ignore_cleanup_errors=True) as directory:
            yield Path(directory) / "capture.jsonl"

    def _finish(self, capture: Path, code: int) -> int:
        """Write the fixture. A recording without a call is none, and leaves what is there."""
        exchanges, about = load(capture) if capture.exists() else ([], SessionInfo())
        if not exchanges:
            text = f"{self.output} is not written: nothing was said to Docker"
            if code:
                info(f"{text}, and the exit code is {code}")
                return code
            raise ApispyError(f"{text}. Does the command use DOCKER_HOST?")
        save(tidy(exchanges, about, self.view.policy), self.output)
        info(f"{len(exchanges)} calls are in {self.output} now")
        return code
