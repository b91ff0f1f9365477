"""A fast stream is truncated; a stream at reading speed is shown completely."""

from apispy.outputs.rate_limit import BYTES_PER_SECOND, MAX_BURST, PIECE_OVERHEAD, RateLimiter


def test_a_slow_stream_is_always_shown():
    limiter = RateLimiter()
    for count in range(10_000):
        assert limiter.allow(80, count / 100)
    assert (limiter.take_skipped(), limiter.truncated) == (0, False)


def test_a_flood_is_counted_and_shown_again_when_it_ebbs():
    limiter = RateLimiter()
    shown = sum(limiter.allow(65536, 0.0) for _ in range(100))
    assert shown == -(-MAX_BURST // (65536 + PIECE_OVERHEAD))
    assert limiter.take_skipped() == (100 - shown) * 65536
    assert limiter.allow(100, 65536 / BYTES_PER_SECOND + 1)
    assert limiter.take_skipped() == 0
    assert limiter.truncated


def test_what_is_told_late_does_not_turn_time_back():
    limiter = RateLimiter()
    assert limiter.allow(MAX_BURST, 10.0)
    assert not limiter.allow(100, 2.0)
    assert not limiter.allow(100, 10.0)
