"""How each shell sets a variable and takes it away, and which one is in use."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shell:
    """Templates: ``set`` has {name} and {value} (quoted), ``unset`` {name}, ``use`` {command}, ``comment`` {text} or
    {quoted}."""

    set: str
    unset: str
    comment: str
    use: str
    quoted: Callable[[str], str]

    def lines(self, settings: Mapping[str, str | None]) -> list[str]:
        """What to evaluate so that *settings* hold; first what is taken away."""
        gone = [self.unset.format(name=name) for name, value in settings.items() if value is None]
        return gone + [
            self.set.format(name=name, value=self.quoted(value)) for name, value in settings.items() if value
        ]

    def hint(self, command: str) -> list[str]:
        """Two comments that say how to evaluate what *command* prints."""
        texts = ("To make this shell use it:", self.use.format(command=command))
        return [self.comment.format(text=text, quoted=self.quoted(text)) for text in texts]


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    """Typographic quotes end a string too (about_Quoting_Rules; CharTraits.IsSingleQuote)."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def _tcsh(value: str) -> str:
    """``!`` is history even within quotes."""
    return "'" + value.replace("'", "'\\''").replace("!", "\\!") + "'"


_POSIX = Shell("export {name}={value}", "unset {name}", "# {text}", 'eval "$({command})"', shlex.quote)

SHELLS = {
    "bash": _POSIX,
    "zsh": _POSIX,
    "sh": _POSIX,
    "fish": Shell("set -gx {name} {value};", "set -e {name};", "# {text}", "{command} | source", _fish),
    # A comment of tcsh would reach to the end of all that is evaluated, and is none at a prompt: hence ":".
    "tcsh": Shell("setenv {name} {value};", "unsetenv {name};", ": {quoted};", 'eval "`{command}`"', _tcsh),
    "powershell": Shell(
        "$Env:{name} = {value}",
        "Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        "# {text}",
        "& {command} | Invoke-Expression",
        _powershell,
    ),
    # The quotes are around the whole: what is between them is taken as it is, "&" and blanks too.
    "cmd": Shell(
        'SET "{name}={value}"',
        'SET "{name}="',
        "REM {text}",
        "@FOR /f \"tokens=*\" %i IN ('{command}') DO @%i",
        str,
    ),
}

_SAME = {
    "csh": "tcsh",
    "pwsh": "powershell",
    "dash": "sh",
    "ash": "sh",
    "ksh": "sh",
    "mksh": "sh",
    "busybox": "sh",
}
_DEPTH = 10  # ancestors; uv, make and the like stand between


def detect(environ: Mapping[str, str], ancestors: Iterable[str] | None = None) -> str:
    """The name in SHELLS of the nearest program above this one that is a shell, else of $SHELL, else "sh"."""
    found = _ancestors() if ancestors is None else ancestors
    for program in (*found, environ.get("SHELL", "")):
        name = Path(program).name.removeprefix("-").removesuffix(".exe")  # login shells are called "-bash"
        name = _SAME.get(name, name)
        if name in SHELLS:
            return name
    return "sh"


def _ancestors() -> Iterator[str]:
    pid = os.getppid()
    for _ in range(_DEPTH):
        if pid <= 1:
            return
        pid, program = _parent_and_name(pid)
        yield program


def _parent_and_name(pid: int) -> tuple[int, str]:
    """(0, "") when it cannot be told."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        name, _, rest = status.partition("(")[2].rpartition(")")
        return int(rest.split()[1]), name
    except (OSError, ValueError, IndexError):
        return _asked_of_ps(pid)


def _asked_of_ps(pid: int) -> tuple[int, str]:
    """macOS and the BSDs have no /proc."""
    command = ["ps", "-o", "ppid=,comm=", "-p", str(pid)]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
        parent, name = said.strip().split(None, 1)
        return int(parent), name
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0, ""
