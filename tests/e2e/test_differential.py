"""Whatever HTTP goes through apispy arrives verbatim and at once, and is shown as what it was, or said to be unreadable.

The client and the daemon are the test's own sockets (`lockstep.py`), so that both see every byte; what a real daemon
makes of the same requests is compared as well. More examples: APISPY_E2E_EXAMPLES=2000, or `make differential`.
"""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apispy.model import Exchange

from .hostile_requests import HOSTILE_REQUESTS
from .http_calls import Call, calls
from .proxied_connection import ProxiedConnection, ProxyUnderTest

EXAMPLES = int(os.environ.get("APISPY_E2E_EXAMPLES", "50"))
LAW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def proxy(place: Path) -> Iterator[ProxyUnderTest]:
    """An apispy for all examples; it must live through all of them, and without a fault of its own."""
    made = ProxyUnderTest(place / "between")
    yield made
    assert made.close() == 0, made.spy.err
    assert "Traceback" not in made.spy.output
    written = made.capture.read_text()
    assert "an internal error in apispy" not in written
    own = re.findall(r'"target": "(/n\d+)"', written)
    assert len(own) == len(set(own)) > 0, "a call was written twice"


def one_connection(found: list[Call]) -> list[Call]:
    """The calls up to the one that ends the connection, each with a target of its own."""
    ends = next((at for at, call in enumerate(found) if call.ends), len(found))
    return [call.at(b"/n%d" % next(NUMBERS)) for call in found[: ends + 1]]


CONNECTIONS = st.lists(calls(), min_size=1, max_size=4)
CUTS = st.lists(st.integers(0, 200), max_size=5)


def finish(connection: ProxiedConnection, last: Call, client_first: bool) -> None:
    """What is left after the last answer: a tunnel's bytes, and the two half-closes."""
    if last.tunnel:
        for from_client in (True, False):
            connection.send(last.tunnel, from_client=from_client)
    for from_client in (client_first, not client_first):
        connection.end(from_client=from_client)


def shown(call: Exchange) -> tuple[object, ...]:
    answer, tunnel = call.response, call.tunnel
    return (
        call.request.target.encode(),
        answer and answer.status,
        call.request.body.size,
        answer and answer.body.size,
        (tunnel.to_server.size, tunnel.to_client.size) if tunnel else None,
        call.end,
        call.problems,
    )


def expected(call: Call) -> tuple[object, ...]:
    tunnel = (len(call.tunnel),) * 2 if call.status == 101 else None
    return call.request.split()[1], call.status, call.asked, call.answered, tunnel, "complete", ()


def check_shown(proxy: ProxyUnderTest, connection: ProxiedConnection, sent: list[Call]) -> None:
    found, notices = proxy.captured(connection.number, len(sent))
    assert not notices
    assert sorted(map(shown, found)) == sorted(map(expected, sent))


@LAW
@given(found=CONNECTIONS, cuts=CUTS, client_first=st.booleans())
def test_one_call_after_the_other(
    proxy: ProxyUnderTest, found: list[Call], cuts: list[int], client_first: bool
) -> None:
    sent = one_connection(found)
    with proxy.connect() as connection:
        for call in sent:
            connection.send(call.request, from_client=True, pieces=cuts)
            connection.send(call.answer, from_client=False, pieces=cuts)
        finish(connection, sent[-1], client_first or sent[-1].ends)
    check_shown(proxy, connection, sent)


@LAW
@given(found=CONNECTIONS, cuts=CUTS)
def test_all_requests_before_the_first_answer(
    proxy: ProxyUnderTest, found: list[Call], cuts: list[int]
) -> None:
    sent = one_connection(found)
    with proxy.connect() as connection:
        connection.send(b"".join(call.request for call in sent), from_client=True, pieces=cuts)
        connection.send(b"".join(call.answer for call in sent), from_client=False, pieces=cuts)
        finish(connection, sent[-1], True)
    check_shown(proxy, connection, sent)


@LAW
@given(call=calls().filter(lambda call: not call.ends and call.asked), cut=st.integers(1, 60))
def test_an_answer_before_the_end_of_the_request(proxy: ProxyUnderTest, call: Call, cut: int) -> None:
    [call] = one_connection([call])
    begun = len(call.request) - min(cut, call.asked)
    with proxy.connect() as connection:
        connection.send(call.request[:begun], from_client=True)
        connection.send(call.answer, from_client=False)
        connection.send(call.request[begun:], from_client=True)
        finish(connection, call, True)
    check_shown(proxy, connection, [call])


@settings(LAW, max_examples=max(5, EXAMPLES // 10))
@given(call=calls().filter(lambda call: len(call.request + call.answer) < 2000))
def test_byte_by_byte(proxy: ProxyUnderTest, call: Call) -> None:
    [call] = one_connection([call])
    with proxy.connect() as connection:
        connection.send(call.request, from_client=True, pieces=[1] * len(call.request))
        connection.send(call.answer, from_client=False, pieces=[1] * len(call.answer))
        finish(connection, call, True)
    check_shown(proxy, connection, [call])


@LAW
@given(call=calls(), at=st.integers(0, 10_000), who=st.booleans(), by=st.booleans())
def test_a_connection_that_is_reset_anywhere(
    proxy: ProxyUnderTest, call: Call, at: int, who: bool, by: bool
) -> None:
    """*who* is in the middle of its message when one of the two (*by*) resets the connection.

    Not before its first byte: a daemon that resets then may look to apispy like one that cannot be dialled.
    """
    [call] = one_connection([call])
    with proxy.connect() as connection:
        if who:
            connection.send(call.request[: 1 + at % len(call.request)], from_client=True)
        else:
            connection.send(call.request, from_client=True)
            connection.send(call.answer[: at % (len(call.answer) + 1)], from_client=False)
        connection.reset(from_client=by)


@pytest.mark.parametrize("by_bytes", [False, True], ids=["at-once", "in-bytes"])
@pytest.mark.parametrize("name", HOSTILE_REQUESTS)
def test_spiteful_requests_arrive_verbatim(proxy: ProxyUnderTest, name: str, by_bytes: bool) -> None:
    request = HOSTILE_REQUESTS[name].replace(b"@TARGET@", b"/n%d" % next(NUMBERS))
    answer = (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request"
    )
    with proxy.connect() as connection:
        pieces = [1] * min(600, len(request)) if by_bytes else None
        connection.send(request, from_client=True, pieces=pieces)
        connection.send(answer, from_client=False)
        connection.end(from_client=False)
        connection.end(from_client=True)
    found, notices = proxy.captured(connection.number)
    if not notices and not any(call.response for call in found):
        _, notices = proxy.captured(
            connection.number
        )  # why reading ended stands behind the call in which it did
    assert [call.response.status for call in found if call.response][:1] == [400] or notices
