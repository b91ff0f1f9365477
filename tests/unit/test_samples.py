"""The samples are what the documentation of their format says."""

import json
import re
from pathlib import Path

from apispy.outputs import json_lines

SAMPLES = Path(__file__).parents[2] / "samples"
DOCUMENTED = re.findall(r"(?m)^\| (\w+) +\|", json_lines.__doc__ or "")
CALLS = [json.loads(line) for line in (SAMPLES / "docker-run.jsonl").read_text().splitlines()]


def test_every_field_is_documented():
    for call in CALLS:
        assert set(call) <= set(DOCUMENTED)
        for stream in (call["request"], call["response"], *(call["tunnel"] or {}).values()):
            if isinstance(stream, dict):
                assert set(stream) <= {*DOCUMENTED, "headers", "at"}


def test_the_session_is_there():
    operations = [call["operation"] for call in CALLS]
    assert {"ContainerCreate", "ContainerAttach", "ContainerStart", "ContainerWait", "ContainerList"} <= set(
        operations
    )
    [attach] = [call for call in CALLS if call["operation"] == "ContainerAttach"]
    assert attach["tunnel"]["to_server"]["body"] == "hi\n"
    assert any("No such container: nosuch" in call["errors"] for call in CALLS)
