"""A flood is not shown in full; a stream at a person's pace is."""

from apispy.outputs.allowance import BURST, COST, RATE, Allowance


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_slow_stream_is_always_shown():
    clock = Clock()
    allowance = Allowance(clock)
    for _ in range(10_000):
        clock.now += 0.01
        assert allowance.take(80)
    assert (allowance.settle(), allowance.short) == (0, False)


def test_a_flood_is_counted_and_shown_again_when_it_ebbs():
    clock = Clock()
    allowance = Allowance(clock)
    shown = sum(allowance.take(65536) for _ in range(100))
    assert shown == -(-BURST // (65536 + COST))
    assert allowance.settle() == (100 - shown) * 65536
    clock.now += 65536 / RATE + 1
    assert allowance.take(100)
    assert allowance.settle() == 0
    assert allowance.short
