"""The context of a check, and its findings."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from apispy import system
from apispy.endpoints import Daemon, Endpoint, Listen, probe
from apispy.endpoints.contexts import DEFAULT, Store, configured, current
from apispy.endpoints.instances import RunningInstance, running
from apispy.errors import ApispyError
from apispy.structs import Struct

type Source = Literal["typed", "DOCKER_HOST", "DOCKER_CONTEXT", "currentContext", "default"]
type State = Literal["ok", "note", "problem"]


class Finding(Struct, frozen=True):
    """One result of a check. ``text`` says what was found; ``remedy`` says what to do about a note or a problem.

    Both are without a full stop. ``command``: shell commands that do it, on one line, to paste into the shell that the
    doctor ran in; empty if no command is certain to help.
    """

    state: State
    text: str
    remedy: str = ""
    command: str = ""


def ok(text: str) -> Finding:
    """Make a finding that needs no action."""
    return Finding("ok", text)


def note(text: str, remedy: str = "", command: str = "") -> Finding:
    """Make a finding that breaks nothing but may surprise."""
    return Finding("note", text, remedy, command)


def problem(text: str, remedy: str, command: str = "") -> Finding:
    """Make a finding that something will not work."""
    return Finding("problem", text, remedy, command)


def sudo(command: str) -> str:
    """Return *command* as this user has to type it to run it as root."""
    return command if system.is_root() else f"sudo {command}"


class DockerCli(Struct, frozen=True):
    """A docker CLI on PATH. ``api_version`` is the highest it supports, such as "1.50"; empty if it is unknown.

    DOCKER_API_VERSION does not count: a CLI repeats any value of it, also one that it does not support. ``podman``: it
    is Podman under the name docker.
    """

    path: str
    version: str
    api_version: str
    podman: bool = False

    @property
    def snap(self) -> bool:
        """Whether it is run by snapd, confined."""
        return Path(self.path).resolve().name == "snap"


@dataclass(frozen=True)
class CheckContext:
    """What the checks examine. ``daemon`` returns the endpoint that apispy would dial, or raises UsageError.

    ``typed``: whether an option names the daemon, rather than the environment. ``encoding``: of the output.
    """

    environ: Mapping[str, str]
    home: Path
    certs_dir: Path
    listen: Listen
    daemon: Callable[[], Endpoint]
    typed: bool = False
    encoding: str = "utf-8"

    @property
    def source(self) -> Source:
        """Which setting selects the daemon."""
        if self.typed:
            return "typed"
        if self.environ.get("DOCKER_HOST", "").strip():
            return "DOCKER_HOST"
        if self.environ.get("DOCKER_CONTEXT"):
            return "DOCKER_CONTEXT"
        return "currentContext" if configured(Store.of(self.environ, self.home).config) else "default"

    @property
    def named_by(self) -> str:
        """Which docker context the address is from, in brackets; empty if it is not from one."""
        name = current(self.environ, self.home)
        if self.typed or name == DEFAULT:
            return ""
        return f" (docker context {name!r}, {self.source})"

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
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=10, check=False, env=environ
        )
    except (OSError, subprocess.SubprocessError):
        return DockerCli(path, "", "")
    words = done.stdout.split()
    version, api_version = words[:2] if len(words) >= 2 else ("", "")
    return DockerCli(path, version, api_version, podman=_is_podman(path, done.stderr))


def _is_podman(path: str, stderr: str) -> bool:
    """Return whether Podman runs under the name docker: a link, or the script of podman-docker, which may say so."""
    if Path(path).resolve().name.startswith("podman") or "using podman" in stderr:
        return True
    with open(path, "rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and re.search(rb"(?m)^exec \S*podman\b", start) is not None


type Check = Callable[[CheckContext], Iterator[Finding]]
