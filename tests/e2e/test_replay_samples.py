"""The sample of Compose v2, played without a daemon to the same commands: the capture, and the fixture made of it."""

from pathlib import Path

import pytest

from .apispy_process import Apispy
from .clients import Client
from .daemon import Daemons
from .make_samples import COMPOSE_2, SAMPLES
from .row import ENGINE, MODERN
from .test_replay_battery import NoDaemon

pytestmark = pytest.mark.skipif(ENGINE != MODERN, reason="`make e2e-modern` runs this")

ELSEWHERE = (
    "-body.Labels.com.docker.compose.project.config_files,-body.Labels.com.docker.compose.project.working_dir"
)
"""Paths of the project, which is in another directory when the sample is played."""


@pytest.mark.parametrize("file", ["compose2.jsonl", "fixtures/compose2.json"])
def test_it_is_played(file: str, daemons: Daemons, place: Path) -> None:
    where = place / f"sample-{Path(file).suffix[1:]}"
    words = ["replay", str(SAMPLES / file), "--listen", f"unix://{where}/s", "-q", f"--match={ELSEWHERE}"]
    replay = Apispy.start(where, *words)
    try:
        tools = daemons.plain.tools
        assert tools
        client = Client(replay.at, NoDaemon(tools), tools / "docker", "p", where / "c", where)  # type: ignore[arg-type]
        result = client.sh(COMPOSE_2)
        shown = (result.out + result.err).decode()
        assert "hello\n" in shown, shown + replay.output
        assert "Container demo-job-1  Started" in shown, shown + replay.output
        assert (result.code, replay.end()) == (0, 0), shown + replay.output
    finally:
        replay.kill()
