"""The clock's times give the order of events."""

from itertools import pairwise

from apispy.tap.clock import Clock


def test_no_time_is_given_twice_and_none_goes_back():
    real = iter([1_700_000_000.0, 1_700_000_000.0, 1_600_000_000.0, 1_700_000_000.000001, 1_700_000_001.5])
    clock = Clock(lambda: next(real))
    times = [clock() for _ in range(5)]
    assert [round((time - 1_700_000_000) * 1_000_000) for time in times] == [0, 1, 2, 3, 1_500_000]


def test_times_are_whole_microseconds():
    clock = Clock()
    times = [clock() for _ in range(1000)]
    assert all(a < b for a, b in pairwise(times))
    assert all(time == round(time, 6) for time in times)
