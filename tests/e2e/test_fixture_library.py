"""Each packaged fixture is played to the session that it was recorded of, by a real CLI or docker-py."""

from pathlib import Path

import pytest

from apispy.fixtures.library import content, fixtures

from .battery_runner import CLIS
from .clients import find_clis
from .conftest import unavailable
from .fixture_library_rows import ENGINES, ROWS, LibraryRow
from .make_fixtures import play
from .modern_root import ModernRoot
from .row import ENGINE, MODERN

NEWEST = "28"
"""The engine whose own clients are at hand with `make e2e-modern`."""

CASES = [(engine, row) for engine in ENGINES for row in ROWS if engine not in row.tools]
OWN_CLIENTS = [row for row in ROWS if NEWEST in row.tools]


def write(name: str, engine: str, where: Path) -> Path:
    where.mkdir()
    (where / "fixture.json").write_bytes(content(name, engine))
    return where / "fixture.json"


@pytest.mark.skipif(ENGINE == MODERN, reason="`make e2e` runs this")
@pytest.mark.parametrize(("engine", "row"), CASES, ids=[f"{engine}-{row.name}" for engine, row in CASES])
def test_it_is_played(engine: str, row: LibraryRow, tmp_path: Path) -> None:
    major = "20" if engine == "20.10" else "28"
    cli = find_clis().get(major)
    if cli is None:
        unavailable(f"needs a docker CLI of version {major}")
    assert cli
    play(write(row.name, engine, tmp_path / "f"), row, engine, cli, None, tmp_path / "c")


@pytest.mark.skipif(ENGINE != MODERN, reason="`make e2e-modern` runs this")
@pytest.mark.parametrize("row", OWN_CLIENTS, ids=lambda row: row.name)
def test_it_is_played_to_the_clients_of_its_engine(
    row: LibraryRow, modern_root: ModernRoot, place: Path
) -> None:
    fixture = write(row.name, NEWEST, place / f"library-{row.name}")
    play(fixture, row, NEWEST, CLIS[MODERN], modern_root.tools, place / f"library-{row.name}-c")


def test_all_rows_are_packaged_for_all_engines() -> None:
    assert {one.name: one.engines for one in fixtures()} == {row.name: row.engines for row in ROWS}
