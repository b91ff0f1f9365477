"""Standard output on a full disk, and standard streams that the shell has closed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "samples"
SAMPLE, LONG = SAMPLES / "run.jsonl", SAMPLES / "buildx-stages.jsonl"


def apispy(words: str, *, unbuffered: str = "") -> subprocess.CompletedProcess[str]:
    script = f"exec {sys.executable} -m apispy {words}"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "unbuffered"),
    [
        (words, unbuffered)
        for words in (
            f"show {SAMPLE}",
            f"show {LONG}",
            f"show --json {LONG}",
            f"show -vvv {SAMPLE} {LONG}",
            f"show --stats {SAMPLE}",
            f"import {LONG}",
            f"import --json {LONG}",
            "explain ContainerCreate",
            "explain --list",
            f"story {SAMPLE}",
            f"permissions {SAMPLE}",
            f"coverage {SAMPLE}",
            "demo",
        )
        for unbuffered in ("", "1")
    ],
)
def test_a_full_disk_is_said_in_one_line(words: str, unbuffered: str) -> None:
    done = apispy(f"{words} >/dev/full", unbuffered=unbuffered)
    said = "apispy: The output cannot be written: No space left on device. Write it to another place.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_export_on_a_full_disk_is_said_in_one_line(unbuffered: str) -> None:
    done = apispy(f"export {SAMPLE} --to har -o - >/dev/full", unbuffered=unbuffered)
    said = "apispy: cannot write the export: No space left on device; free some space, or name another file\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words", [f"show {LONG}", f"show --json -vvv {LONG}", f"import --json {LONG}", "explain --list"]
)
def test_a_reader_that_closes_the_pipe_ends_a_command_quietly(words: str, unbuffered: str) -> None:
    script = f"{{ {sys.executable} -m apispy {words}; echo $? >&2; }} | head -1"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "0\n")


@pytest.mark.parametrize("streams", [">&-", "<&- >&-"])
def test_a_closed_stream_is_not_written(streams: str) -> None:
    done = apispy(f"show {SAMPLE} {streams}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
