"""A glance at an exchange is enough for statistics, and holds no secret."""

import time

import pytest
from sessions import SECRET_PARTS, SESSIONS, Wire

from apispy.learn import Memory
from apispy.model import Exchange
from apispy.outputs import Reading, Stats
from apispy.pipeline import glance, read
from apispy.steps import Redactor
from apispy.tap.events import Closed


def exchanges(session: str) -> list[Exchange]:
    wire = Wire()
    SESSIONS[session](wire)
    return [event.exchange for event in wire.events if isinstance(event, Closed)]


def captured(session: str) -> list[Exchange]:
    """As a capture holds them: a token may have made a body a few bytes longer."""
    redactor = Redactor()
    return [redactor.redact(each) for each in exchanges(session)]


def stats(readings: list[Reading]) -> str:
    texts: list[str] = []
    output = Stats(texts.append, as_json=True)
    for reading in readings:
        output.write(reading)
    output.close()
    return "".join(texts)


@pytest.mark.parametrize("session", SESSIONS)
def test_it_gives_the_same_statistics(session: str) -> None:
    memory, whole = Memory(), captured(session)
    assert stats([glance(each) for each in whole]) == stats([read(each, memory) for each in whole])


@pytest.mark.parametrize("session", SESSIONS)
def test_it_holds_no_secret(session: str) -> None:
    text = repr([glance(each) for each in exchanges(session)])
    assert not [part for part in SECRET_PARTS if part in text]


def test_with_statistics_it_takes_less_than_20_000th_of_a_second() -> None:
    """Measured over 100,000 exchanges: those of `docker ps` (no progress, which must be decoded), many times."""
    whole = exchanges("ps")
    output = Stats(lambda _: None)
    begin = time.process_time()
    for _ in range(100_000 // len(whole)):
        for each in whole:
            output.write(glance(each))
    assert time.process_time() - begin < 5
