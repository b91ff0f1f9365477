"""`python tools/check_release.py v1.2.3`: compare the version of a release in all places that name it.

The release workflow runs it with the tag, before it builds anything. Exit codes: 0 they agree; 1 they do not, and the
lines on standard error say what to change.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
"""The kinds of changes of Keep a Changelog 1.1.0, in its order."""


def wrong_versions(tag: str, module: str, project: str) -> Iterator[str]:
    """Yield what differs from *tag* in the texts of apispy/__init__.py and packaging/apispy/pyproject.toml."""
    version = tag.removeprefix("v")
    if not re.fullmatch(r"v\d+\.\d+\.\d+((a|b|rc)\d+)?", tag):
        yield f"the tag is {tag!r}; name it like v1.2.3 or v1.2.3rc1"
    if f'__version__ = "{version}"' not in module:
        yield f'apispy/__init__.py: write __version__ = "{version}"'
    about = tomllib.loads(project)["project"]
    if about["version"] != version:
        yield f'packaging/apispy/pyproject.toml: write version = "{version}"'
    if about["dependencies"] != [f"apispy-core[proxy]=={version}"]:
        yield f'packaging/apispy/pyproject.toml: write dependencies = ["apispy-core[proxy]=={version}"]'


def wrong_changelog(text: str, version: str | None = None) -> Iterator[str]:
    """Yield where the text of CHANGELOG.md differs from Keep a Changelog; with *version*, that must be released."""
    lines = text.splitlines()
    titles = [line for line in lines if line.startswith("## ")]
    if lines[:1] != ["# Changelog"] or "https://keepachangelog.com" not in "\n".join(lines[:4]):
        yield "CHANGELOG.md: begin with # Changelog and a link to https://keepachangelog.com"
    if titles[:1] != ["## [Unreleased]"]:
        yield "CHANGELOG.md: make ## [Unreleased] the first section, also if it is empty"
    for title in titles[1:]:
        if not re.fullmatch(r"## \[\d+\.\d+\.\d+((a|b|rc)\d+)?\] - \d{4}-\d\d-\d\d", title):
            yield f"CHANGELOG.md: {title!r} is not like ## [1.2.3] - 2026-11-30"
    for part in re.split(r"(?m)^## ", text)[1:]:
        kinds = re.findall(r"(?m)^### (.+)", part)
        if kinds != [kind for kind in SECTIONS if kind in kinds]:
            yield f"CHANGELOG.md, {part.splitlines()[0]}: the kinds are {kinds}; use those of {SECTIONS}, in this order"
    if version and not any(title.startswith(f"## [{version}] - ") for title in titles):
        yield f"CHANGELOG.md: move what is in [Unreleased] to a new section ## [{version}] - DATE"


def main(tag: str) -> int:
    """Print what is wrong, and return the exit code."""
    found = [
        *wrong_versions(
            tag,
            (ROOT / "apispy/__init__.py").read_text(),
            (ROOT / "packaging/apispy/pyproject.toml").read_text(),
        ),
        *wrong_changelog((ROOT / "CHANGELOG.md").read_text(), tag.removeprefix("v")),
    ]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
