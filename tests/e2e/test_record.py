"""Fixtures of a real daemon: recorded twice they are the same, and played without it they say the same."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .apispy_process import STANDIN, apispy_command
from .daemon import IMAGE, Daemons

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")

SESSION = f"""
docker run --rm --network none {IMAGE} sh -c 'hostname; echo hello; exit 3'; echo "exit code $?"
docker create --name fixed --network none --label run=a1b2c3d4 {IMAGE} sh -c 'echo tick; exec sleep 100'
docker start fixed
docker exec fixed echo in exec
echo from stdin | docker exec -i fixed cat
docker inspect fixed --format '{{{{.Name}}}} {{{{.State.Status}}}} {{{{.Config.Hostname}}}}'
docker logs fixed
docker network create --internal -d null fixed-net 2>&1 | tail -c 30
docker volume create | wc -c
docker create --network none {IMAGE} true
docker ps -aq | wc -l
docker rm -f fixed
docker inspect nosuch; echo "exit code $?"
"""

CLEAN = "docker ps -aq | xargs docker rm -f; docker volume prune -f; docker network prune -f"

UNSETTLED = (
    (r"<time:\+\d+s", "<time:+s"),
    (r'"Up [^"]*"', '"Up"'),
    (r'"(NFd|NGoroutines)": \d+', r'"\1": 0'),
)

IDS = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b")


def shell(script: str, host: str, *before: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    return subprocess.run(
        [*before, "sh", "-c", script], env=environ | {"DOCKER_HOST": host}, capture_output=True, text=True, timeout=110
    )  # fmt: skip


def recorded(file: Path, host: str) -> subprocess.CompletedProcess[str]:
    """In an empty daemon: the session lists its containers, and other tests leave some."""
    shell(CLEAN, host)
    try:
        return shell(SESSION, host, *apispy_command(), "record", "-o", str(file), "--")
    finally:
        shell(CLEAN, host)


def settled(document: str) -> list[str]:
    """Without pauses, the seconds of dates, which follow from them, and what the daemon measures."""
    text = json.dumps(without_pauses(json.loads(document)), indent=1)
    for pattern, word in UNSETTLED:
        text = re.sub(pattern, word, text)
    return text.splitlines()


def without_pauses(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_pauses(one) for name, one in value.items() if name != "pause"}
    return [without_pauses(one) for one in value] if isinstance(value, list) else value


@pytest.mark.timeout(500)
def test_the_same_session_gives_the_same_file_and_plays_without_the_daemon(
    daemons: Daemons, tmp_path: Path
) -> None:
    host = daemons.plain.unix.host
    first, second = (recorded(tmp_path / name, host) for name in ("a.json", "b.json"))
    assert first.returncode == second.returncode == 0, first.stderr
    texts = [settled((tmp_path / name).read_text()) for name in ("a.json", "b.json")]
    different = [(one, other) for one, other in zip(*texts, strict=True) if one != other]
    assert not different
    text = (tmp_path / "a.json").read_text()
    assert not re.search(r"(?<!sha256:)\b[0-9a-f]{64}\b", text)
    played = shell(
        SESSION, "unix:///nowhere", *apispy_command(), "replay", "-q", str(tmp_path / "a.json"), "--"
    )
    assert IDS.sub("<id>", played.stdout) == IDS.sub("<id>", first.stdout), played.stderr
    assert played.returncode == 0, played.stderr


TESTS = f"""
    import subprocess

    import pytest

    def docker(*words):
        return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60).stdout

    @pytest.mark.docker_fixture("run.json")
    def test_run(docker_api):
        assert docker("run", "--rm", "--network", "none", "{IMAGE}", "echo", "hi") == "hi\\n"
        assert not docker_api.unplayed

    def test_of_its_own(docker_api):
        assert docker("version", "--format", "{{{{.Server.APIVersion}}}}").startswith("1.")
"""


def run_pytest(where: Path, host: str, *options: str) -> str:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return shell(f"cd {where} && {shlex.join(words)}", host).stdout


@pytest.mark.timeout(500)
def test_the_modes_of_the_pytest_plugin(daemons: Daemons, tmp_path: Path) -> None:
    host, nowhere = daemons.plain.unix.host, "unix:///nowhere"
    test = tmp_path / "test_it.py"
    test.write_text("\n".join(line[4:] for line in TESTS.splitlines()))
    assert "2 errors" in run_pytest(tmp_path, host)  # none: a fixture that is not there
    assert "2 passed" in run_pytest(tmp_path, host, "--docker-record=once")
    files = {path.name: path.read_bytes() for path in (tmp_path / "fixtures").iterdir()}
    assert set(files) == {"run.json", "test_it.test_of_its_own.json"}
    assert "2 passed" in run_pytest(tmp_path, nowhere)

    test.write_text(test.read_text().replace('"echo", "hi") == "hi', '"echo", "ho") == "ho'))
    said = run_pytest(tmp_path, nowhere, "--docker-record=once")
    assert "1 failed, 1 passed" in said
    assert "nearest: #2 POST /v1." in said
    assert "2 passed" in run_pytest(tmp_path, host, "--docker-record=new")
    found = {path.name: path.read_bytes() for path in (tmp_path / "fixtures").iterdir()}
    assert found["test_it.test_of_its_own.json"] == files["test_it.test_of_its_own.json"]
    assert b'"ho\\n"' in found["run.json"]
    assert "2 passed" in run_pytest(tmp_path, nowhere, "-n", "2")

    test.write_text(test.read_text().replace('== "ho', '== "hu'))
    assert "1 failed, 1 passed" in run_pytest(tmp_path, host, "--docker-record=all")
    assert (tmp_path / "fixtures/run.json").read_bytes() == found[
        "run.json"
    ]  # of a test that failed none is kept
