"""``apispy show`` starts fast: a third of its start was spent on patterns that few captures need."""

import pytest

from tests.start_cost import start_cost


@pytest.mark.parametrize(
    ("words", "calls", "modules"),
    [
        (
            ("--stats",),
            105_000,
            420,
        ),  # 82,000 calls (Python 3.12: 89,000) and 399 modules; 130,000 and 438 before
        ((), 110_000, 435),  # 87,000 and 415; 133,000 and 454 before
    ],
)
def test_a_capture_is_shown_with_few_steps(words: tuple[str, ...], calls: int, modules: int) -> None:
    cost = start_cost("show", "samples/ps-tcp.jsonl", *words)
    assert cost.calls < calls
    assert cost.modules < modules
