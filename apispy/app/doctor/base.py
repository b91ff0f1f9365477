"""The context of a check, and its findings."""

import os
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
    """One result of a check. ``text`` says what was found; ``remedy`` says what to do about a note or a problem.

    Both are without a full stop.
    """

    state: State
    text: str
    remedy: str = ""


def ok(text: str) -> Finding:
    """Make a finding that needs no action."""
    return Finding("ok", text)


def note(text: str, remedy: str = "") -> Finding:
    """Make a finding that breaks nothing but may surprise."""
    return Finding("note", text, remedy)


def problem(text: str, remedy: str) -> Finding:
    """Make a finding that something will not work."""
    return Finding("problem", text, remedy)


@dataclass(frozen=True)
class DockerCli:
    """A docker CLI on PATH. ``api_version`` is the highest it supports, such as "1.50"; empty if it is unknown.

    DOCKER_API_VERSION does not count: a CLI repeats any value of it, also one that it does not support.
    """

    path: str
    version: str
    api_version: str


@dataclass(frozen=True)
class CheckContext:
    """What the checks examine. ``daemon`` returns the endpoint that apispy would dial, or raises UsageError."""

    environ: Mapping[str, str]
    home: Path
    certs_dir: Path
    listen: Listen
    daemon: Callable[[], Endpoint]

    @cached_property
    def endpoint(self) -> Endpoint | ApispyError:
        """The address of the daemon, or the error that names none."""
        try:
            return self.daemon()
        except ApispyError as error:
            return error

    @cached_property
    def probed(self) -> Daemon | ApispyError:
        """The version of the daemon, or the error of the probe."""
        if isinstance(self.endpoint, ApispyError):
            return self.endpoint
        try:
            return probe(self.endpoint)
        except ApispyError as error:
            return error

    @cached_property
    def running(self) -> list[RunningInstance]:
        """The apispy instances of this user."""
        return running(self.environ, self.home)

    @cached_property
    def clis(self) -> list[DockerCli]:
        """The docker CLIs on PATH, in the order of PATH."""
        folders = dict.fromkeys(self.environ.get("PATH", "").split(":"))
        paths = [path for folder in folders if folder and (path := shutil.which("docker", path=folder))]
        same = {str(Path(path).resolve()): path for path in reversed(paths)}  # /bin is often /usr/bin
        return [_cli(path) for path in paths if path in same.values()]


def _cli(path: str) -> DockerCli:
    """Ask a docker CLI for its version, with an unreachable daemon: otherwise it reports the version it negotiated."""
    form = "{{.Client.Version}} {{.Client.DefaultAPIVersion}}"
    command = [path, "-H", "unix:///nonexistent.sock", "version", "-f", form]
    environ = {name: value for name, value in os.environ.items() if name != "DOCKER_API_VERSION"}
    try:
        words = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=False, env=environ
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        words = []
    version, api_version = words[:2] if len(words) >= 2 else ("", "")
    return DockerCli(path, version, api_version)


type Check = Callable[[CheckContext], Iterator[Finding]]
