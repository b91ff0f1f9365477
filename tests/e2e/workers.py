"""Which end-to-end tests one worker of pytest-xdist runs one after the other: those of a file, or as the table says.

Each worker has a session of its own: daemons, directories, ports, an overlay over the engine's root. What the tests of
a file share (fixtures of the module, rows that run ahead) is then made once.
"""

import re

from xdist.scheduler import LoadScopeScheduling

UNITS = (
    (r"(test_battery)\w*\.py::.*", r"\1"),  # an apispy sees the whole battery, and is judged afterwards
    (r"(test_dying\.py)::\w+\[(unix|tcp|tls)-.*", r"\1 \2"),  # each transport has daemons,
    (r"(test_first_hour\.py)::(\w+)::.*", r"\1 \2"),  # and each system a root,
    (r"(test_packages\.py::.*)", r"\1"),  # and each test an environment
    (r"(.*?)(?:::.*)?", r"\1"),
)
"""Patterns of tests, without their directory, and the name of the unit of work that they are of. The first counts."""


def unit(test: str) -> str:
    """Return the name of the unit of work that the test of that id belongs to."""
    name = test.rpartition("tests/e2e/")[2]
    return next(
        found.expand(to) for pattern, to in UNITS if (found := re.fullmatch(pattern, name, re.DOTALL))
    )


def cost(test: str) -> int:
    """Return about how many seconds the unit of that test takes; those that cost most begin first."""
    return SECONDS.get(unit(test), 0)


SECONDS = {
    "test_battery": 400, "test_explain_modern.py": 200, "test_replay_battery.py": 180, "test_note_probes.py": 100,
    "test_fixture_battery.py": 90, "test_export.py": 80, "test_daemon.py": 60, "test_pages.py": 60,
    "test_other_languages.py": 45, "test_record.py": 45, "test_packaging_compose.py": 45, "test_curl.py": 40,
}  # fmt: skip
"""What takes long, on two cores that do nothing else."""


class UnitScheduling(LoadScopeScheduling):
    """Gives each worker one unit after the other, in the order of the collection.

    Unlike ``--dist loadgroup`` it leaves the ids of tests as they are, so that ``--last-failed`` finds them without
    workers too (tools/once-more).
    """

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)
