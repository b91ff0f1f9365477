"""``apispy explain`` starts fast: half of its time was spent on what only other pages need."""

import subprocess
import sys

import pytest

from tests.start_cost import start_cost


@pytest.mark.parametrize(
    ("words", "calls", "modules"),
    [
        (("docker", "run"), 75_000, 320),  # took 0.18 s of processor time, with 59,000 calls
        (("ContainerList",), 165_000, 340),  # 128,000
    ],
)
def test_an_explanation_costs_little(words: tuple[str, ...], calls: int, modules: int) -> None:
    cost = start_cost("explain", *words)
    assert cost.calls < calls
    assert cost.modules < modules


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
