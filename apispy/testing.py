"""For tests of programs that use Docker: a daemon played from a fixture, or a fixture recorded from a real one.

In use, with any test framework::

    with apispy.testing.replay("tests/fixtures/ps.json"):
        docker.from_env().containers.list()      # no daemon is asked

Both set DOCKER_HOST, for clients in this process and in its children, and put everything back at the end. Neither may
be used by two threads at once: the environment is one.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apispy.errors import ApispyError

if TYPE_CHECKING:
    from apispy.replay import Player

START = 30.0
"""Seconds that a recording gets to start."""

END = 30.0
"""Seconds that it gets to write the fixture."""

READY = "apispy: ready"


class Missed(AssertionError):
    """A request had no recorded answer; the message tells which, and what was nearest."""


class CannotRecord(ApispyError):
    """A recording did not start, or wrote no fixture."""


@dataclass(frozen=True)
class Api:
    """A Docker API for the length of a test. *host* is what DOCKER_HOST is: "unix:///tmp/apispy-x/docker.sock"."""

    host: str
    path: Path  # of the fixture
    recording: bool = False
    _player: "Player | None" = None

    @property
    def misses(self) -> list[str]:
        """A text of several lines for each request without a recorded answer."""
        from apispy.outputs.escaping import escape

        found = self._player.misses if self._player else ()
        return ["\n".join(escape(text) for text, _ in miss.lines()) for miss in found]

    @property
    def unplayed(self) -> list[str]:
        """The recorded calls that nobody has asked for yet: "#3 ContainerStart"."""
        found = self._player.unplayed if self._player else ()
        return [f"#{entry.number} {entry.name}" for entry in found]

    def check(self) -> None:
        """Raise Missed if a request had no recorded answer."""
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
    """Play the daemon from the fixture (or capture) at *path*; *match*, *repeat_last* and *speed* as `apispy replay`.

    At the end Missed is raised if a request had no recorded answer. An exception of the block stays as it is, with a
    note on what was missed. Raises ApispyError when the file cannot be played.
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
    """As ``replay``, but nothing is raised for what was missed: ask the ``Api``."""
    from apispy import capture
    from apispy.endpoints import listen
    from apispy.replay import Options, choose, serve, speed_of

    path = Path(path)
    if not path.exists():
        raise ApispyError(
            f"{path}: there is no such fixture. Record it: apispy record -o {path} -- COMMAND; with pytest: "
            "pytest --docker-record=once"
        )
    options = Options(choose(match), repeat_last, speed=speed_of(speed))
    exchanges = list(capture.read(path))
    with (
        _directory() as directory,
        serve(exchanges, listen(f"unix://{directory}/docker.sock"), options) as server,
    ):
        host = f"unix://{directory}/docker.sock"
        with _docker_host(host, environ):
            yield Api(host, path, _player=server.player)


@contextlib.contextmanager
def record(
    path: str | Path, *, upstream: str | None = None, environ: MutableMapping[str, str] = os.environ
) -> Iterator[Api]:
    """Record a fixture of what is said to the daemon *upstream*; None: the one that the docker CLI would use.

    It is written at the end, in place of one that is there, unless the block raised. Raises CannotRecord.
    """
    path = Path(path)
    with _directory() as directory:
        host = f"unix://{directory}/docker.sock"
        made = directory / "fixture.json"
        words = [sys.executable, "-m", "apispy", "record", "-o", str(made), "--listen", host]
        words += ["--upstream", upstream] if upstream else []
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=dict(environ),
        )
        try:
            _until_ready(process)
            with _docker_host(host, environ):
                yield Api(host, path, recording=True)
            _finish(process, made, path)
        finally:
            process.kill()
            process.wait()
            if process.stderr:
                process.stderr.close()


# -- parts --


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """One that only this user can enter, with a short name: a socket's is at most 107 characters long."""
    with tempfile.TemporaryDirectory(prefix="apispy-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def _docker_host(host: str, environ: MutableMapping[str, str]) -> Iterator[None]:
    """DOCKER_HOST is *host*, and nothing else says which daemon is asked."""
    from apispy.endpoints import instances, listen
    from apispy.endpoints.client_environment import variables_for

    wanted = variables_for(instances.client_endpoint(listen(host), None))
    before = {name: environ.get(name) for name in wanted}
    _put(environ, wanted)
    try:
        yield
    finally:
        _put(environ, before)


def _put(environ: MutableMapping[str, str], values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value


def _until_ready(process: "subprocess.Popen[bytes]") -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.decode("utf-8", "replace"))
        if READY in said[-1]:
            return
    raise CannotRecord(f"the recording did not start: {''.join(said).strip()}")


def _finish(process: "subprocess.Popen[bytes]", made: Path, path: Path) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        _, said = process.communicate(timeout=END)
    except subprocess.TimeoutExpired:
        raise CannotRecord(f"{path} is not written: the recording did not end within {END:g} s") from None
    if process.returncode or not made.exists():
        raise CannotRecord(f"{path} is not written: {said.decode('utf-8', 'replace').strip()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made.read_bytes())
