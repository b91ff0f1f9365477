"""Standard output on a full disk, and standard streams that the shell has closed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "samples/run.jsonl"


def apispy(words: str, *, unbuffered: str = "") -> subprocess.CompletedProcess[str]:
    script = f"exec {sys.executable} -m apispy {words}"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "unbuffered"),
    [(f"show {SAMPLE}", ""), ("explain ContainerCreate", ""), ("explain ContainerCreate", "1")],
)
def test_a_full_disk_is_said_in_one_line(words: str, unbuffered: str) -> None:
    done = apispy(f"{words} >/dev/full", unbuffered=unbuffered)
    said = "apispy: The output cannot be written: No space left on device. Write it to another place.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize("streams", [">&-", "<&- >&-"])
def test_a_closed_stream_is_not_written(streams: str) -> None:
    done = apispy(f"show {SAMPLE} {streams}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
