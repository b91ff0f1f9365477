"""``apispy replay`` starts fast: who runs each test of a suite with one waits for its start each time."""

from tests.start_cost import start_cost


def test_a_replay_is_ready_with_few_steps() -> None:
    cost = start_cost("replay", "-q", "samples/run.jsonl", "--", "true")
    assert cost.calls < 175_000  # 150,000 with Python 3.13
    assert cost.modules < 600  # 574
