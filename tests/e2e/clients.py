"""What a row of the battery works with: a client's environment, a shell in it, a terminal, raw connections."""

import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

from .apispy_process import apispy_command
from .daemon import IMAGE, Daemon, free_port
from .endpoints import Endpoint
from .wait import until

TIMEOUT = 60.0

# `rc COMMAND` runs it and prints its exit code after its output; `up NAME` waits until a container has printed "up".
PRELUDE = """
rc() { "$@"; echo "rc=$?"; }
up() { for _ in $(seq 200); do docker logs "$1" 2>&1 | grep -q "^up" && return; sleep 0.02; done; echo "no up"; }
"""


@dataclass(frozen=True)
class Result:
    """A client's output and exit code, and the durations that a row measured, in seconds."""

    out: bytes = b""
    err: bytes = b""
    code: int = 0
    seconds: tuple[float, ...] = ()


def find_clis() -> dict[str, Path]:
    """Find the docker CLIs of this machine, by major version, at most one for each."""
    found: dict[str, Path] = {}
    for directory in dict.fromkeys([*os.environ["PATH"].split(":"), "/usr/local/bin", "/usr/bin"]):
        path = Path(directory, "docker")
        if not os.access(path, os.X_OK):
            continue
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
        if match := re.search(r"version (\d+)\.", done.stdout):
            found.setdefault(match[1], path.resolve())
    return found


def packaged_cli(clis: dict[str, Path]) -> str:
    """Return the major version of the distribution's own CLI, or Debian 12's if there is none."""
    return next((major for major, path in clis.items() if path == Path("/usr/bin/docker").resolve()), "20")


@dataclass
class Client:
    """One run of one row: the API's endpoint, the CLI, a directory and a unique name prefix."""

    endpoint: Endpoint
    daemon: Daemon  # the daemon that `endpoint` leads to, for preparations that are not under test
    docker: Path | None
    prefix: str
    where: Path
    data: Path
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        binaries = self.where / "bin"
        binaries.mkdir(parents=True)
        if self.docker:
            (binaries / "docker").symlink_to(self.docker)
        self._write_dcurl(binaries / "dcurl")
        self.work.mkdir()
        self.env = self.endpoint.env() | {
            "PATH": ":".join(
                filter(None, (str(binaries), str(self.daemon.tools or ""), "/usr/bin:/bin:/usr/sbin:/sbin"))
            ),
            "HOME": str(self.where),
            "DOCKER_CONFIG": f"{self.where}/config",
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "TZ": "UTC",
            "P": self.prefix,
            "IMG": IMAGE,
            "N": "--network none",
            "DATA": str(self.data),
            "FREE_PORT": str(free_port()),
        }

    def add_apispy(self) -> None:
        """Put ``apispy`` on the PATH, with data of its own."""
        script = self.where / "bin/apispy"
        script.write_text(f'#!/bin/sh\nexec {" ".join(apispy_command())} "$@"\n')
        script.chmod(0o755)
        self.env |= {"XDG_DATA_HOME": f"{self.where}/data", "PYTHON": sys.executable}

    def _write_dcurl(self, path: Path) -> None:
        """`dcurl OPTIONS... /path`: the last word is the path."""
        command, base = shlex.join(self.endpoint.curl()), shlex.quote(self.endpoint.base)
        path.write_text(f'#!/bin/bash\nexec {command} "${{@:1:$#-1}}" {base}"${{@: -1}}"\n')
        path.chmod(0o755)

    @property
    def work(self) -> Path:
        return self.where / "work"

    def popen(self, script: str, **options: object) -> subprocess.Popen[bytes]:
        """Start the script in bash; the caller must end it (see `finish`)."""
        streams = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE) | {"stdin": subprocess.DEVNULL}
        return subprocess.Popen(
            ["/bin/bash", "-c", PRELUDE + script],
            env=self.env,
            cwd=self.work,
            start_new_session=True,
            **(streams | options),  # type: ignore[call-overload]
        )

    def sh(self, script: str, *, stdin: bytes | None = None, timeout: float = TIMEOUT) -> Result:
        process = self.popen(script, **({} if stdin is None else {"stdin": subprocess.PIPE}))
        return finish(process, stdin, timeout)

    def terminal(self, command: str, size: tuple[int, int] = (24, 80)) -> "Terminal":
        return Terminal(self, command, size)


def finish(process: subprocess.Popen[bytes], stdin: bytes | None = None, timeout: float = TIMEOUT) -> Result:
    """Wait for the process; at the deadline kill it with its children. Returns its output in both cases."""
    try:
        out, err = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        end_group(process)
        out, err = process.communicate(timeout=10)
        err += b"\n[harness: killed after %d s]\n" % timeout
    return Result(out or b"", err or b"", process.returncode)


def end_group(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Signal the process and its children; it must have been started in its own session."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


class Hanging(AssertionError):
    """A program that neither prints anything nor ends."""


class Terminal:
    """A program in a pseudo-terminal, with its complete output."""

    def __init__(self, client: Client, command: str, size: tuple[int, int]) -> None:
        self.master, slave = pty.openpty()
        self.transcript = b""
        self.read = 0  # up to where `expect` has read
        self.resize(*size)
        # A terminal that a session leader opens becomes its controlling terminal, so a resize sends it SIGWINCH.
        opening = f"exec <>{os.ttyname(slave)} >&0 2>&0; exec {command}"
        self.process = client.popen(opening, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize_until(self, rows: int, columns: int, text: bytes) -> None:
        """Resize, and again until *text* is printed: a CLI that has not asked for the signal yet misses it."""
        until(
            lambda: self._resized(rows, columns, text), 20, f"the program in the terminal to print {text!r}"
        )

    def _resized(self, rows: int, columns: int, text: bytes) -> bool:
        if termios.tcgetwinsize(self.master) == (rows, columns):  # only a change is told
            self.resize(rows, columns + 1)
        self.resize(rows, columns)
        if not select.select([self.master], [], [], 1)[0]:
            return False
        self.expect(text)
        return True

    def send(self, data: bytes) -> None:
        os.write(self.master, data)

    def _read(self, deadline: float) -> bool:
        """Read output; False at its end. Hanging if there is neither output nor end before the deadline."""
        ready, _, _ = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            end_group(self.process)
            raise Hanging(f"the terminal stays silent after {self.transcript!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: no process has the other side open any more
            data = b""
        self.transcript += data
        return bool(data)

    def expect(self, text: bytes, timeout: float = 20) -> None:
        """Read until `text` appears after the text that was expected last."""
        deadline = time.monotonic() + timeout
        while (at := self.transcript.find(text, self.read)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"the terminal ended before {text!r}: {self.transcript!r}")
        self.read = at + len(text)

    def finish(self, timeout: float = 30, *, hanging_is_fine: bool = False) -> Result:
        """Read to the end, and return the complete output and the exit code."""
        deadline = time.monotonic() + timeout
        said = b""
        try:
            while self._read(deadline):
                pass
        except Hanging:
            if not hanging_is_fine:
                raise
            said = b"[harness: it hangs]\n"
        os.close(self.master)
        return Result(self.transcript, said, self.process.wait(max(1.0, deadline - time.monotonic())))
