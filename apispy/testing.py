"""Context managers for tests of programs that use Docker: ``replay`` a fixture as the daemon, or ``record`` one.

In use, with any test framework::

    with apispy.testing.replay("tests/fixtures/ps.json"):
        docker.from_env().containers.list()      # needs no daemon

Both set DOCKER_HOST for clients in this process and its children, and restore the environment at the end. Do not use
them in two threads at once, because a process has only one environment.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from apispy import system
from apispy.errors import ApispyError
from apispy.structs import Struct

if TYPE_CHECKING:
    from apispy.endpoints import Listen
    from apispy.replay import Player

STOP_TIMEOUT = 30.0
"""Seconds that a recording gets to write the fixture."""

READY = "apispy: ready"
"""The line on standard error after which `apispy record` accepts clients."""


class Missed(AssertionError):
    """A request had no recorded response; the message names it and the nearest recorded call."""


class CannotRecord(ApispyError):
    """A recording did not start, or wrote no fixture."""


class Api(Struct, frozen=True):
    """A Docker API during a test."""

    host: str  # the value of DOCKER_HOST: "unix:///tmp/apispy-x/docker.sock"
    path: Path  # of the fixture
    recording: bool = False
    _player: "Player | None" = None

    @property
    def misses(self) -> list[str]:
        """An explanation of several lines for each request without a recorded response.

        After the first 100 of them, one text says how many more there were.
        """
        from apispy.outputs.escaping import escape
        from apispy.replay.miss import PYTHON

        if self._player is None:
            return []
        texts = ["\n".join(escape(text) for text, _ in miss.lines(PYTHON)) for miss in self._player.misses]
        more = self._player.more_misses
        return [*texts, f"and {more} more requests without a recorded response"] if more > 0 else texts

    @property
    def unplayed(self) -> list[str]:
        """The recorded calls that no client has requested yet: "#3 ContainerStart"."""
        found = self._player.unplayed if self._player else ()
        return [f"#{recorded.number} {recorded.name}" for recorded in found]

    def check(self) -> None:
        """Raise Missed if a request had no recorded response."""
        if self.misses:
            raise Missed("\n".join([*self.misses, f"The fixture is {self.path}"]))


@contextlib.contextmanager
def replay(
    path: str | Path,
    *,
    match: str | None = None,
    repeat_last: bool = False,
    speed: str = "fast",
    environ: MutableMapping[str, str] = os.environ,
) -> Iterator[Api]:
    """Play the file at *path* as the daemon: a fixture, a capture, or any file that `apispy import` reads.

    *match*, *repeat_last* and *speed* are those of `apispy replay`.

    Raises Missed at the end if a request had no recorded response. If the block itself raises, the exception gets a
    note on each miss instead. Raises ApispyError if the file cannot be played.
    """
    with replaying(path, match=match, repeat_last=repeat_last, speed=speed, environ=environ) as api:
        try:
            yield api
        except BaseException as error:
            for text in api.misses:
                error.add_note(text)
            raise
        api.check()


@contextlib.contextmanager
def replaying(
    path: str | Path,
    *,
    match: str | None = None,
    repeat_last: bool = False,
    speed: str = "fast",
    environ: MutableMapping[str, str] = os.environ,
) -> Iterator[Api]:
    """Like ``replay``, but without raising Missed: see ``Api.misses``."""
    from apispy.app.input_files import read_exchanges
    from apispy.app.listener import private_listener
    from apispy.replay import Options, choose_matchers, parse_speed, serve

    path = Path(path)
    if not path.exists():
        raise ApispyError(
            f"{path}: there is no such fixture. Record it: apispy record -o {path} -- COMMAND; with pytest: "
            "pytest --docker-record=once"
        )
    options = Options(choose_matchers(match), repeat_last, speed=parse_speed(speed))
    exchanges = read_exchanges(path)
    with (
        private_listener(tcp=False) as where,
        serve(exchanges, where, options) as server,
        _docker_host(where, environ),
    ):
        yield Api(str(where), path, _player=server.player)


@contextlib.contextmanager
def record(
    path: str | Path, *, upstream: str | None = None, environ: MutableMapping[str, str] = os.environ
) -> Iterator[Api]:
    """Record a fixture of the calls to the daemon at *upstream*; None: the daemon that the docker CLI would use.

    The fixture is written at the end and replaces an existing one, unless the block raised. Raises CannotRecord,
    also if there is a recording of another program at *path*, which is not replaced.
    """
    from apispy.app.input_files import foreign_format
    from apispy.app.listener import private_listener

    path = Path(path)
    if path.exists() and (form := foreign_format(path)):
        raise CannotRecord(
            f"{path} is {form.title}, which a recording does not replace. Name another file, or make a fixture of it: "
            f"apispy fixture tidy {path} -o FIXTURE"
        )
    with private_listener(tcp=False) as where, tempfile.TemporaryDirectory(prefix="apispy-") as directory:
        host, recorded = str(where), Path(directory, "fixture.json")
        command = [sys.executable, "-m", "apispy", "record", "-o", str(recorded), "--listen", host]
        command += ["--upstream", upstream] if upstream else []
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(environ),
            **system.stoppable(),
        )
        try:
            _wait_until_ready(process)
            with _docker_host(where, environ):
                yield Api(host, path, recording=True)
            _finish(process, recorded, path)
        finally:
            process.kill()
            process.wait()
            if process.stderr:
                process.stderr.close()


# -- parts --


@contextlib.contextmanager
def _docker_host(where: "Listen", environ: MutableMapping[str, str]) -> Iterator[None]:
    """Set DOCKER_HOST to *where*, and unset the other variables that choose a daemon."""
    from apispy.app.listener import client_variables

    wanted = client_variables(where)
    before = {name: environ.get(name) for name in wanted}
    _update(environ, wanted)
    try:
        yield
    finally:
        _update(environ, before)


def _update(environ: MutableMapping[str, str], values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value


def _wait_until_ready(process: "subprocess.Popen[bytes]") -> None:
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line.decode("utf-8", "replace"))
        if READY in lines[-1]:
            return
    raise CannotRecord(f"the recording did not start: {''.join(lines).strip()}")


def _finish(process: "subprocess.Popen[bytes]", recorded: Path, path: Path) -> None:
    system.ask_to_stop(process)
    try:
        _, output = process.communicate(timeout=STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise CannotRecord(
            f"{path} was not written: the recording did not end within {STOP_TIMEOUT:g} s"
        ) from None
    if process.returncode or not recorded.exists():
        raise CannotRecord(f"{path} was not written: {output.decode('utf-8', 'replace').strip()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(recorded.read_bytes())
