"""docs/compatibility.md: which engines and clients the battery was run with, and the number of its rows."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import docker

from .battery import ROWS_BY_CLIENT
from .battery_runner import CLIS
from .daemon import Daemons
from .podman_rows import PODMAN
from .row import MODERN, PACKAGED

PAGE = Path(__file__).parents[2] / "docs/compatibility.md"
TITLES = {PACKAGED: "Debian 12", MODERN: "Debian sid"}
"""The distributions of the engines, as the page calls them."""


@dataclass(frozen=True)
class Table:
    """What the page says of one engine: versions by program, and rows by client."""

    versions: dict[str, str]
    rows: dict[str, int]

    @classmethod
    def on_page(cls, engine: str) -> "Table":
        programs, _, clients = _part(PAGE.read_text(), engine).partition("| client | rows |")
        return cls(_pairs(programs), {name: int(number) for name, number in _pairs(clients).items()})

    def write(self, engine: str) -> None:
        """Replace what the page says of that *engine*."""
        lines = ["", "| program | version |", "| --- | --- |"]
        lines += [f"| {name} | {version} |" for name, version in self.versions.items()]
        lines += ["", "| client | rows |", "| --- | --- |"]
        lines += [f"| {name} | {number} |" for name, number in self.rows.items()]
        before, mark, rest = PAGE.read_text().partition(f"<!-- {engine} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        PAGE.write_text(before + mark + "\n".join([*lines, "", ""]) + end + after)


def _pairs(table: str) -> dict[str, str]:
    """Return the rows of a table of two columns, without its head."""
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {name: value for name, value in cells if name not in ("program", "---")}


def _part(text: str, engine: str) -> str:
    return text.partition(f"<!-- {engine} -->\n")[2].partition("<!-- end -->")[0]


def rows(engine: str) -> dict[str, int]:
    """Return the number of rows for each client that has any with that *engine*."""
    counted = {name: sum(engine in row.engine for row in rows) for name, rows in ROWS_BY_CLIENT.items()}
    return {name: number for name, number in counted.items() if number}


def versions(engine: str, daemons: Daemons) -> dict[str, str]:
    """Ask each program for its version."""
    plain = daemons.plain
    server = plain.docker("version", "--format", "{{.Server.Version}} (API {{.Server.APIVersion}})")
    found = {"Docker Engine": server.strip()}
    for number, cli in enumerate(CLIS[name] for name in sorted(CLIS)):
        found["docker CLI" + (", another" if number else "")] = _asked(str(cli), "--version", at=daemons)
    if engine == MODERN:
        found["Compose"] = _asked(f"{plain.tools}/docker", "compose", "version", at=daemons)
        found["buildx"] = _asked(f"{plain.tools}/docker", "buildx", "version", at=daemons)
        podman = daemons.more[PODMAN].docker(
            "version", "--format", "{{.Server.Version}} (API {{.Server.APIVersion}})"
        )
        found["Podman"] = podman.strip()
    else:
        found["docker-compose"] = _asked("docker-compose", "version", at=daemons)
    return {name: _without_package(version) for name, version in found.items()} | {
        "docker-py": docker.__version__
    }


def _asked(*words: str, at: Daemons) -> str:
    """Return the first version in what a program prints."""
    done = subprocess.run(words, cwd=at.plain.where, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"\d+\.\d+\S*", done.stdout)
    assert found, done.stdout
    return found[0].rstrip(",")


def _without_package(version: str) -> str:
    """Drop what Debian adds to a version."""
    return re.sub(r"(?<=\d)[+-]\S+", "", version)


def major(version: str) -> int:
    return int(version.partition(".")[0])
