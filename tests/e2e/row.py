"""A row of the battery, and the engine that this run of the tests is about."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from .clients import Client, Result
from .normalize import Normalizer

EACH, OLD, NO = "each", "old", "no"

PACKAGED, MODERN = "packaged", "modern"
ENGINE = os.environ.get("APISPY_E2E_ENGINE", PACKAGED)
"""The engine of this machine's packages, or with `make e2e-modern` that of Debian sid (modern_root.py)."""
assert ENGINE in (PACKAGED, MODERN), f"APISPY_E2E_ENGINE is {ENGINE!r}; expected {PACKAGED} or {MODERN}"


@dataclass(frozen=True)
class Row:
    name: str
    run: str | Callable[[Client], Result]
    expect: tuple[str, ...] = ()
    code: int | None = 0  # None: any, as long as both are the same
    steps: tuple[Normalizer, ...] = ()  # further normalization, of stdout and stderr
    cli: str = (
        EACH  # with each docker CLI; with one that has BuildKit: 20.10, or buildx of today; without any
    )
    engine: tuple[str, ...] = (PACKAGED, MODERN)
    transports: tuple[str, ...] = ("tcp", "mtls", "unix")
    same_transport: bool = (
        False  # the output shows how the daemon was reached, so both runs must use the same transport
    )
    lock: str = ""  # rows with the same lock do not overlap on one daemon
    check: Callable[[Result, Result], None] | None = (
        None  # of (direct, through apispy), in addition to equality
    )
    needs: tuple[str, ...] = ()  # programs, or names that `need` knows
    timeout: float = 60


COMPOSE_1 = "docker-compose 1"
"""A need: Compose before it was rewritten as a plug-in of the docker CLI. Debian 13 has the plug-in by that name."""


def compose_is_1() -> bool:
    words = ["docker-compose", "version", "--short"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.startswith("1.")


def need(name: str) -> tuple[str, str]:
    """Return the program of a need, and why the row is not for the one that is installed, or ""."""
    if name != COMPOSE_1:
        return name, ""
    other = shutil.which("docker-compose") and not compose_is_1()
    return (
        "docker-compose",
        "docker-compose is not version 1 here; `make e2e-modern` has rows of later ones" if other else "",
    )
