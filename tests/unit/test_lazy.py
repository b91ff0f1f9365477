"""Patterns that are compiled on first use."""

import gc
import importlib
import pkgutil
import re
import subprocess
import sys

import apispy.redaction
from apispy import lazy
from apispy.redaction.command_forms import TEXTS


def test_a_pattern_is_compiled_on_first_use_and_then_as_quick_as_any() -> None:
    made = lazy.pattern("a(?P<b>.)", re.IGNORECASE)
    assert set(vars(made)) == {"pattern", "_flags"}
    found = made.fullmatch("Ax")
    assert found is not None
    assert found["b"] == "x"
    assert vars(made)["fullmatch"] == re.compile("a(?P<b>.)", re.IGNORECASE).fullmatch
    assert made.sub("", "xAyz") == "xz"
    assert made.flags & re.IGNORECASE


def test_a_pattern_of_bytes() -> None:
    assert lazy.pattern(rb"[0-9]+").findall(b"a12b3") == [b"12", b"3"]


def test_every_pattern_is_right() -> None:
    """A wrong one would only be found when it is used."""
    for module in pkgutil.walk_packages(apispy.redaction.__path__, "apispy.redaction."):
        importlib.import_module(module.name)
    importlib.import_module("apispy.decoders")
    importlib.import_module("apispy.pipeline.response_errors")
    patterns = [one for one in gc.get_objects() if isinstance(one, lazy.LazyPattern)]
    assert len(patterns) > 50
    assert all(re.compile(one.pattern, one._flags).groups >= 0 for one in patterns)


def test_importing_redaction_compiles_no_form_of_a_command_line() -> None:
    code = (
        "from apispy.redaction.command_forms import TEXTS; import apispy.redaction, apispy.pipeline.pipeline; "
        "print(len(TEXTS), *(name for one in TEXTS for name in vars(one.pattern) if name not in ('pattern', '_flags')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == [str(len(TEXTS))]
