"""Durations are counted within 2 %, in bounded memory."""

import math
import random

import pytest

from apispy.outputs.latency_histogram import MAX_RELATIVE_ERROR, LatencyHistogram


def of(*seconds: float) -> LatencyHistogram:
    found = LatencyHistogram()
    for each in seconds:
        found.add(each)
    return found


@pytest.mark.parametrize("percent", [1, 50, 90, 99, 100])
def test_percentiles_are_close(percent: float) -> None:
    numbers = random.Random(1)
    durations = sorted(10 ** numbers.uniform(-5, 4) for _ in range(5000))
    exact = durations[math.ceil(len(durations) * percent / 100) - 1]
    assert of(*durations).percentile(percent) == pytest.approx(exact, rel=MAX_RELATIVE_ERROR)


def test_the_longest_is_exact_and_none_is_above_it() -> None:
    found = of(0.1, 0.123456)
    assert found.longest == 0.123456
    assert found.percentile(100) <= 0.123456
    assert LatencyHistogram().percentile(50) == 0


def test_odd_durations_count_as_the_nearest_that_can_be() -> None:
    found = of(0.0, -5.0, float("nan"), float("inf"), 1e300)
    assert found.count == 5
    assert found.percentile(50) == pytest.approx(1e-6, rel=MAX_RELATIVE_ERROR)
    assert found.longest == 1e7


def test_memory_is_constant() -> None:
    found = of(*(10 ** (place / 1000) for place in range(-7000, 8000)))
    assert found.count == 15000
    assert len(list(found.buckets())) <= 750


def test_merging_is_counting_together() -> None:
    found = of(0.1, 0.2)
    found.merge(of(0.3, 5.0))
    assert list(found.buckets()) == list(of(0.1, 0.2, 0.3, 5.0).buckets())
    assert (found.count, found.longest) == (4, 5.0)
