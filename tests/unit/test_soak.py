"""The soak would notice what it is there for."""

from dataclasses import replace

import pytest

from apispy.model import Exchange, Headers, Request, Response
from tests.soak.ledger import MAX_UNREAD, Ledger
from tests.soak.metrics import MEMORY_TOLERANCE, RoundMetrics, growth

FLAT = RoundMetrics(1.0, 100, 10.0, 100 << 20, 11, 1, 5, 0, "", {"builtins.dict": 1000})


def call(number: int, answered: bool = True) -> Exchange:
    return Exchange(
        id=number,
        connection=1,
        started=0.0,
        client="",
        upstream="",
        request=Request("GET", f"/_ping?soak={number}", "1.1", Headers()),
        response=Response(200, "OK", "1.1", Headers()) if answered else None,
    )


def ledger() -> Ledger:
    return Ledger(sent={1, 2, 3}, answered={1, 2})


def test_each_call_once_is_right():
    assert ledger().differences([call(1), call(2), call(3, answered=False)]) == []


@pytest.mark.parametrize(
    ("calls", "problems"),
    [
        ([call(1), call(2)], "1 call not in the capture: [3]"),
        ([call(1), call(2), call(3), call(3)], "1 call more than once in the capture: [3]"),
        ([call(1), call(2), call(3), call(4)], "1 call in the capture, but never sent: [4]"),
        ([call(1), call(2, False), call(3)], "1 call answered, but without a response in the capture: [2]"),
    ],
)
def test_what_is_lost_or_doubled_is_told(calls, problems):
    assert ledger().differences(calls) == [problems]


def test_what_was_not_answered_on_a_reset_connection_may_be_unread():
    reset = replace(ledger(), on_reset={3})
    assert reset.differences([call(1), call(2)]) == []
    assert reset.differences([call(1)]) == ["1 call not in the capture: [2]"]


def test_resets_excuse_no_more_than_a_few():
    numbers = set(range(1, MAX_UNREAD + 2))
    assert Ledger(sent=numbers, on_reset=numbers).differences([])


def test_flat_accounts_are_right_and_so_are_outliers():
    assert growth([FLAT] * 6) == []
    assert growth([FLAT] * 4 + [replace(FLAT, descriptors=50, tasks=9), FLAT]) == []


def test_growth_is_told():
    leaking = [replace(FLAT, descriptors=11 + n, tasks=1 + 3 * n, threads=5 + n) for n in range(6)]
    assert growth(leaking) == [
        "descriptors grew from 13 to 15",
        "tasks grew from 7 to 13",
        "threads grew from 7 to 9",
    ]


def test_what_fills_the_memory_is_named():
    more = replace(
        FLAT, memory=FLAT.memory + MEMORY_TOLERANCE + 1000_000, objects={"builtins.dict": 5000, "x.Call": 700}
    )
    [problems] = growth([FLAT] * 4 + [more] * 2)
    grown = (MEMORY_TOLERANCE + 1_000_000) / 1e6
    assert problems == f"memory grew by {grown:.1f} MB: 4000 more builtins.dict, 700 more x.Call"
