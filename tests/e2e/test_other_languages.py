"""The examples of docs/other-languages.md, typed into a shell: each records a fixture, and passes without Docker.

Apart from the other pages because it takes long: it compiles Docker's client in Go, and installs packages with npm.
"""

from pathlib import Path

import pytest

from .daemon import Daemons
from .test_pages import check_sessions


@pytest.mark.timeout(400)
def test_the_examples_record_and_replay(place: Path, daemons: Daemons, pytestconfig: pytest.Config) -> None:
    check_sessions("docs/other-languages.md", place, daemons, pytestconfig)
