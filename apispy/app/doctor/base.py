"""What a check is given and what it gives."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from apispy.endpoints import Daemon, Endpoint, Listen, probe
from apispy.endpoints.instances import RunningInstance, running
from apispy.errors import ApispyError

type State = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """``text``: what was found. ``cure``: what to do about it, for a note or a problem; both without a full stop."""

    state: State
    text: str
    cure: str = ""


def ok(text: str) -> Finding:
    """All is well."""
    return Finding("ok", text)


def note(text: str, cure: str = "") -> Finding:
    """Nothing is broken, but it may surprise."""
    return Finding("note", text, cure)


def problem(text: str, cure: str) -> Finding:
    """Something will not work."""
    return Finding("problem", text, cure)


@dataclass(frozen=True)
class DockerCli:
    """A docker CLI on PATH: ``api_version`` is the highest that it speaks, as "1.50", empty if it did not say."""

    path: str
    version: str
    api_version: str


@dataclass(frozen=True)
class Surroundings:
    """Where the checks look. ``daemon`` gives the endpoint that apispy would dial, or raises UsageError."""

    environ: Mapping[str, str]
    home: Path
    certs_dir: Path
    listen: Listen
    daemon: Callable[[], Endpoint]

    @cached_property
    def endpoint(self) -> Endpoint | ApispyError:
        """The daemon's address, or why there is none."""
        try:
            return self.daemon()
        except ApispyError as error:
            return error

    @cached_property
    def answer(self) -> Daemon | ApispyError:
        """What the daemon says, or why it does not."""
        if isinstance(self.endpoint, ApispyError):
            return self.endpoint
        try:
            return probe(self.endpoint)
        except ApispyError as error:
            return error

    @cached_property
    def running(self) -> list[RunningInstance]:
        """The apispys of this user."""
        return running(self.environ, self.home)

    @cached_property
    def clis(self) -> list[DockerCli]:
        """The docker CLIs on PATH, in its order."""
        folders = dict.fromkeys(self.environ.get("PATH", "").split(":"))
        paths = [path for folder in folders if folder and (path := shutil.which("docker", path=folder))]
        same = {str(Path(path).resolve()): path for path in reversed(paths)}  # /bin is often /usr/bin
        return [_cli(path) for path in paths if path in same.values()]


def _cli(path: str) -> DockerCli:
    """Asked with an address that cannot be dialled: otherwise it would say what it agreed on with some daemon."""
    form = "{{.Client.Version}} {{.Client.DefaultAPIVersion}}"
    command = [path, "-H", "unix:///nonexistent.sock", "version", "-f", form]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.split()
    except (OSError, subprocess.SubprocessError):
        said = []
    version, api_version = said[:2] if len(said) >= 2 else ("", "")
    return DockerCli(path, version, api_version)


type Check = Callable[[Surroundings], Iterator[Finding]]
