"""What docker CLIs and a real dockerd say with secrets in it: apispy shows none of them."""

import json
from pathlib import Path

import pytest

from .battery_runner import CLIS
from .clients import Client
from .daemon import Daemons

DOCKERFILE = "FROM busybox:test\nARG WORD\nENV WORDS=$WORD\nRUN true\n"

COMMANDS = """\
mkdir -p context && cp Dockerfile context/
DOCKER_BUILDKIT=0 docker build -q -t zqsecrets --build-arg WORD=hunter2-build context
DOCKER_BUILDKIT=1 docker build -q --build-arg WORD=hunter2-buildkit context
docker history zqsecrets
docker inspect zqsecrets
docker run --network none --name zqsecrets-run -e WORD=hunter2-run $IMG true
docker inspect zqsecrets-run
docker commit --change 'ENV WORD=hunter2-commit' zqsecrets-run zqsecrets-commit
docker rm zqsecrets-run
docker rmi zqsecrets zqsecrets-commit
echo hunter2-login | docker login -u ann --password-stdin 127.0.0.1:1
docker volume create zqsecrets -d local -o type=cifs -o device=//h/s -o o=password=hunter2-mount
docker volume inspect zqsecrets
docker volume rm zqsecrets
true
"""

PLANTED = ("build", "run", "commit", "login", "mount")
"""What of them comes over the API in plain text; a BuildKit's arguments do not."""


@pytest.fixture
def client(place: Path, data: Path, daemons: Daemons, request: pytest.FixtureRequest) -> Client:
    where = place / f"secrets-{abs(hash(request.node.name)) % 10**8}"
    made = Client(daemons.plain.unix, daemons.plain, CLIS[max(CLIS)], "zqsecrets", where, data)
    made.add_apispy()
    (made.work / "Dockerfile").write_text(DOCKERFILE)
    (made.work / "commands").write_text(COMMANDS)
    return made


def calls(client: Client, view: str) -> str:
    client.sh(f"apispy run {view} -o calls -- sh commands")
    return (client.work / "calls").read_text()


@pytest.mark.parametrize("view", ["-vvv", "--json -vv"])
def test_no_secret_is_shown(client: Client, view: str) -> None:
    shown = calls(client, view)
    assert "hunter2" not in shown
    assert "redacted:" in shown
    if "--json" in view:
        operations = {json.loads(line)["operation"] for line in shown.splitlines()}
        assert {"ImageBuild", "ImageHistory", "ImageCommit", "ContainerCreate", "VolumeCreate"} <= operations


def test_on_demand_they_are_there(client: Client) -> None:
    shown = calls(client, "-vvv --show-secrets")
    assert [name for name in PLANTED if f"hunter2-{name}" not in shown] == []
