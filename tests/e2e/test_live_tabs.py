"""The tabs, notices and explanations of a live page in a real browser. No daemon is needed: the calls are made here."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apispy.app.live_page import LivePage
from apispy.app.page_tabs import TABS
from apispy.app.web import Feed
from tests.unit.app.test_live_page import live
from tests.unit.outputs.decoded_calls import decoded_call

from .test_page import HOSTILE, VISIBLE, axe, browser  # noqa: F401  (fixtures)

START = 1_700_000_000.0


class Watched:
    """A live page that is open in a browser, and what it asked for."""

    def __init__(self, served: LivePage, page: Page) -> None:
        self.served, self.page = served, page
        self.wrong: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(60_000)
        page.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))

    def call(self, number: int, line: str = "GET /v1.41/info", status: int = 200, **more: Any) -> None:
        """Let a call end."""
        call = decoded_call(line, status, more.pop("answer", {}), id=number, started=START + number, **more)
        self._run(lambda: self.served.write(call))

    def notice(self, text: str, at: float, missed: int | None = None) -> None:
        self._run(lambda: self.served.notice(text, at, missed))

    def _run(self, step: Any) -> None:
        self.served._loop.call_soon_threadsafe(step)  # type: ignore[union-attr]

    def questions(self) -> list[str]:
        return [found[0] for url in self.asked if (found := re.search(r"/(tabs|explain)\b.*", url))]

    def open(self) -> Page:
        self.page.goto(self.served.url)
        expect(self.page.get_by_role("status").filter(has_text="live")).to_be_visible()
        return self.page


@pytest.fixture(params=[(1280, "light")])
def watched(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:  # noqa: F811
    width, scheme = request.param
    with live(Feed()) as (served, _):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, timezone_id="UTC"
        )
        one = Watched(served, context.new_page())
        yield one
        context.close()
        assert one.wrong == []


def test_a_tab_is_asked_for_when_it_is_opened_and_while_it_is_open(watched: Watched) -> None:
    watched.page.clock.install()
    page = watched.open()
    for number in range(1, 4):
        watched.call(number, f"GET /v1.41/containers/{number}/json")
    page.clock.run_for(1000)
    expect(page.locator("table.calls")).to_have_attribute("aria-rowcount", "4")
    assert watched.questions() == []  # no tab is open
    page.click("#tab-statistics")
    counts = page.locator("#panel-statistics .tab-counts")
    expect(counts).to_have_text("Of 3 calls that ended.")
    page.clock.run_for(20_000)  # nothing has come
    assert watched.questions() == ["/tabs/statistics"]
    watched.call(4, "POST /v1.41/containers/x/start", 204)
    with page.expect_request("**/tabs/statistics"):
        while len(watched.questions()) < 2:
            page.clock.run_for(500)
    expect(counts).to_have_text("Of 4 calls that ended.")
    expect(page.locator("#panel-statistics .figures")).to_contain_text("ContainerStart")
    page.click("#tab-calls")
    watched.call(5)
    page.clock.run_for(20_000)
    expect(page.locator("table.calls")).to_have_attribute("aria-rowcount", "6")
    assert watched.questions() == ["/tabs/statistics"] * 2  # it is closed


def test_what_one_reads_stays_where_it_is_while_a_tab_grows(watched: Watched) -> None:
    page = watched.open()
    for number in range(1, 41):
        watched.call(
            number,
            f"POST /v1.41/containers/create?name=c{number:02}",
            201,
            answer={"Id": f"{number:02}" * 32},
        )
    page.click("#tab-story")
    link = page.locator('#panel-story [data-call="30"]').first
    link.focus()
    link.evaluate("node => (window.mine = node)")
    place = "window.mine.getBoundingClientRect().top"
    before, scrolled = page.evaluate(place), page.evaluate("document.querySelector('#panel-story').scrollTop")
    assert scrolled > 0
    watched.call(41, "POST /v1.41/containers/create?name=zz", 201, answer={"Id": "41" * 32})
    expect(page.locator("#panel-story .tab-counts")).to_contain_text("41 calls")
    expect(page.locator("#panel-story")).to_contain_text("zz")
    assert page.evaluate("document.activeElement === window.mine")
    assert page.evaluate(place) == before
    page.keyboard.press("Enter")  # the link is still that of its call
    assert "#30" in page.inner_text(".details h2")


def test_all_tabs_are_those_of_a_file(watched: Watched) -> None:
    page = watched.open()
    watched.call(1, "POST /v1.41/containers/create?name=web", 201, answer={"Id": "1" * 64})
    for name, text in zip(TABS, ("web", "ContainerCreate", "ContainerCreate", "operations"), strict=True):
        page.click(f"#tab-{name}")
        expect(page.locator(f"#panel-{name}")).to_contain_text(text)
    assert {url.split("?")[0] for url in watched.questions()} == {f"/tabs/{name}" for name in TABS}


def test_notices_are_rows_among_the_calls_for_eyes_keys_and_screen_readers(watched: Watched) -> None:
    page = watched.open()
    watched.call(1)
    watched.call(3, "GET /v1.41/none", 501)
    watched.notice("connection 1: not HTTP", START + 2)
    watched.notice("miss: no such call was recorded\n  Record it", START + 3.01, missed=3)
    rows = page.locator("tr[data-id], tr[data-notice]")
    expect(rows).to_have_count(4)
    for row, text in zip(rows.all(), ("SystemInfo", "apispy: connection 1: not HTTP", "miss", "apispy: miss: no such"),
                         strict=True):  # fmt: skip
        expect(row).to_contain_text(text)
    expect(page.get_by_role("log")).to_have_text(
        "2 notices. The last: miss: no such call was recorded\\n  Record it"
    )
    assert page.get_by_role("log").get_attribute("aria-live") == "polite"
    for key in ("j", "j", "Enter"):
        page.press("body", key)
    expect(page.locator(".details h2")).to_have_text("Notice")
    expect(page.locator(".notice-text")).to_have_text("connection 1: not HTTP")
    page.press("body", "j")
    expect(page.locator(".details .problem.notice-text")).to_contain_text(
        "Record it"
    )  # explained at the call, too
    page.get_by_role("button", name="2 notices").click()
    page.get_by_role("button", name="2 notices").click()
    expect(page.locator(".details h2")).to_have_text("Miss")
    assert page.locator(".notice-text .text-line").all_inner_texts()[1].strip() == "Record it"
    page.fill("#filter", "op:SystemInfo")
    page.press("#filter", "Enter")
    expect(page.locator("tr[data-id]")).to_have_count(1)
    expect(page.locator("tr[data-notice]")).to_have_count(2)  # as in the terminal


def test_a_request_is_explained_on_the_page(watched: Watched) -> None:
    page = watched.open()
    watched.call(1, "GET /v1.41/containers/json?nonsense=1", answer=[])
    page.click("tr[data-id]")
    assert watched.questions() == []
    note = page.locator(".note", has_text="nonsense")
    note.get_by_role("button", name="Explain").click()
    expect(page.locator(".explanation .lines")).to_contain_text("nonsense=1")
    expect(page.locator(".explanation .lines")).to_contain_text("ContainerList")
    page.click(".explanation summary")
    page.click(".explanation summary")
    assert len(watched.questions()) == 1


def test_hostile_data_is_text_in_tabs_notices_and_explanations(watched: Watched) -> None:
    page = watched.open()
    watched.call(1, f"POST /v1.41/containers/create?name={HOSTILE}", 500, answer={"message": HOSTILE},
                 ask={"Image": HOSTILE}, client=HOSTILE)  # fmt: skip
    watched.call(2, f"BREW /{HOSTILE}", 404)
    watched.notice(HOSTILE, START)
    expect(page.locator("tr[data-notice]")).to_contain_text(VISIBLE)
    page.click("tr[data-notice]")
    expect(page.locator(".notice-text")).to_have_text(VISIBLE)
    for number in (1, 2):
        page.click(f'tr[data-id="{number}"]')
        page.click(".explanation summary")
        expect(page.locator(".explanation .answer")).not_to_contain_text("Asking")
    for name in TABS:
        page.click(f"#tab-{name}")
        expect(page.locator(f"#panel-{name} .tab-counts")).to_be_visible()
    assert "<img src=x" in page.inner_text("#panel-story") or "<img src=x" in page.inner_text(
        "#panel-permissions"
    )
    assert page.locator("img, iframe, object, embed, link, a, b:has-text('red')").count() == 0
    assert not {"\x1b", "\x07", "\u202e", "\u2066", "\x00"} & set(page.evaluate("document.body.innerText"))


def test_a_tab_that_is_opened_after_the_end_says_so(browser: Browser) -> None:  # noqa: F811
    with live(Feed()) as (served, _):
        watched = Watched(served, browser.new_context().new_page())
        page = watched.open()
        watched.call(1)
        page.click("#tab-story")
        expect(page.locator("#panel-story .tab-counts")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="apispy has ended")).to_be_visible()
    page.click("#tab-coverage")
    expect(page.locator("#panel-coverage")).to_contain_text("--capture FILE keeps a session")
    page.click("#tab-story")
    expect(page.locator("#panel-story .tab-counts")).to_be_visible()
    assert watched.wrong == []
    page.context.close()


@pytest.mark.parametrize("watched", [(380, "light"), (1280, "dark")], indirect=True)
def test_no_violation_of_accessibility_and_nothing_wider_than_the_window(watched: Watched, axe: str) -> None:  # noqa: F811
    page = watched.open()
    watched.call(1, "GET /v1.41/containers/json?nonsense=1", answer=[])
    watched.call(2, "GET /v1.41/none", 501)
    watched.notice("miss: " + "no-such-call-was-recorded " * 20, START, missed=2)
    expect(page.locator("tr[data-notice]")).to_be_visible()
    page.evaluate(axe)

    def check() -> None:
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [f"{rule['id']}: {node['html'][:150]}" for rule in found for node in rule["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]  # type: ignore[index]

    check()
    for row in ("tr[data-notice]", 'tr[data-id="1"]', 'tr[data-id="2"]'):
        page.click(row)
        if "id" in row:
            page.click(".explanation summary")
            expect(page.locator(".explanation .answer")).not_to_contain_text("Asking")
        check()
        page.click('[aria-label="Close"]')
    for name in TABS:
        page.click(f"#tab-{name}")
        expect(page.locator(f"#panel-{name} .tab-counts")).to_be_visible()
        check()
