"""Rows of the battery without a daemon: each is recorded from the real one, then played to the same command.

What comes out must be the same: stdout, stderr and exit code, by the normalising of the battery. Recorded is through
``apispy --capture``; played is the row's part of the capture by ``apispy replay``, and nothing but it can be reached.
"""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from apispy import capture
from apispy.model import Exchange

from .apispy_process import STANDIN, Apispy
from .battery import ROWS
from .battery_runner import BUILDKIT_CLI, CLIS, MAJORS, Outcome, differences, outcome_of
from .buildx_rows import BUILDX_ROWS
from .clients import Client
from .compose_rows import COMPOSE_2_ROWS
from .conftest import require, unavailable
from .daemon import Daemons
from .row import ENGINE, NO, OLD, PACKAGED, Row

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")

JOBS = int(os.environ.get("APISPY_E2E_JOBS", "3"))

NEED_THE_DAEMON: dict[str, str] = {
    "stats-stream": "it kills its client while samples come; played, they end where the record does, before or after that",
    "save-large": "64 MB are more than one keeps in a capture",
    "load-large": "likewise",
    "save-file": "likewise",
    "odd-requests": "what is no request is answered by Go's HTTP server in its own words",
    "not-http": "likewise",
    "h2-preface": "likewise",
    "curl-alpn": "it is about TLS, which nobody records",
    "compose2-watch": "it asks the daemon whether a file has arrived in the container",
}
"""Rows that are not played, and why."""

PAUSES = {"attach-no-stdin", "buildx-outputs"}
"""Rows that must be played with the pauses of the record: they read a line, and then what comes after it; or their
client prints the progress of what takes long, and only the end of what does not."""

REPEATING = {"run-it-resize"}
"""Rows whose client tells the daemon of each signal: of two changes of size it gets one or two."""

MATCH = {"compose2-run": "-body.Labels.com.docker.compose.config-hash,-body.Labels.com.docker.compose.slug"}
"""Rows that send random values, and the parts of a request that are not compared, as apispy says to type."""

ATTEMPTS = 3
"""So often a row is recorded until it holds what it must: a daemon that is busy tells a program's two streams in another
order than they were written."""

CLIENTS_PLAYED = ROWS if ENGINE == PACKAGED else [*COMPOSE_2_ROWS, *BUILDX_ROWS]
"""With the modern engine, the clients that only it has: the others are played with this machine's engine."""

ROWS_PLAYED = [row for row in CLIENTS_PLAYED if row.name not in NEED_THE_DAEMON]


@dataclass(frozen=True)
class NoDaemon:
    """In the place of the daemon behind an endpoint: what a row does there by the way is not done when played."""

    tools: Path | None

    def docker(self, *_words: str, **_options: object) -> str:
        return "true\n"  # rows print whether their container still runs


@dataclass(frozen=True)
class Played:
    recorded: Outcome
    played: Outcome
    code: int  # of apispy replay
    said: str  # by it


@dataclass(frozen=True)
class Take:
    """A row that was recorded, between two times (Unix seconds), by a client of that name."""

    row: Row
    name: str
    outcome: Outcome
    began: float
    ended: float


@dataclass
class Stage:
    """JOBS workers; each records its rows through one apispy, and then plays each from its part of the capture."""

    place: Path
    data: Path
    daemons: Daemons
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(JOBS, "replay"))
    done: dict[str, Future[Played]] = field(default_factory=dict)

    def order(self, rows: list[Row]) -> None:
        self.done = {row.name: Future() for row in rows}
        for number in range(JOBS):
            self.pool.submit(self._work, number, rows[number::JOBS])

    def _work(self, number: int, rows: list[Row]) -> None:
        try:
            where = self.place / f"{type(self).__name__}-{number}"
            where.mkdir()
            takes = self._record(where, rows)
            exchanges = list(capture.read(where / "c.jsonl"))
            for take in takes:
                part = [one for one in exchanges if take.began <= one.started < take.ended]
                self.done[take.row.name].set_result(self._play(where, take, part))
        except BaseException as fault:
            for row in rows:
                if not self.done[row.name].done():
                    self.done[row.name].set_exception(fault)

    def _record(self, where: Path, rows: list[Row]) -> list[Take]:
        words = ["--listen", f"unix://{where}/spy/s", "--upstream", self.daemons.plain.unix.host]
        words += ["--capture", str(where / "c.jsonl"), "--show-secrets", "--body-limit", "64M", "-q"]
        spy = Apispy.start(where / "spy", *words)
        takes = []
        try:
            for row in rows:
                for _ in range(ATTEMPTS):
                    name = "zq" + "".join(random.choices("ghjkmnprstvwxy", k=8))
                    client = Client(spy.at, self.daemons.plain, self._cli(row), name, where / name, self.data)
                    began = time.time()
                    take = Take(row, name, outcome_of(row, client), began, time.time())
                    (where / name).rename(where / f"{name}-recorded")  # it is played in the same place
                    if all(text in take.outcome.out + take.outcome.err for text in row.expect):
                        break
                takes.append(take)
            spy.end(timeout=60)
        finally:
            spy.kill()
        return takes

    def _play(self, where: Path, take: Take, exchanges: list[Exchange]) -> Played:
        row, name = take.row, take.name
        file = where / f"{name}.jsonl"
        with capture.Writer(file) as writer:
            writer.header(capture.Header("test", take.began, redacted=False))
            for exchange in exchanges:
                writer.exchange(exchange)
        file = self.made_of(file)
        speed = "real" if row.name in PAUSES else "fast"
        listen = f"unix://{where}/r-{name}/s"
        words = ["replay", str(file), "--listen", listen, "--speed", speed, "-q"]
        words += ["--repeat-last"] if row.name in REPEATING else []
        words += [f"--match={MATCH[row.name]}"] if row.name in MATCH else []
        replay = Apispy.start(where / f"r-{name}", *words)
        try:
            client = Client(
                replay.at, NoDaemon(self.daemons.plain.tools), self._cli(row), name, where / name, self.data
            )  # type: ignore[arg-type]
            played = outcome_of(row, client)
            return Played(take.outcome, played, replay.end(timeout=60), replay.output)
        finally:
            replay.kill()
            file.unlink()

    def made_of(self, capture: Path) -> Path:
        """What is played."""
        return capture

    @staticmethod
    def _cli(row: Row) -> Path | None:
        if row.cli == NO:
            return None
        return CLIS.get(BUILDKIT_CLI) if row.cli == OLD else CLIS.get(MAJORS[-1], CLIS.get(BUILDKIT_CLI))


def at_work(stage: Stage, request: pytest.FixtureRequest, parameter: str) -> Iterator[Stage]:
    """*stage*, busy with the rows of the tests that will ask for them by that *parameter*."""
    specs = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    stage.order([row for params in specs if isinstance(row := params.get(parameter), Row)])
    yield stage
    stage.pool.shutdown(wait=True, cancel_futures=True)


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest, place: Path, data: Path, daemons: Daemons) -> Iterator[Stage]:
    yield from at_work(Stage(place, data, daemons), request, "played")


@pytest.mark.parametrize("played", ROWS_PLAYED, ids=lambda row: row.name)
def test_same_as_recorded(played: Row, stage: Stage) -> None:
    if played.cli == OLD and BUILDKIT_CLI not in CLIS:
        unavailable(f"no docker CLI {BUILDKIT_CLI} on this machine")
    require(played)
    outcome = stage.done[played.name].result()
    shown = outcome.recorded.out + outcome.recorded.err
    missing = [text for text in played.expect if text not in shown]
    assert not missing, f"the recorded run lacks {missing}:\n{shown}"
    diff = differences(outcome.recorded, outcome.played)
    assert not diff, (
        f"{played.name} differs (a: recorded, b: played):\n{diff}\napispy replay said:\n{outcome.said[-4000:]}"
    )
    assert outcome.code == 0, outcome.said[-4000:]
