"""The tabs of a live page: the same as those of a file, made when they are asked for, in bounded memory."""

import asyncio
import json
from typing import Any

import pytest

from apispy.app.live_tabs import CALLS_PER_ANSWER, LiveTabs
from apispy.app.page import session_page
from apispy.app.page_tabs import TABS
from apispy.structs import replace
from tests.golden.exported import decoded_calls
from tests.unit.outputs.decoded_calls import decoded_call


def ask(tabs: LiveTabs, name: str) -> dict[str, Any]:
    answer = asyncio.run(tabs.answer(name))
    assert (answer.status, answer.content_type) == (200, "application/json; charset=utf-8")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_each_tab_is_that_of_the_file():
    calls = list(decoded_calls())
    page = "".join(session_page(calls))
    _, _, rest = page.partition('id="tabs-data">')
    of_file = json.loads(rest.partition("</script>")[0])
    tabs = LiveTabs()
    for call in calls:
        tabs.add(call, 1)
    for name in TABS:
        assert ask(tabs, name) == {"value": of_file[name], "calls": len(calls), "missed": 0, "left": 0}


def test_nothing_is_kept_of_tabs_that_do_not_exist():
    tabs = LiveTabs()
    for number in range(20):
        with pytest.raises(KeyError):
            ask(tabs, f"no-{number}")
    assert list(tabs._readers) == list(TABS)


def test_a_tab_goes_on_where_it_was():
    tabs = LiveTabs()
    call = decoded_call("GET /v1.41/info", 200, {"ID": "x"})
    for number in (1, 2, 3):
        tabs.add(call, 1)
        answer = ask(tabs, "statistics")
        assert (answer["calls"], answer["value"]["total"]["calls"]) == (number, number)


def test_until_a_tab_is_asked_for_nothing_is_made_of_calls_and_few_are_kept():
    tabs = LiveTabs(max_calls=10, max_bytes=1000)
    for _ in range(100):
        tabs.add(object(), 1)  # type: ignore[arg-type]
    assert tabs.kept == (10, 10)
    for _ in range(100):
        tabs.add(object(), 300)  # type: ignore[arg-type]
    assert tabs.kept == (3, 900)
    call = decoded_call("GET /v1.41/info", 200, {})
    for _ in range(10):
        tabs.add(call, 100)
    answer = ask(tabs, "statistics")
    assert (answer["calls"], answer["missed"], answer["left"]) == (10, 200, 0)
    assert answer["value"]["total"]["calls"] == 10


def test_an_answer_reads_a_part_and_says_how_many_calls_are_left():
    tabs = LiveTabs()
    call = decoded_call("GET /v1.41/info", 200, {})
    for _ in range(CALLS_PER_ANSWER + 5):
        tabs.add(call, 1)
    first, second = ask(tabs, "statistics"), ask(tabs, "statistics")
    assert (first["calls"], first["left"]) == (CALLS_PER_ANSWER, 5)
    assert (second["calls"], second["left"]) == (CALLS_PER_ANSWER + 5, 0)


@pytest.mark.parametrize("name", TABS)
def test_a_call_that_a_tab_fails_on_is_counted_and_the_others_are_shown(name: str):
    good = decoded_call("POST /v1.41/containers/create?name=web", 201, {"Id": "1" * 64})
    bad = replace(good, exchange=None)  # type: ignore[arg-type]
    tabs = LiveTabs()
    for call in (good, bad, good):
        tabs.add(call, 1)
    answer = ask(tabs, name)
    assert (answer["calls"], answer["missed"]) == (2, 1)
    assert answer["value"]


def test_several_pages_get_the_same_answer():
    tabs = LiveTabs()
    call = decoded_call("GET /v1.41/info", 200, {})
    for _ in range(20):
        tabs.add(call, 1)

    async def both() -> list[bytes]:
        answers = await asyncio.gather(tabs.answer("story"), tabs.answer("story"))
        return [answer.body for answer in answers]

    first, second = asyncio.run(both())
    assert first == second
    assert json.loads(first)["calls"] == 20
