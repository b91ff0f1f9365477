"""The calls that tests of what captures teach share: samples of the field's programs."""

from functools import cache
from pathlib import Path

from apispy.app.decoded_calls import read_files
from apispy.outputs import DecodedCall

SAMPLES = Path(__file__).parents[2] / "samples"

FILES = {
    "run": "run.jsonl",
    "compose2": "compose2.jsonl",
    "buildx": "buildx.jsonl",
    "docker-py": "docker-py.cassette.yaml",
    "watcher": "watcher.jsonl",
    "runner": "runner.jsonl",
}
NAMES = tuple(FILES)


@cache
def learned_calls(name: str) -> tuple[DecodedCall, ...]:
    """The calls of a sample, in the order in which they ended."""
    return tuple(decoded for decoded, _ in read_files((SAMPLES / FILES[name],)))
