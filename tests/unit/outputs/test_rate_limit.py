"""A flood is not shown in full; a stream at a person's pace is."""

from apispy.outputs.rate_limit import BURST, COST, RATE, RateLimiter


def test_a_slow_stream_is_always_shown():
    allowance = RateLimiter()
    for count in range(10_000):
        assert allowance.take(80, count / 100)
    assert (allowance.settle(), allowance.short) == (0, False)


def test_a_flood_is_counted_and_shown_again_when_it_ebbs():
    allowance = RateLimiter()
    shown = sum(allowance.take(65536, 0.0) for _ in range(100))
    assert shown == -(-BURST // (65536 + COST))
    assert allowance.settle() == (100 - shown) * 65536
    assert allowance.take(100, 65536 / RATE + 1)
    assert allowance.settle() == 0
    assert allowance.short


def test_what_is_told_late_does_not_turn_time_back():
    allowance = RateLimiter()
    assert allowance.take(BURST, 10.0)
    assert not allowance.take(100, 2.0)
    assert not allowance.take(100, 10.0)
