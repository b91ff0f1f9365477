"""What a real daemon makes of spiteful requests: the same as directly; and apispy shows what the daemon understood, or
says that it does not read on. A request that passes apispy's eyes unseen would be a way to smuggle one.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.capture import Notice, read_lines
from apispy.model import Exchange

from .apispy_process import Apispy
from .daemon import Daemons
from .endpoints import Endpoint
from .hostile_requests import HOSTILE_REQUESTS
from .http_calls import TARGET
from .wait import until

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) [A-Z]")
DATE = re.compile(rb"(?m)^Date: .*\r\n")


@pytest.fixture(scope="module")
def spy(place: Path, daemons: Daemons) -> Iterator[Apispy]:
    where = place / "spiteful"
    words = [
        "--listen",
        f"unix://{where}/s",
        "--upstream",
        daemons.plain.unix.host,
        "--capture",
        f"{where}/calls",
    ]
    made = Apispy.start(where, *words)
    yield made
    assert made.end() == 0, made.err


def answers(endpoint: Endpoint, request: bytes) -> bytes:
    with endpoint.wire(10) as wire:
        try:
            wire.send(request)
            wire.half_close()
        except ConnectionError:  # the daemon has heard enough; its answer may be lost by that
            pass
        return DATE.sub(b"", wire.read_all())


@pytest.mark.parametrize("name", HOSTILE_REQUESTS)
def test_a_daemon_answers_as_directly_and_apispy_tells_what_it_answered(
    name: str, spy: Apispy, daemons: Daemons
) -> None:
    mark = f"/_ping?n={list(HOSTILE_REQUESTS).index(name)}"
    request = HOSTILE_REQUESTS[name].replace(TARGET, mark.encode())
    before = len(told(spy))
    direct = answers(daemons.plain.unix, request)
    spied = answers(spy.at, request)
    assert spied == direct or (len(request) > 1 << 20 and b"" in (spied, direct))
    with spy.at.wire() as wire:  # what is told of it stands before what is told of the next one
        wire.send(b"GET /_ping?last=%d HTTP/1.0\r\n\r\n" % before)
        wire.read_all()
    last = f"/_ping?last={before}"
    until(
        lambda: any(isinstance(line, Exchange) and line.request.target == last for line in told(spy)),
        10,
        last,
    )
    new = [
        line
        for line in told(spy)[before:]
        if not (isinstance(line, Exchange) and line.request.target == last)
    ]
    shown = [
        str(line.response.status).encode() for line in new if isinstance(line, Exchange) and line.response
    ]
    gave_up = [line for line in new if isinstance(line, Notice)]
    assert shown == STATUS.findall(spied) or gave_up, (spied[:500], new)


def told(spy: Apispy) -> list[Exchange | Notice]:
    return [line for _, line in read_lines(spy.where / "calls") if isinstance(line, Exchange | Notice)]
