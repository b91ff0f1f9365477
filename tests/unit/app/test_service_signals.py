"""What a service gets: a log in JSON, SIGUSR1 for the summary, SIGHUP to reopen the capture."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apispy import system
from apispy.app.call_reports import CALL_REPORTS
from apispy.app.reports_output import ReportsOutput
from apispy.app.view import View
from apispy.capture import read
from apispy.outputs import Summary
from apispy.outputs.stats import StatsOnRequest
from tests.e2e.wait import until
from tests.forked_apispy import run
from tests.unit.outputs.decoded_calls import decoded_call

TIMEOUT = 60
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start apispy without a terminal, as a service, in front of no daemon; return when it is ready."""
    running: list[subprocess.Popen[str]] = []

    def started(*words: str, **options: Any) -> subprocess.Popen[str]:
        where = ["--listen", f"unix://{tmp_path}/s", "--upstream", f"unix://{tmp_path}/none"]
        options = {"start_new_session": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        process = subprocess.Popen(
            [sys.executable, "-m", "apispy", *where, *words],
            text=True, cwd=tmp_path, env=os.environ | {"HOME": str(tmp_path)}, **options,
        )  # fmt: skip
        running.append(process)
        if process.stderr:
            wait_for(process.stderr, "ready, but")
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate(timeout=TIMEOUT)


def wait_for(stream: Any, text: str) -> str:
    for line in stream:
        if text in line:
            return str(line)
    raise AssertionError(f"no line with {text!r}")


def call(where: Path, target: str = "/info") -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT)
        client.connect(str(where / "s"))
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        while client.recv(10_000):
            pass


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    return out, err


def test_sigusr1_prints_the_summary_and_goes_on(start: Start, tmp_path: Path) -> None:
    process = start("-q", "--capture", "calls.jsonl")
    call(tmp_path)
    until(lambda: "/info" in (tmp_path / "calls.jsonl").read_text(), TIMEOUT, "the end of the call")
    process.send_signal(signal.SIGUSR1)
    headings = wait_for(process.stdout, "operation")
    assert headings.split() == ["calls", "errors", "total", "longest", "sent", "received", "operation"]
    assert wait_for(process.stdout, "SystemInfo").split()[0] == "1"
    call(tmp_path)
    out, _ = end(process)
    assert re.search(r"(?m)^ +2 +2 .*SystemInfo$", out), out


def test_sighup_reopens_the_capture_of_a_service(start: Start, tmp_path: Path) -> None:
    process = start("-q", "--capture", "calls.jsonl")
    call(tmp_path, "/info")
    until(lambda: "/info" in (tmp_path / "calls.jsonl").read_text(), TIMEOUT, "the end of the call")
    os.rename(tmp_path / "calls.jsonl", tmp_path / "calls.jsonl.1")
    process.send_signal(signal.SIGHUP)
    wait_for(process.stderr, "apispy: calls.jsonl: reopened")
    call(tmp_path, "/version")
    end(process)
    assert [one.request.target for one in read(tmp_path / "calls.jsonl.1")] == ["/info"]
    assert [one.request.target for one in read(tmp_path / "calls.jsonl")] == ["/version"]


def test_a_replay_says_what_was_played_so_far(tmp_path: Path) -> None:
    sample = Path(__file__).parents[3] / "samples/run.jsonl"
    words = ["replay", str(sample), "--listen", f"unix://{tmp_path}/s"]
    with subprocess.Popen(
        [sys.executable, "-m", "apispy", *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_for(process.stderr, "apispy: ready")
        call(tmp_path, "/_ping")
        wait_for(process.stdout, "SystemPing")
        process.send_signal(signal.SIGUSR1)
        wait_for(process.stdout, "total")
        wait_for(process.stderr, "played")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=TIMEOUT)


def test_sighup_without_a_capture_says_so(start: Start) -> None:
    process = start("-q")
    process.send_signal(signal.SIGHUP)
    wait_for(process.stderr, "nothing to reopen, because there is no --capture")
    end(process)


def test_nohup_is_respected() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert system.hangup_reopens()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_terminal_that_is_closed_ends_apispy(start: Start) -> None:
    """Otherwise it would go on in the background, unseen."""
    controller, terminal = pty.openpty()
    process = start(
        "-q", stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=False,
        preexec_fn=lambda: os.login_tty(os.dup(terminal)),
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    while b"ready, but" not in seen:
        seen += os.read(controller, 10_000)
    os.close(controller)
    assert process.wait(TIMEOUT) == 0


def test_every_line_of_the_log_is_an_object(start: Start, tmp_path: Path) -> None:
    process = start("--log", "json", "--capture", "calls.jsonl")
    call(tmp_path)
    process.send_signal(signal.SIGHUP)
    said = json.loads(wait_for(process.stderr, "nothing to reopen"))
    assert said["level"] == "warning"
    out, err = end(process)
    assert err == ""
    one, summary = map(json.loads, out.splitlines())
    assert (one["level"], one["operation"], one["status"]) == ("warning", "SystemInfo", 502)
    assert summary["summary"]["total"]["calls"] == 1


def test_the_log_of_a_command(tmp_path: Path) -> None:
    words = ["run", "--log", "json", "--upstream", f"unix://{tmp_path}/none", "--", "sh", "-c"]
    ping = 'curl -s --unix-socket "${DOCKER_HOST#unix://}" http://docker/_ping >/dev/null'
    done = run(*words, ping)
    levels = [json.loads(line)["level"] for line in done.stderr.splitlines()]
    assert (done.stdout, levels) == ("", ["warning", "info"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--log", "json", "--rotate", "1d"], "--rotate needs the capture that it is about"),
        (["--upstream", "tcp://a b", "--log", "json"], "a b"),
        (["--log", "json", "--body-limit", "huge"], "expected a size"),
        (["--log", "json", "--story"], "--story is a report"),
    ],
)
def test_errors_are_in_the_log_too(words: list[str], says: str, tmp_path: Path) -> None:
    done = run("--listen", f"unix://{tmp_path}/s", *words)
    first, *rest = map(json.loads, done.stderr.splitlines())
    assert (first["level"], says in first["message"]) == ("error", True)
    assert all(line["level"] == "error" for line in rest)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--rotate", "1d"], "Add --capture FILE"),
        (["--keep", "3"], "Add --rotate 100MB or --rotate 1d"),
        (["--capture", "a", "--rotate", "1d", "--rotate", "1h"], "one size, one time, or one of each"),
        (["--capture", "a", "--rotate", "10m"], "type 10MB or 10min"),
        (["--capture", "a", "--rotate", "0"], "expected a size like 100MB or a time like 30min, 1h or 1d"),
        (["--capture", "a", "--rotate", "0s"], "expected a size or time that occurs"),
        (["--capture", "a", "--rotate", "1d", "--keep", "0"], "expected a whole number from 1"),
        (["--capture", "/dev/null", "--rotate", "1d"], "--rotate needs a regular file"),
    ],
)
def test_wrong_rotations(words: list[str], says: str, tmp_path: Path) -> None:
    done = run("run", *words, "--", "true", cwd=tmp_path)
    assert says in done.stderr
    assert done.returncode in (1, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_summary_is_written_as_often_as_it_is_asked_for() -> None:
    for name in CALL_REPORTS:
        texts: list[str] = []
        report = ReportsOutput([name], texts.append, as_json=False, color=False, columns=80, no_calls="none")
        report.write(decoded_call("GET /info", 200, {}))
        report.summarize()
        first = "".join(texts)
        texts.clear()
        report.close()
        assert "".join(texts) == first
        assert first
    texts = []
    summary = Summary(texts.append)
    summary.summarize()
    summary.close()
    assert texts[0] == texts[1]


def test_json_lines_have_statistics_only_when_they_are_asked_for() -> None:
    texts: list[str] = []
    stats = StatsOnRequest(texts.append, as_json=True)
    stats.write(decoded_call("GET /info", 200, {}))
    stats.close()
    assert texts == []
    stats.summarize()
    assert json.loads(texts[0])["total"]["calls"] == 1


@pytest.mark.parametrize(
    ("view", "keys"),
    [(View(as_json=True), ["notice", "at"]), (View(as_json=True, as_log=True), ["time", "level", "message"])],
)
def test_what_was_dropped_is_said_in_the_format_of_the_calls(view: View, keys: list[str]) -> None:
    assert list(json.loads(view.message_line("3 lines were dropped"))) == keys
    assert View().message_line("x") == "apispy: x\n"
