"""Make the fixtures of the library (apispy/fixtures/data): `make fixtures` runs it, as root.

Real CLIs and docker-py are recorded with real daemons of three engines, and each fixture is played before it is kept.
"""

import gzip
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apispy import testing
from apispy.fixtures.library import FOLDER

from .apispy_process import Apispy, apispy_command
from .clients import Client, find_clis
from .daemon import Daemons
from .endpoints import Endpoint, without_proxies
from .fixture_library_rows import ENGINES, MATCH, REGISTRY, ROWS, LibraryRow
from .modern_root import ModernRoot
from .wait import until

PLACE = Path("/tmp/apispy-fixtures")  # constant, because the fixtures contain it

_CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: "{place}/registry"}}}}
http: {{addr: "{address}"}}
"""


@contextmanager
def docker_registry(place: Path) -> Iterator[None]:
    """Run Debian's docker-registry at REGISTRY."""
    config = place / "registry.yml"
    config.write_text(_CONFIG.format(place=place, address=REGISTRY))
    with (place / "registry.log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        until(lambda: subprocess.run(["curl", "-sf", f"http://{REGISTRY}/v2/"], capture_output=True).returncode == 0,
              20, "docker-registry to answer")  # fmt: skip
        yield
    finally:
        process.terminate()
        process.wait(10)


def cli_for(row: LibraryRow, engine: str, daemons: Daemons) -> Path:
    """The docker CLI that a row is recorded with: this machine's of the engine's age, or the engine's own."""
    if engine in row.tools:
        assert daemons.plain.tools
        return daemons.plain.tools / "docker"
    return find_clis()["20" if engine == "20.10" else "28"]


def typed(row: LibraryRow, engine: str, client: Client) -> str:
    """Type the row's session, and return its output."""
    session = row.typed(engine)
    if not isinstance(session, str):
        return session(client.endpoint.host)
    result = client.sh(session)
    return (result.out + result.err).decode()


def make(row: LibraryRow, engine: str, daemons: Daemons) -> Path:
    """Record the row, and return the fixture, which has been played."""
    where = PLACE / f"{row.name}-{engine}"
    daemon = daemons.plain
    cli = cli_for(row, engine, daemons)
    spy = Apispy.start(where, "--listen", f"unix://{where}/s", "--upstream", daemon.unix.host,
                       "--capture", f"{where}/calls.jsonl", "-q")  # fmt: skip
    direct = Client(daemon.unix, daemon, cli, row.name, where / "d", PLACE)
    try:
        if row.before:
            done = direct.sh(row.before)
            assert done.code == 0, done
        client = Client(spy.at, daemon, cli, row.name, where / "c", PLACE)
        said = typed(row, engine, client)
        assert re.search(row.shown, said), (row.name, engine, said)
    finally:
        code = spy.end()
        direct.sh("docker swarm leave --force; docker rm -f $(docker ps -aq)")
    assert code == 0, spy.err
    made = where / f"{row.name}.json"
    subprocess.run(
        [*apispy_command(), "fixture", "tidy", str(where / "calls.jsonl"), "-o", str(made)], check=True
    )
    subprocess.run([*apispy_command(), "fixture", "check", str(made)], check=True)
    play(made, row, engine, cli, daemon.tools if engine in row.tools else None, where / "p")
    return made


def play(fixture: Path, row: LibraryRow, engine: str, cli: Path, tools: Path | None, where: Path) -> None:
    """Play a fixture to the row's session; AssertionError if the session prints something else, or a request misses.

    *where* is a new directory. With *tools* it is one that the engine's root sees, as its clients have to.
    """
    if tools is None:
        environ: dict[str, str] = {}
        with testing.replay(fixture, match=MATCH.get(row.name), environ=environ) as api:
            check(row, engine, Endpoint(api.host), cli, tools, where)
            assert api.unplayed == []
        return
    match = [f"--match={MATCH[row.name]}"] if row.name in MATCH else []
    replay = Apispy.start(where, "replay", str(fixture), "--listen", f"unix://{where}/s", "-q", *match)
    try:
        check(row, engine, replay.at, cli, tools, where / "c")
        assert replay.end() == 0, replay.output
    finally:
        replay.kill()


def check(row: LibraryRow, engine: str, at: Endpoint, cli: Path, tools: Path | None, where: Path) -> None:
    client = Client(at, NoDaemon(tools), cli, row.name, where, PLACE)  # type: ignore[arg-type]
    said = typed(row, engine, client)
    assert re.search(row.shown, said), (row.name, engine, said)


@dataclass(frozen=True)
class NoDaemon:
    """In the place of the daemon behind a replay."""

    tools: Path | None


def main(words: list[str]) -> None:
    """Make the fixtures of the named engines (default: all), or `ENGINE/NAME` single ones."""
    without_proxies()
    for engine, suite in ENGINES.items():
        rows = [row for row in ROWS if not words or engine in words or f"{engine}/{row.name}" in words]
        if rows:
            make_engine(engine, suite, rows)


def make_engine(engine: str, suite: str, rows: list[LibraryRow]) -> None:
    PLACE.mkdir(mode=0o700)
    root = ModernRoot.start(PLACE, suite) if suite else None
    failed = []
    try:
        daemons = Daemons.start(PLACE, root)
        try:
            with docker_registry(PLACE):
                for row in rows:
                    try:
                        keep(row, engine, make(row, engine, daemons))
                    except (AssertionError, subprocess.SubprocessError) as error:
                        failed.append(f"{engine}/{row.name}: {error}")
        finally:
            daemons.stop()
    finally:
        if root:
            root.stop()
        shutil.rmtree(PLACE, ignore_errors=True)
    print("\n".join(failed))


def keep(row: LibraryRow, engine: str, made: Path) -> None:
    to = FOLDER / engine / f"{row.name}.json.gz"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(gzip.compress(made.read_bytes(), mtime=0))
    print(f"{engine}/{row.name}: {made.stat().st_size} bytes, {to.stat().st_size} compressed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
