"""The output of ``apispy explain``, compared with the files in explained/ (``make golden`` rewrites them)."""

import shlex
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy

EXPECTED = Path(__file__).parent / "explained"

CURL = """$ curl -sS --unix-socket /var/run/docker.sock \\
    -X POST -H 'Content-Type: application/json' -H 'X-Registry-Auth: hunter2-token' \\
    -d '{"Image": "busybox", "Env": ["PASSWORD=hunter2-env"], "Nosuch": 1,
         "HostConfig": {"Annotations": {}, "Init": true}}' \\
    'http://localhost/v1.30/containers/create?name=web&platform=linux/arm64'
"""

BUILD = shlex.split(
    "docker build --target two --build-arg A=hunter2 --label a=b --pull --no-cache --platform linux/arm64 -t me/x:1"
    " --cache-from type=registry,ref=me/x,color=blue --secret id=token,src=f -o type=local,dest=out --progress plain"
    " --sbom true ."
)
COMPOSE = shlex.split("docker compose up -d --force-recreate --scale web=5 --pull always -t 5 --quiet-pull")

QUESTIONS: dict[str, tuple[str, ...]] = {
    "operation": ("ContainerList",),
    "operation-200": ("ContainerCreate",),
    "old-request": ('GET /v1.18/containers/json?all=1&filters={"status":["exited"]}&nosuch=1',),
    "curl": (CURL,),
    "docker-ps": ("docker", "ps", "-a"),
    "docker-run": ("docker", "run", "-it", "--rm", "busybox", "sh"),
    "docker-flags": (
        *(
            "docker",
            "run",
            "-d",
            "-p",
            "80:80",
            "--gpus",
            "all",
            "-v",
            "/a:/b",
            "-e",
            "A=hunter2",
            "--memory",
            "64m",
        ),
        *("busybox", "sh", "-c", "hunter2"),
    ),
    **dict.fromkeys(("docker-build", "docker-build-200"), tuple(BUILD)),
    **dict.fromkeys(("docker-compose-flags", "docker-compose-flags-200"), tuple(COMPOSE)),
    "docker-service-update": tuple(
        shlex.split("docker service update -d --image me/x:2 --env-add A=hunter2 web")
    ),
    "docker-rm": ("docker", "rm", "-f", "web"),
    "docker-compose-up": ("docker", "compose", "up", "-d"),
    "docker-no-call": ("docker", "context", "ls"),
    "topic": ("how do I attach",),
    "error": (
        "docker.errors.APIError: 409 Client Error for http+docker://localhost/v1.41/containers/create?name=web: "
        'Conflict ("Conflict. The container name "/web" is already in use by container "0a1b"")',
    ),
    "refused-filters": ('GET /v1.41/containers/json?filters={"status":"running"}',),
    "search": ("restart policy",),
    "list-1.24": ("--list", "--api", "1.24"),
    "diff-1.41-1.52": ("--diff", "1.41", "1.52"),
    "hijack": ("containerattach", "--api", "1.41"),
    "field": ("ContainerInspect", "--field", "Health"),
    "every-field": ("-v", "ExecStart"),
    "json": ("--json", "GET /v1.41/exec/e3f0/json"),
}


def render(name: str) -> str:
    columns = "200" if name.endswith("-200") else "80"
    run = click.testing.CliRunner().invoke(proxy, ["explain", *QUESTIONS[name]], env={"COLUMNS": columns})
    assert run.exception is None, run.exception
    return run.output


@pytest.mark.parametrize("name", QUESTIONS)
def test_golden(name: str, expect: Callable[[Path, str], None]) -> None:
    expect(EXPECTED / f"{name}.txt", render(name))


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_secret_is_repeated(name: str) -> None:
    assert "hunter2" not in render(name)


def test_no_expected_file_is_left_over() -> None:
    assert {path.stem for path in EXPECTED.iterdir()} <= set(QUESTIONS)
