"""`apispy mcp`, asked by the client of the official SDK: a capture, and a proxy while calls pass."""

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from apispy.app.mcp.tools import TOOLS

from .apispy_process import apispy_command
from .daemon import IMAGE, Daemons
from .kept_python import python_with

SAMPLE = Path(__file__).parents[2] / "samples/run.jsonl"

pytestmark = pytest.mark.timeout(600)  # the environment is made once, which takes a minute


@pytest.fixture(scope="module")
def python() -> str:
    """A Python with the SDK, in an environment of its own: it brings 30 packages that nothing else here needs."""
    return python_with("mcp==2.3.0")


def ask(python: str, steps: list[dict[str, Any]], *command: str) -> dict[str, Any]:
    """What the SDK's client gets for *steps* from the server *command*."""
    words = [
        python,
        str(Path(__file__).with_name("mcp_client.py")),
        json.dumps(steps),
        *apispy_command(),
        *command,
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "APISPY_"))}
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=clean)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def tool(name: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": name, "arguments": arguments}


EACH_TOOL = [
    tool("calls", limit=2),
    tool("call", number=1),
    tool("statistics"),
    tool("story"),
    tool("coverage"),
    tool("drift"),
    tool("permissions", target="wollomatic"),
    tool("explain", question="ContainerCreate"),
]


def test_a_capture(python: str) -> None:
    wrong = [
        tool("call", number=99),
        tool("calls", limit="x"),
        tool("calls", filter="status>="),
        tool("nosuch"),
    ]
    found = ask(python, [*EACH_TOOL, *wrong], "mcp", str(SAMPLE))
    assert found["begun"]["serverInfo"]["name"] == "apispy"
    assert found["begun"]["instructions"].startswith("A recording of calls")
    assert [one["name"] for one in found["tools"]] == list(TOOLS)
    assert {step["tool"] for step in EACH_TOOL} == set(TOOLS)
    answers, refusals = found["answers"][: len(EACH_TOOL)], found["answers"][len(EACH_TOOL) :]
    assert [answer["failed"] for answer in answers] == [False] * len(EACH_TOOL)
    listed, call, statistics, story, coverage, drift, rules, explained = (
        answer["text"] for answer in answers
    )
    assert listed.endswith("There are more calls: offset=2 continues.")
    assert "HEAD /_ping" in call
    assert "ContainerStart" in statistics
    assert story.startswith("17 calls in ")
    assert coverage.startswith("API 1.41: ")
    assert drift.startswith("17 of 17 calls compared")
    assert "-allowPOST=" in rules
    assert "Creates a container" in explained
    assert refusals[0] == {"failed": True, "text": "there is no call 99; the tool calls lists the numbers"}
    assert [answer.get("failed") for answer in refusals[1:3]] == [True, True]
    assert "there is no such tool; the tools are calls, call" in refusals[3]["error"]


def test_a_proxy_while_calls_pass(python: str, place: Path, daemons: Daemons) -> None:
    where = place / "mcp-live"
    where.mkdir()
    docker = ["docker", "-H", f"unix://{where}/s"]
    created = [*docker, "create", "--name", "zqmcp", "-e", "TOKEN=hunter2-live", IMAGE, "true"]
    steps = [
        tool("story"),
        {"run": created},
        {"run": [*docker, "rm", "zqmcp"]},
        *EACH_TOOL,
        tool("calls", filter="op:ContainerCreate"),
        tool("call", number=2),
    ]
    listen = ("--live", "--listen", f"unix://{where}/s", "--upstream", daemons.plain.unix.host)
    found = ask(python, steps, "mcp", *listen, "--capture", f"{where}/calls.jsonl")
    assert f"DOCKER_HOST=unix://{where}/s" in found["begun"]["instructions"]
    first, create, remove, *answers = found["answers"]
    assert first["text"].startswith("No call has ended yet.")
    assert (create["code"], remove["code"]) == (0, 0), (create, remove)
    assert [answer["failed"] for answer in answers] == [False] * len(answers)
    story = answers[3]["text"]
    assert "1 created, 1 removed" in story
    assert "Nothing that was created was left behind." in story
    assert answers[8]["text"].count("ContainerCreate") == 1
    texts = "".join(answer["text"] for answer in answers)
    assert "hunter2-live" not in texts
    assert "TOKEN=<redacted:" in texts
    learned = subprocess.run(
        [*apispy_command(), "story", f"{where}/calls.jsonl"],
        capture_output=True, text=True, check=True, timeout=60, env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip
    assert story == learned.stdout.rstrip("\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_live_server_whose_input_stays_open(
    place: Path, daemons: Daemons, number: int
) -> None:
    """A thread waits for the input then; Python must neither wait for it nor fail because of it."""
    command = [*apispy_command(), "mcp", "--live", "--listen", f"unix://{place}/mcp-{number}"]
    command += ["--upstream", daemons.plain.unix.host]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        watchdog = threading.Timer(60, server.kill)
        watchdog.start()
        assert server.stdin
        assert server.stdout
        server.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        server.stdin.flush()
        assert json.loads(server.stdout.readline()) == {"jsonrpc": "2.0", "id": 1, "result": {}}
        server.send_signal(number)
        assert server.stdout.read() == b""
        assert server.stderr
        said = server.stderr.read().decode()
        assert server.wait(30) == 0, said
        watchdog.cancel()
    assert said.startswith("apispy: version ")
    assert "Fatal" not in said
    assert "Traceback" not in said
