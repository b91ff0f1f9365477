"""tools/check_names.py: what tests take from files of this repository, and is not there."""

from pathlib import Path

import pytest

from tools.check_names import problems

ONE = """\
from .two import *
LIMIT: int = 3
type Pair = tuple[int, int]
try:
    import json as fast
except ImportError:
    fast = None
with open(__file__) as opened:
    (first, *rest) = opened
async def later(): inner = 1
class Kind: member = 1
def reset():
    global counted
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A repository in which apispy/one.py and apispy/room/ have names, and tests/test_it.py is to be written."""
    for name, text in {
        "apispy/__init__.py": "",
        "apispy/one.py": ONE,
        "apispy/two.py": "starred = 1\n",
        "apispy/room/__init__.py": "__getattr__ = names(__name__, {'Lazy': 'lazy'})\n",
        "apispy/room/lazy.py": "Lazy = 1\n",
        "tests/__init__.py": "",
        "tests/help.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "from apispy.one import LIMIT, Pair, fast, opened, first, rest, later, Kind, counted, starred",
        "from apispy import one, room\none.LIMIT, room.lazy, room.Lazy",
        "from apispy.room import Lazy, lazy\nlazy.Lazy",
        "import apispy.one, json, apispy_of_others.x",
        "from json import nonsense",  # of others we say nothing
        "from . import help\nfrom .help import __file__",
        "from apispy import one\ndef test(one): one.nonsense",  # another `one`
        "def test():\n    from apispy.one import LIMIT as mine\n    mine.real",
    ],
)
def test_what_is_there(text: str, house: Path) -> None:
    (house / "tests/test_it.py").write_text(text)
    assert not list(problems(house))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\nfrom apispy.one import LIMIT, RETRY", "2: apispy.one has no RETRY"),
        ("def test():\n    from apispy.one import inner", "2: apispy.one has no inner"),
        ("from apispy.one import member", "1: apispy.one has no member"),
        ("from apispy.room import Eager", "1: apispy.room has no Eager"),
        ("from apispy import three", "1: apispy has no three"),
        ("from apispy.three import x", "1: apispy.three has no x"),
        ("import apispy.three", "1: there is no module apispy.three"),
        ("from .help import me", "1: tests.help has no me"),
        ("from . import helper", "1: tests has no helper"),
        ("from apispy import one\n\none.RETRY", "3: apispy.one has no RETRY"),
        ("import apispy.one as it\nit.RETRY", "2: apispy.one has no RETRY"),
        ("from apispy.room import lazy as it\nit.RETRY = 1", "2: apispy.room.lazy has no RETRY"),
    ],
)
def test_what_is_not(text: str, says: str, house: Path) -> None:
    (house / "tests/test_it.py").write_text(text)
    assert list(problems(house)) == [f"tests/test_it.py:{says}"]
