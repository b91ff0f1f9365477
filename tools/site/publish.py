"""Build the documentation of this checkout as one version of a site that has several.

    python tools/site/publish.py DIRECTORY VERSION

DIRECTORY/VERSION is replaced, and so are the start page and the list of versions. A broken link ends it with
status 1, and nothing is written.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent

_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def main(directory: str, version: str) -> int:
    """Build, and return Sphinx's exit status. Raises ValueError if *version* cannot be the name of a directory."""
    if not re.fullmatch(r"[\w][\w.+-]*", version):
        raise ValueError(f"expected a version such as 1.2 or next, found {version!r}")
    site = Path(directory)
    with tempfile.TemporaryDirectory() as made:
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-qW",
            "--keep-going",
            "-c",
            str(HERE),
            "-d",
            f"{made}/doctrees",
        ]
        environment = os.environ | {"APISPY_SITE_VERSION": version}
        status = subprocess.run(
            [*command, str(HERE.parent.parent), f"{made}/html"], env=environment
        ).returncode
        if status == 0:
            shutil.rmtree(site / version, ignore_errors=True)
            shutil.copytree(f"{made}/html", site / version)
            write_list(site)
    return status


def write_list(site: Path) -> None:
    """Write the list of versions, and the start page, which leads to the newest release."""
    versions = in_order(path.parent.name for path in site.glob("*/index.html"))
    rows = "".join(f'<li><a href="{name}/index.html">{name}</a></li>\n' for name in versions)
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>apispy: versions</title>'
    (site / "versions.html").write_text(
        f"{head}<h1>Versions of apispy's documentation</h1>\n<ul>\n{rows}</ul>\n"
    )
    (site / "index.html").write_text(
        f'<meta http-equiv="refresh" content="0; url={versions[0]}/index.html">\n'
    )


def in_order(names: Iterable[str]) -> list[str]:
    """Sort versions: releases first, the newest at the beginning; then names such as ``next``."""

    def key(name: str) -> tuple[bool, list[int], str]:
        number = _NUMBER.fullmatch(name)
        return number is not None, [int(part) for part in name.split(".")] if number else [], name

    return sorted(names, key=key, reverse=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
