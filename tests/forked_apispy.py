"""The program ``apispy``, or pytest, in a process of its own that is forked from one that has imported the modules.

It takes a tenth of the processor time of a new interpreter. What a test wants to know of the start itself (imports,
speed, standard input, signals from outside) needs ``subprocess``.
"""

import functools
import multiprocessing
import multiprocessing.context
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from apispy import app, cli, importers, outputs


@functools.cache
def _forks() -> multiprocessing.context.ForkServerContext:
    """Prepare the process to fork from, once for each process of the tests."""
    made = multiprocessing.get_context("forkserver")
    packages = (cli, app, importers, outputs)
    names = [
        one.name
        for package in packages
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    of_others = ["scapy.layers.inet6", "yaml", "docker", "pytest"]
    made.set_forkserver_preload([*names, *of_others])
    return made


def run(*words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    """As `run_binary`, with text, which need not be UTF-8. Ends of lines stay as they are."""
    done = run_binary(*words, **options)
    out, err = (data.decode("utf-8", "surrogateescape") for data in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def run_binary(
    *words: object,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
    program: str = "apispy",
) -> "subprocess.CompletedProcess[bytes]":
    """Run ``apispy WORDS...``, or ``pytest WORDS...``, with an empty standard input, and return what it prints."""
    command = [program, *map(str, words)]
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        out.touch()
        err.touch()
        process = _forks().Process(
            target=_run, args=(command, out, err, dict(os.environ if env is None else env), cwd or Path.cwd())
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, timeout, out.read_bytes(), err.read_bytes())
        return subprocess.CompletedProcess(command, process.exitcode, out.read_bytes(), err.read_bytes())


def _run(command: list[str], out: Path, err: Path, env: dict[str, str], cwd: Path) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, path in ((1, out), (2, err)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = command
    PROGRAMS[command[0]]()


def _pytest() -> None:
    sys.path.insert(0, os.getcwd())
    sys.exit(pytest.console_main())


PROGRAMS = {"apispy": cli.main, "pytest": _pytest}
