"""The syntax by which each shell sets and unsets variables, and detection of the shell in use."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from apispy import system
from apispy.structs import Struct


class ShellSyntax(Struct, frozen=True):
    """A shell's templates and its quoting function.

    ``set`` has {name} and {value} (quoted), ``unset`` {name}, ``comment`` {text} or {quoted}, ``evaluate`` {command}.
    """

    set: str
    unset: str
    comment: str
    evaluate: str
    quote: Callable[[str], str]

    def commands(self, variables: Mapping[str, str | None]) -> list[str]:
        """Return the lines that set and unset *variables* (None: unset), unsetting first."""
        unset = [self.unset.format(name=name) for name, value in variables.items() if value is None]
        return unset + [
            self.set.format(name=name, value=self.quote(value)) for name, value in variables.items() if value
        ]

    def hint(self, command: str) -> list[str]:
        """Return two comments that say how to evaluate the output of *command*."""
        texts = ("To make this shell use it:", self.evaluate.format(command=command))
        return [self.comment.format(text=text, quoted=self.quote(text)) for text in texts]


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    """Double typographic quotes too, which also end a string (about_Quoting_Rules; CharTraits.IsSingleQuote)."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value) + "'"


def _tcsh(value: str) -> str:
    """Escape ``!`` too, which tcsh expands from the history even within quotes."""
    return "'" + value.replace("'", "'\\''").replace("!", "\\!") + "'"


_POSIX = ShellSyntax("export {name}={value}", "unset {name}", "# {text}", 'eval "$({command})"', shlex.quote)

SHELLS = {
    "bash": _POSIX,
    "zsh": _POSIX,
    "sh": _POSIX,
    "fish": ShellSyntax("set -gx {name} {value};", "set -e {name};", "# {text}", "{command} | source", _fish),
    # In tcsh a comment extends to the end of the evaluated text, and "#" does not work at a prompt: hence ":".
    "tcsh": ShellSyntax(
        "setenv {name} {value};", "unsetenv {name};", ": {quoted};", 'eval "`{command}`"', _tcsh
    ),
    "powershell": ShellSyntax(
        "$Env:{name} = {value}",
        "Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        "# {text}",
        "& {command} | Invoke-Expression",
        _powershell,
    ),
    # The quotes enclose the whole assignment: cmd takes everything between them literally, "&" and spaces too.
    "cmd": ShellSyntax(
        'SET "{name}={value}"',
        'SET "{name}="',
        "REM {text}",
        "@FOR /f \"tokens=*\" %i IN ('{command}') DO @%i",
        str,
    ),
}

_ALIASES = {
    "csh": "tcsh",
    "pwsh": "powershell",
    "dash": "sh",
    "ash": "sh",
    "ksh": "sh",
    "mksh": "sh",
    "busybox": "sh",
}
_MAX_ANCESTORS = 10  # uv, make and the like may run between the shell and apispy


def detect(environ: Mapping[str, str], ancestors: Iterable[str] | None = None) -> str:
    """Return the name in SHELLS of the nearest ancestor process that is a shell, else of $SHELL, else the system's."""
    found = _ancestors() if ancestors is None else ancestors
    for program in (*found, environ.get("SHELL", "")):
        name = Path(program).name.removeprefix("-").removesuffix(".exe")  # login shells are called "-bash"
        name = _ALIASES.get(name, name)
        if name in SHELLS:
            return name
    return system.default_shell()


def _ancestors() -> Iterator[str]:
    pid = os.getppid()
    for _ in range(_MAX_ANCESTORS):
        if pid <= 1:
            return
        pid, program = _parent_and_name(pid)
        yield program


def _parent_and_name(pid: int) -> tuple[int, str]:
    """Return (0, "") if it cannot be found out."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        name, _, rest = status.partition("(")[2].rpartition(")")
        return int(rest.split()[1]), name
    except (OSError, ValueError, IndexError):
        return _parent_and_name_from_ps(pid)


def _parent_and_name_from_ps(pid: int) -> tuple[int, str]:
    """Ask ps, because macOS and the BSDs have no /proc."""
    command = ["ps", "-o", "ppid=,comm=", "-p", str(pid)]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
        parent, name = output.strip().split(None, 1)
        return int(parent), name
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0, ""
