"""docs/exit-codes.md has the exit codes of the code, and each is what a command really ends with."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from apispy.app import child
from apispy.cli import exit_codes
from apispy.cli.proxy import proxy
from apispy.errors import ApispyError, UsageError
from tests.forked_apispy import run
from tools import audit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/exit-codes.md").read_text()
TABLE = PAGE.partition("<!-- exit codes -->")[2].partition("<!-- end -->")[0]
SAMPLE = str(ROOT / "samples/run.jsonl")
CHECK = ["--check", str(ROOT / "samples/socket-proxy.env"), "--as", "tecnativa"]
NOWHERE = ["--upstream", "unix:///nowhere/docker.sock"]
CURL = 'curl -s --unix-socket "${DOCKER_HOST#unix://}" http://docker/nothing'
LITERALS = (
    re.compile(r"sys\.exit\((\d+)\)"),
    re.compile(r"\bexit_code = (\d+)"),
    re.compile(r"^[A-Z_]+ = (\d+)\n\"\"\".*exit code", re.MULTILINE),
    re.compile(r"CommandError\(.*\b(\d+)\)"),
    re.compile(r"CommandError\(.*\b(\d+) if"),
)


def apispy(*words: str, code: int, cwd: Path) -> None:
    done = run(*words, cwd=cwd)
    assert done.returncode == code, (words, done.returncode, done.stderr)
    assert "Traceback" not in done.stderr


def test_the_codes_are_those_of_the_code() -> None:
    shown = set(re.findall(r"^\| (\d+(?: \+ N)?) \|", TABLE, re.MULTILINE))
    named = {ApispyError.exit_code, UsageError.exit_code, exit_codes.MISSED, exit_codes.INCOMPLETE}
    text = "\n".join(path.read_text() for path in sorted((ROOT / "apispy").rglob("*.py")))
    literal = {int(code) for pattern in LITERALS for code in pattern.findall(text)}
    assert {str(code) for code in {0, *named, *literal}} | {f"{child.SIGNAL_EXIT_BASE} + N"} == shown
    assert {126, 127, 130} <= literal


def test_every_command_on_the_page_exists() -> None:
    named = set(re.findall(r"`(?:apispy )?([a-z]+)", PAGE)) - {"make", "pytest", "mitmdump", "apispy"}
    assert named <= set(proxy.list_commands(click.Context(proxy)))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ["show", SAMPLE]),
        (0, ["run", "-q", *NOWHERE, "--", "true"]),
        (1, ["export", "missing.jsonl", "--to", "csv"]),
        *(
            (1, [*words, "missing.jsonl"])
            for words in (["show"], ["import"], ["replay"], ["fixture", "check"])
        ),
        *(
            (1, [*words, "empty.har"])
            for words in (["show"], ["import"], ["replay"], ["export", "--to", "csv"])
        ),
        (2, ["diff", "empty.har", SAMPLE]),
        (1, ["show", "broken.jsonl"]),
        (1, ["fixture", "check", SAMPLE]),
        (1, ["certs", "--show", "missing"]),
        (1, ["record", "-o", "f.json", *NOWHERE, "--", "true"]),
        (5, ["record", "-o", "f.json", *NOWHERE, "--", "sh", "-c", "exit 5"]),
        (1, ["diff", str(ROOT / "samples/docker-20.10.pcap"), str(ROOT / "samples/docker-28.2.pcap")]),
        (2, ["diff", "missing.jsonl", SAMPLE]),
        (1, ["permissions", "missing.jsonl"]),
        (1, ["permissions", *CHECK, SAMPLE]),
        (2, ["permissions", *CHECK, "missing.jsonl"]),
        (2, ["permissions", "--check", SAMPLE, SAMPLE]),
        (1, ["coverage", "--fail-under", "99", SAMPLE]),
        (2, ["coverage", "missing.jsonl"]),
        (1, ["drift", str(ROOT / "samples/podman-4.3.jsonl.gz")]),
        (2, ["drift", "missing.jsonl"]),
        *(
            (1, [*words, "/proc/self/mem"])  # it can be opened, but not read
            for words in (["show"], ["import"], ["replay"], ["export", "--to", "csv"])
        ),
        (2, ["diff", "/proc/self/mem", SAMPLE]),
        (0, ["run", "-o", "/dev/full", *NOWHERE, "--", "true"]),
        (5, ["run", "-o", "/dev/full", *NOWHERE, "--", "sh", "-c", f"{CURL}; exit 5"]),
        (2, ["show", "--bogus"]),
        (2, ["--listen", "99999"]),
        (4, ["run", "-q", "--capture", "/dev/full", *NOWHERE, "--", "true"]),
        (5, ["run", "-q", "--capture", "/dev/full", *NOWHERE, "--", "sh", "-c", "exit 5"]),
        (126, ["run", "--", "./broken.jsonl"]),
        (127, ["run", "--", "no-such-command"]),
        (128 + signal.SIGTERM, ["run", "-q", *NOWHERE, "--", "sh", "-c", "kill -TERM $$"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_command_ends_with(code: int, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text((ROOT / "samples/run.jsonl").read_text() + "broken\n{}\n")
    (tmp_path / "empty.har").write_text('{"log": {"entries": []}}')
    apispy(*words, code=code, cwd=tmp_path)


def test_a_replay_ends_with_3_after_a_miss_unless_the_command_failed(tmp_path: Path) -> None:
    for script, code in ((CURL, 3), (f"{CURL}; exit 5", 5), ("true", 0)):
        apispy("replay", "-q", SAMPLE, "--", "sh", "-c", script, code=code, cwd=tmp_path)


@pytest.mark.parametrize(
    ("code", "words", "ready"),
    [
        (0, ["--listen", "unix:///PLACE/s", *NOWHERE], "apispy: ready"),
        (0, ["replay", SAMPLE, "--listen", "unix:///PLACE/s"], "ready"),
        (1, ["record", "-o", "f.json", "--listen", "unix:///PLACE/s", *NOWHERE], "apispy: ready"),
        (0, ["show", "--follow", SAMPLE], "ContainerDelete"),
        (130, ["run", *NOWHERE, "--", "sh", "-c", "echo ready; exec sleep 60"], "ready"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_after_ctrl_c(code: int, words: list[str], ready: str, tmp_path: Path) -> None:
    words = [word.replace("/PLACE", str(tmp_path)) for word in words]
    process = subprocess.Popen(
        [sys.executable, "-m", "apispy", *words], cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    while ready not in (line := process.stdout.readline()):
        assert line, "it ended before it was ready"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == code


def test_the_codes_of_make_audit() -> None:
    [row] = re.findall(r"^\| `make audit` \| (.*) \|$", PAGE, re.MULTILINE)
    assert [int(code) for code in re.findall(r"\b(\d+) \w", row)] == [
        audit.NO_VULNERABILITIES,
        audit.VULNERABLE,
        audit.UNKNOWN,
    ]
