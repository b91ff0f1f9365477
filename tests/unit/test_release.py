"""What the release workflow relies on: one version in all places, and a changelog in the form of Keep a Changelog."""

import subprocess
import sys
from pathlib import Path

import pytest

from apispy import __version__
from tools.check_release import wrong_changelog, wrong_versions

ROOT = Path(__file__).parents[2]
MODULE = (ROOT / "apispy/__init__.py").read_text()
PROJECT = (ROOT / "packaging/apispy/pyproject.toml").read_text()

GOOD = """# Changelog

This file follows [Keep a Changelog](https://keepachangelog.com).

## [Unreleased]

### Added

- a

### Security

- b

## [1.2.3] - 2026-11-30

### Fixed

- c
"""


def test_the_versions_of_both_distributions_are_that_of_the_code() -> None:
    assert list(wrong_versions(f"v{__version__}", MODULE, PROJECT)) == []


def test_the_changelog_has_the_form() -> None:
    assert list(wrong_changelog((ROOT / "CHANGELOG.md").read_text())) == []


def test_another_tag_names_each_place() -> None:
    found = "\n".join(wrong_versions("v9.9.9", MODULE, PROJECT))
    for place in ('__version__ = "9.9.9"', 'version = "9.9.9"', '["apispy-core[proxy]==9.9.9"]'):
        assert f"write {place}" in found or place in found
    assert len(found.splitlines()) == 3


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3-rc1", "version"])
def test_a_tag_of_another_form(tag: str) -> None:
    assert f"the tag is {tag!r}" in next(wrong_versions(tag, MODULE, PROJECT))


def test_a_good_changelog() -> None:
    assert list(wrong_changelog(GOOD, "1.2.3")) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("# Changelog", "# Changes", "begin with # Changelog"),
        ("https://keepachangelog.com", "https://example.com", "begin with # Changelog"),
        ("## [Unreleased]", "## 1.3.0, unreleased", "the first section"),
        ("## [1.2.3] - 2026-11-30", "## 1.2.3", "is not like"),
        ("### Fixed", "### Improved", "the kinds are ['Improved']"),
        ("### Added", "### Security", "the kinds are ['Security', 'Security']"),
        ("## [1.2.3] -", "## [1.2.2] -", "a new section ## [1.2.3]"),
    ],
)
def test_faults_of_a_changelog(old: str, new: str, says: str) -> None:
    assert says in "\n".join(wrong_changelog(GOOD.replace(old, new), "1.2.3"))


def test_it_is_a_program_that_says_what_to_change() -> None:
    command = [sys.executable, "tools/check_release.py", "v0.0.9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "CHANGELOG.md: move what is in [Unreleased] to a new section ## [0.0.9] - DATE" in done.stderr
