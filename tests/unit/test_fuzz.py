"""What fuzzing found stays mended, and it can begin: every find and every seed passes its target."""

import re
from pathlib import Path

import pytest

from fuzz.seeds import seeds
from fuzz.targets import TARGETS

FINDS = sorted((Path(__file__).parents[2] / "fuzz/finds").glob("*/*"))


@pytest.mark.parametrize("path", FINDS, ids=lambda path: f"{path.parent.name}-{path.name[:14]}")
def test_a_find_passes(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_pass(name: str) -> None:
    passed = [TARGETS[name](seed) for seed in seeds(name)]
    assert passed


def test_every_target_is_explained() -> None:
    page = (Path(__file__).parents[2] / "fuzz/README.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(TARGETS)


def test_every_find_has_a_target() -> None:
    assert {path.parent.name for path in FINDS} <= set(TARGETS)
