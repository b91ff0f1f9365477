"""docs/compatibility.md says what was tried: with --rewrite-golden the versions of this run are written into it.

The page gives the versions of a day. Debian sid moves on, so a later patch or minor version is no fault of the page;
another major version is: then somebody should look at what is new in it, add rows, and have the page written again.
"""

import warnings
from pathlib import Path

import pytest

from .compatibility import PAGE, TITLES, Table, major, rows, versions
from .conftest import unavailable
from .daemon import Daemons
from .row import ENGINE, PACKAGED


def test_the_versions_of_the_page(daemons: Daemons, pytestconfig: pytest.Config) -> None:
    if ENGINE == PACKAGED and 'VERSION_ID="12"' not in Path("/etc/os-release").read_text():
        pytest.skip(f"the page is about {TITLES[PACKAGED]}")
    now = Table(versions(ENGINE, daemons), rows(ENGINE))
    if pytestconfig.getoption("--rewrite-golden"):
        now.write(ENGINE)
    page = Table.on_page(ENGINE)
    hint = f"run `make {'e2e' if ENGINE == PACKAGED else 'e2e-modern'}` with --rewrite-golden"
    if now.versions.keys() != page.versions.keys():
        unavailable(f"{PAGE.name} has {list(page.versions)}, here are {list(now.versions)}; {hint}")
    other = [name for name, version in now.versions.items() if major(version) != major(page.versions[name])]
    assert not other, f"{other} have other major versions than {PAGE.name} says: {now.versions}; {hint}"
    for name, version in now.versions.items():
        if version != page.versions[name]:
            warnings.warn(f"{PAGE.name} has {name} {page.versions[name]}, tried was {version}", stacklevel=1)
