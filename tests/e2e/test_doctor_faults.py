"""`apispy doctor` finds prepared faults of real peers, users and services, and its printed commands cure them."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doctor_faults import Fault

from .apispy_process import apispy_command
from .conftest import unavailable
from .doctor_fault_rows import REAL_FAULTS, RealPlace

NEEDED = {"podman-off": "podman", "clock": "faketime", "current-context": "docker", "no-group": "setpriv"}


@pytest.fixture
def real_place(place: Path, request: pytest.FixtureRequest) -> Iterator[RealPlace]:
    if os.geteuid() != 0:
        unavailable("the faults are prepared in a mount namespace, for which the tests must be root")
    place.chmod(0o711)  # the other user has to reach its home
    with ExitStack() as stack:
        yield RealPlace.enter(place / f"f{abs(hash(request.node.name)) % 10**6}", stack)


def doctor(place: RealPlace, through: str = "") -> list[dict[str, str]]:
    typed = [*apispy_command(), "doctor", "--json", "--listen", str(place.listen), *place.options]
    words = ["bash", "-c", f"echo {shlex.quote(shlex.join(typed))} | {through}"] if through else typed
    done = subprocess.run(
        place.words(*words),
        env=place.environ,
        cwd=place.home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


@pytest.mark.parametrize("fault", REAL_FAULTS, ids=lambda fault: fault.name)
def test_the_fault_is_found_and_its_cure_works(fault: Fault, real_place: RealPlace) -> None:
    if not all(Path("/usr/bin", need).exists() for name, need in NEEDED.items() if name == fault.name):
        unavailable(f"needs {NEEDED[fault.name]}")
    place = real_place
    fault.prepare(place)
    found = [row for row in doctor(place) if row["state"] != "ok"]
    rows = [row for row in found if (row["check"], row["state"]) == (fault.check, fault.state)]
    assert len(rows) == 1, found
    row = rows[0]
    pattern = re.escape(fault.text).replace(r"\{now\}", r"[\d :-]+ UTC").replace(r"\{seconds\}", r"\d+")
    for name, value in place.values.items():
        pattern = pattern.replace(re.escape(f"{{{name}}}"), re.escape(str(value)))
    assert re.fullmatch(pattern, row["text"]), row["text"]
    assert row["command"] == fault.command.format(**place.values)
    through = ""
    if row["command"].startswith("newgrp"):  # it starts a shell, in which the doctor runs again
        through = row["command"]
    else:
        place.cure(row["command"])
    place.after()
    after = doctor(place, through)
    assert [one for one in after if one["state"] == "problem"] == []
    assert (row["state"], row["text"]) not in [(one["state"], one["text"]) for one in after]
