"""Runs the sessions that a page of the documentation shows, and compares them with what comes out.

A block ```console`` is typed into a shell, command by command; one ```console server`` runs beside it until the page
ends (one of which nothing is shown is not compared). What a server or `apispy run` says is compared in any order: connections speak at the same time. What a page calls by a usual name (a port, the daemon's
socket, the user's home) stands for the test's own; times, ids and durations are compared by their shape.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .apispy_process import apispy_command
from .battery_runner import CLIS
from .daemon import Daemons, free_port
from .wait import until

BLOCK = re.compile(r"^```console( server)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)

SHAPES = (
    (re.compile(r"\b\d\d:\d\d:\d\d\.\d{3}\b"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]?[\d:.]*Z?"), "<date>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<long id>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\bCA [0-9a-f]{8}\b"), "CA <number>"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "<duration>"),
    (re.compile(r"\bin \d+\.\d\ds"), "in <duration>"),
    (re.compile(r"\b\d+(\.\d+)? [kM]?B\b"), "<size>"),
    (re.compile(r"\[\d+\] \d+$"), "<job>"),
    (re.compile(r"\b(pid|process) \d+"), r"\1 <number>"),
    (re.compile(r"\(pid \d+\)"), "(pid <number>)"),
    (re.compile(r"(?:About|Less than|Up) [a-z0-9 ]*(?:second|minute)s?(?: ago)?|\d+ (?:second|minute)s? ago"), "<span>"),
    (re.compile(r" {2,}|-{3,}"), "  "),
)  # fmt: skip


def shape(line: str) -> str:
    """A line without what is another every time; columns are as wide as they must be."""
    for pattern, word in SHAPES:
        line = pattern.sub(word, line)
    return line.rstrip()


@dataclass(frozen=True)
class Command:
    """One command, the lines shown below it, and how it stands on the page itself."""

    line: str
    shown: list[str]
    source: str


@dataclass(frozen=True)
class Output:
    """The *lines* that a command printed now."""

    command: Command
    lines: list[str]
    any_order: bool

    @property
    def differs(self) -> bool:
        """Whether they have another shape than those on the page."""
        one, other = list(map(shape, self.command.shown)), list(map(shape, self.lines))
        return one != other and not (self.any_order and sorted(one) == sorted(other))

    def put(self, text: str) -> str:
        """*text* with the lines below the command."""
        before = "\n".join([self.command.source, *self.command.shown, ""])
        assert before in text
        return text.replace(before, "\n".join([self.command.source, *self.lines, ""]), 1)


@dataclass(frozen=True)
class Block:
    server: bool
    commands: list[Command]


def blocks_of(text: str) -> Iterator[Block]:
    for server, content in BLOCK.findall(text):
        yield Block(bool(server), list(_commands(content.splitlines())))


def _commands(lines: list[str]) -> Iterator[Command]:
    at = 0
    while at < len(lines):
        begin = at
        line, at = lines[at].removeprefix("$ "), at + 1
        while line.endswith("\\"):
            line, at = f"{line}\n{lines[at]}", at + 1
        while at < len(lines) and (lines[at].startswith("> ") or lines[at] == ">"):  # of a here document
            line, at = f"{line}\n{lines[at][2:]}", at + 1
        start = at
        while at < len(lines) and not lines[at].startswith("$ "):
            at += 1
        yield Command(line, lines[start:at], "\n".join(lines[begin:start]))


class Page:
    """The names of one page, the shell that its commands are typed into, and its servers."""

    def __init__(self, where: Path, daemons: Daemons, extra: Mapping[str, str] | None = None) -> None:
        where.mkdir(parents=True)
        self.home = where / "ann"
        self.home.mkdir()
        self._binaries(where / "bin", where)
        self.names = {
            "/var/run/docker.sock": daemons.plain.unix.path,
            "/tmp/apispy.sock": f"{where}/s",
            "/home/ann": str(self.home),
            "/tmp/orion": f"{where}/orion",
            "127.0.0.1:2375": f"127.0.0.1:{daemons.plain_tcp.address[1]}",
            "127.0.0.1:2376": f"127.0.0.1:{(tls := free_port())}",
            "on port 2376": f"on port {tls}",
            "127.0.0.1:2377": f"127.0.0.1:{(port := free_port())}",
            "127.0.0.1:2378": f"127.0.0.1:{(machine := free_port())}",
            "--listen 2377": f"--listen {port}",
            "spy 2378": f"spy {machine}",
            **(extra or {}),
        }
        keep = {
            name: value for name, value in os.environ.items() if name in ("LANG", "PYTHONDONTWRITEBYTECODE")
        }
        self.env = keep | {
            "HOME": str(self.home),
            "PATH": f"{where}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "DOCKER_HOST": daemons.plain.unix.host,
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "SHELL": "/bin/bash",
        }  # fmt: skip
        self.shell = subprocess.Popen(
            ["/bin/bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=self.env, cwd=self.home, text=True, start_new_session=True,
        )  # fmt: skip
        self.servers: list[tuple[Block, subprocess.Popen[bytes], Path]] = []

    def _binaries(self, binaries: Path, where: Path) -> None:
        """`docker`, `apispy`, and what a user's machine has in other places."""
        binaries.mkdir()
        (binaries / "docker").symlink_to(CLIS[max(CLIS)])
        scripts = {
            "apispy": f'exec {shlex.join(apispy_command())} "$@"',
            "python": f'exec {sys.executable} "$@"',
            "pytest": f'exec {sys.executable} -m pytest -p no:cacheprovider "$@"',
            "dockerd": f'exec /usr/sbin/dockerd --shutdown-timeout 2 "$@" 2>{where}/dockerd.log',
            "sudo": 'exec "$@"',
        }
        for name, script in scripts.items():
            (binaries / name).write_text(f"#!/bin/sh\n{script}\n")
            (binaries / name).chmod(0o755)

    def real(self, text: str) -> str:
        """With the test's own names."""
        for usual, own in self.names.items():
            text = text.replace(usual, own)
        return text

    def usual(self, text: str) -> str:
        """With the names that the page uses."""
        for usual, own in sorted(self.names.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(own, usual)
        return text

    def type(self, command: Command) -> list[str]:
        """What the shell shows for it."""
        mark = f"mark-{uuid.uuid4()}"
        assert self.shell.stdin
        assert self.shell.stdout
        self.shell.stdin.write(f"{self.real(command.line)}\necho {mark}\n")
        self.shell.stdin.flush()
        lines: list[str] = []
        while not (line := self.shell.stdout.readline()).endswith(f"{mark}\n"):
            assert line, f"the shell ended after {command.line!r}: {lines}"
            lines.append(line)
        rest = line.removesuffix(f"{mark}\n")  # of an output without an end of line
        return self.usual("".join([*lines, rest])).splitlines()

    def serve(self, block: Block) -> None:
        """Start it, and return when it is ready."""
        [command] = block.commands
        said = self.home.parent / f"server-{len(self.servers)}"
        with said.open("wb") as file:
            process = subprocess.Popen(
                ["/bin/bash", "-c", _exec(self.real(command.line))],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=self.env, cwd=self.home, start_new_session=True,
            )  # fmt: skip
        self.servers.append((block, process, said))
        if "apispy" in command.line:
            until(lambda: "apispy: ready" in said.read_text(), 30, f"{command.line}: {said.read_text()}")
        else:
            log = self.home.parent / "dockerd.log"
            until(lambda: log.exists() and "API listen on" in log.read_text(), 30, "dockerd to listen")

    def close(self) -> list[tuple[Block, list[str]]]:
        """End everything; what each server said."""
        self.shell.kill()
        self.shell.wait(10)
        found = []
        for block, process, said in reversed(self.servers):
            process.send_signal(signal.SIGINT)
            process.wait(20)
            found.append((block, self.usual(said.read_text()).splitlines()))
        return found


def _exec(line: str) -> str:
    """The line so that the shell becomes the program, and signals reach it; variables may stand before it."""
    variables = re.match(r"((?:\w+=\S+ )*)", line)
    assert variables
    return f"{variables[0]}exec {line[variables.end() :]}"


def run(text: str, page: Page, *, rewrite: bool = False) -> str:
    """The text with the output of now where it differs.

    With *rewrite* all output is replaced if any of it differs, so that ids and times on a page agree.
    """
    outputs: list[Output] = []
    ended = False
    try:
        for block in blocks_of(text):
            if block.server:
                page.serve(block)
                continue
            for command in block.commands:
                outputs.append(Output(command, page.type(command), any_order="apispy run" in command.line))
        ended = True
    finally:
        servers = page.close()
        for block, lines in servers if ended else ():
            if block.commands[0].shown:
                outputs.append(Output(block.commands[0], lines, any_order=True))
    different = [output for output in outputs if output.differs]
    for output in outputs if rewrite and different else different:
        text = output.put(text)
    return text
