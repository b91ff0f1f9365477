"""A live page under load: every call is on it or counted as missed, and it answers meanwhile.

Calls are counted, which holds on any machine; no time is asserted.
"""

import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apispy.app.page import call_on_page
from apispy.app.web import Feed
from tests.long_sessions import START, compose_up, decoded
from tests.unit.app.test_live_page import live
from tests.unit.app.web import serving

from .apispy_process import Apispy
from .daemon import Daemons
from .endpoints import Endpoint
from .test_page import browser  # noqa: F401  (a fixture)
from .wait import until

CALLS = 5000
"""Calls of the flood."""

MOST_CALLS = 60_000
"""Calls after which the page should have handled a key, however slow the machine is."""

BATCH = 50
CLIENTS = 4

KEPT_CALLS = 20_000
KEPT_CHARACTERS = 128 << 20
"""What the page keeps (live.js)."""

WATCH = """
globalThis.longest = 0;
new PerformanceObserver((list) => list.getEntries().forEach((task) => (longest = Math.max(longest, task.duration))))
    .observe({ type: "longtask" });
globalThis.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((shift) =>
    shifts.push(shift.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) || node?.data))))
    .observe({ type: "layout-shift" });
"""
"""Notes the longest task in milliseconds, and the elements that moved."""


class Flood:
    """Clients that make calls as fast as they are answered: at least CALLS, and on until ``enough`` is set."""

    def __init__(self, at: Endpoint) -> None:
        self._at, self._lock = at, threading.Lock()
        self.calls = 0
        self.enough = threading.Event()
        self._clients = [threading.Thread(target=self._client) for _ in range(CLIENTS)]

    def __enter__(self) -> "Flood":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        for client in self._clients:
            client.join()

    def _client(self) -> None:
        request = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._at.host.removeprefix("unix://"))
            while self._take():
                connection.sendall(request * BATCH)
                answers = b""
                while answers.count(b"HTTP/1.1 200 OK\r\n") < BATCH or not answers.endswith(b"]\n"):
                    data = connection.recv(1 << 16)
                    assert data, answers[-200:]
                    answers += data

    def _take(self) -> bool:
        with self._lock:
            if self.calls >= (CALLS if self.enough.is_set() else MOST_CALLS):
                return False
            self.calls += BATCH
            return True


@pytest.fixture
def spy(place: Path, daemons: Daemons) -> Iterator[Apispy]:
    where = place / "load"
    spy = Apispy.start(
        where, "--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host, "--web", "-q"
    )
    yield spy
    spy.kill()


def opened(browser: Browser, url: str) -> tuple[Page, list[str]]:  # noqa: F811
    wrong: list[str] = []
    page = browser.new_context(viewport={"width": 1280, "height": 800}, timezone_id="UTC").new_page()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(WATCH)
    page.goto(url)
    expect(page.get_by_role("status").filter(has_text="live")).to_be_visible()
    return page, wrong


def counts(page: Page) -> tuple[int, int, int]:
    """The calls that the page has, that it missed, and that it dropped."""
    text = f"{page.inner_text('.summary')} {page.inner_text('.live')}"
    forms = (r"([\d,]+) calls? in", r"([\d,]+) updates? missed", r"first ([\d,]+) calls? dropped")
    found = [re.search(form, text) for form in forms]
    has, missed, dropped = (int(one[1].replace(",", "")) if one else 0 for one in found)
    return has, missed, dropped


def caught_up(reader: serving.Browser, events: Iterator[dict[str, str]], calls: int) -> int:
    """Read the events until as many calls have come or been missed, and return how many that are.

    A reader that has been let go, after a minute, connects again as browsers do.
    """
    found, last = 0, "0"
    while found < calls:
        event = next(events, None)
        if event is None:
            events = reader.events(last)
        elif "event" in event:
            found += json.loads(event["data"])["items"] if event["event"] == "missed" else 1
            last = event["id"]
    return found


@pytest.mark.timeout(400)
def test_a_flood_leaves_the_page_answering_and_a_page_that_does_not_read_holds_up_nothing(
    browser: Browser,  # noqa: F811
    spy: Apispy,
) -> None:
    found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=\S+", spy.err)
    assert found, spy.err
    server = SimpleNamespace(url=found[0], port=int(found[1]))
    reader = serving.Browser(server).enter()  # type: ignore[arg-type]
    stuck = reader.events()
    assert next(stuck) == {"retry": "1000"}  # it reads no more until all calls are made
    page, wrong = opened(browser, found[0])
    with Flood(spy.at) as flood:
        page.locator("tr[data-id]").first.wait_for()
        page.press("body", "j")
        expect(page.locator("tr.selected")).to_have_count(1)
        handled = flood.calls
        flood.enough.set()
    assert handled < MOST_CALLS  # calls were still coming
    until(
        lambda: sum(counts(page)) >= flood.calls, 120, "the page to have every call, or to say what it missed"
    )
    print(f"{flood.calls} calls; a key handled after {handled}; longest task {page.evaluate('longest'):.0f} ms; "
          "the page has, missed, dropped:", counts(page))  # fmt: skip
    assert sum(counts(page)) == flood.calls
    assert page.locator("tr[data-id]").count() < 100
    assert page.evaluate("shifts") == []  # nothing moved, from the first call on
    assert wrong == []
    assert caught_up(reader, stuck, flood.calls) == flood.calls
    page.context.close()


def test_the_page_keeps_the_newest_calls_in_bounded_memory(browser: Browser) -> None:  # noqa: F811
    feed = Feed(max_items=2 * KEPT_CALLS, max_bytes=1 << 30)
    with live(feed) as (server, _):
        page, wrong = opened(browser, server.url)
        add(feed, KEPT_CALLS + 500, {})
        until(lambda: counts(page) == (KEPT_CALLS, 0, 500), 60, "the page to drop the first 500 calls")
        add(feed, 300, {"response": {"size": 1 << 30}})  # of which a page has 512 k characters at most
        kept = KEPT_CHARACTERS // ((512 << 10) + 4000)
        until(lambda: counts(page)[0] == kept, 60, f"the page to keep {kept} long calls")
        assert counts(page)[2] == KEPT_CALLS + 800 - kept
        assert page.evaluate("shifts") == []
        assert wrong == []
        page.context.close()


def add(feed: Feed, number: int, streams: dict[str, Any]) -> None:
    """Add calls with new numbers."""
    for place in range(feed.total + 1, feed.total + 1 + number):
        call = {
            "id": place,
            "started": START + place / 1000,
            "method": "GET",
            "names": f"/{place}",
            "streams": streams,
        }
        feed.add("call", 100, lambda call=call: call)


def test_twenty_services_are_on_one_screen_while_they_start(browser: Browser, tmp_path: Path) -> None:  # noqa: F811
    feed = Feed()
    with live(feed) as (server, _):
        page, wrong = opened(browser, server.url)
        for call in [call_on_page(one) for one in decoded(compose_up(), tmp_path)]:
            feed.add("call", 100, lambda call=call: call)
        expect(page.locator("canvas")).to_have_attribute("aria-label", re.compile(" in 21 lanes"))
        fall = page.locator(".waterfall-scroll")
        assert fall.evaluate("scroll => scroll.scrollHeight - scroll.clientHeight") <= 0
        assert page.locator("canvas").evaluate("canvas => canvas.offsetHeight") >= 21 * 13
        assert page.evaluate("shifts") == []
        assert wrong == []
        page.context.close()
