"""``apispy explain`` starts fast: half of its time was spent on what only other pages need."""

import os
import subprocess
import sys

from tests.machine_speed import slowdown

SECONDS = 0.2
"""Processor time on the reference machine."""

IN_CLICKS = 3.5
"""Times as long as the import of click: on a busy machine, starting processes slows down more than computing."""


COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An environment with compiled modules, as an installed program has them."""


def processor_time(*words: str) -> float:
    """Return the least processor time of some runs of Python with *words*."""
    times = []
    for _ in range(4):
        before = os.times()
        subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, env=COMPILED, check=True)
        after = os.times()
        times.append(
            after.children_user - before.children_user + after.children_system - before.children_system
        )
    return min(times)


def test_explaining_a_command_takes_less_than_a_fifth_of_a_second():
    bound = max(SECONDS * slowdown(), IN_CLICKS * processor_time("-c", "import click"))
    assert processor_time("-m", "apispy", "explain", "docker", "run") < bound


def test_pages_are_not_loaded_for_a_list_of_calls():
    code = (
        "import sys; from apispy.learn import explain; explain.question_page('docker run -p 80:80 x'); "
        "print(*(name for name in sys.modules if name.startswith('apispy.learn.explain.')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    needless = ("explanation", "as_json", "changes", "topics", "search", "field_meanings")
    assert not {f"apispy.learn.explain.{name}" for name in needless} & set(loaded)
