"""What is looked at in screenshots, held: long and wide sessions on one screen, and what Lighthouse would check.

What the waterfall draws is read from the calls of its canvas.
"""

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from apispy.app.decoded_calls import decode_file
from apispy.app.page import call_on_page, session_page
from apispy.filters.as_json import grammar
from apispy.outputs.page import document
from tests.long_sessions import LONG_NAME, SAMPLES, compose_up, day_of_events, decoded

from .test_page import axe, browser  # noqa: F401  (fixtures)

HEIGHT = 800

LINE = 18
"""Pixels of a line of text, at most."""

WATCH = """
globalThis.drawn = { texts: [], marks: [] };
const { fillText, fillRect, clearRect } = CanvasRenderingContext2D.prototype;
Object.assign(CanvasRenderingContext2D.prototype, {
    clearRect(...area) { drawn.texts = []; drawn.marks = []; clearRect.apply(this, area); },
    fillText(text, x, y) { drawn.texts.push([text, x, y, this.measureText(text).width]); fillText.call(this, text, x, y); },
    fillRect(x, y, width, height) { if (width === 1.5) drawn.marks.push([x, y]); fillRect.call(this, x, y, width, height); },
});
globalThis.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((shift) => shifts.push(shift.value))).observe({ type: "layout-shift" });
"""
"""Notes what the last drawing of the waterfall consists of, and what moved."""

Look = Callable[..., Page]


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Look]:  # noqa: F811
    """Opens a page as a file, in a window of this width."""
    wrong: list[str] = []
    contexts = []

    def opened(page: Iterator[str], width: int) -> Page:
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text("".join(page), "utf-8")
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, timezone_id="UTC")
        contexts.append(context)
        one = context.new_page()
        one.on("console", lambda message: wrong.append(message.text))
        one.on("pageerror", lambda error: wrong.append(str(error)))
        one.add_init_script(WATCH)
        one.goto(file.as_uri())
        one.wait_for_selector("tr[data-id]")
        one.wait_for_function("drawn.texts.length")
        assert fits(one)
        return one

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def lanes(page: Page) -> list[str]:
    """The names of the lanes that are in view without scrolling."""
    box = page.locator(".waterfall-scroll").bounding_box()
    assert box
    assert box["y"] + box["height"] < HEIGHT - 150  # there is room for the table
    return [text for text, x, y, _ in page.evaluate("drawn.texts") if x == 8 and y + 4 < box["height"]]


def axis(page: Page) -> list[str]:
    """The labels of the time axis, which must not touch each other."""
    labels = [(text, x, width) for text, x, y, width in page.evaluate("drawn.texts") if x != 8 and y == 10]
    for (_, x, width), (_, after, _) in pairwise(labels):
        assert x + width + 4 <= after, labels
    return [text for text, _, _ in labels]


def marks(page: Page) -> list[list[float]]:
    """The places of marks in each row, which must be distinct."""
    rows: dict[float, list[float]] = {}
    for x, y in page.evaluate("drawn.marks"):
        rows.setdefault(y, []).append(x)
    for row in rows.values():
        assert all(after - before >= 2.5 for before, after in pairwise(row))
    return list(rows.values())


@pytest.mark.parametrize(("width", "ticks"), [(1280, ["0", "+2 s", "+4 s"]), (380, ["0", "+5 s", "+10 s"])])
def test_twenty_services_are_on_one_screen(look: Look, tmp_path: Path, width: int, ticks: list[str]) -> None:
    page = look(session_page(decoded(compose_up(), tmp_path)), width)
    found = lanes(page)
    assert len(found) == 21
    assert {"demo-w00-1", "demo-w19-1"} < set(found)
    assert axis(page)[:3] == ticks
    assert len(marks(page)) == 20  # what each service wrote to its log
    cut = next(name for name in found if name.startswith(LONG_NAME[:4]))
    assert cut.endswith("…")
    box = page.locator("canvas").bounding_box()
    assert box
    page.mouse.move(
        box["x"] + 20,
        box["y"] + next(y for text, _, y, _ in page.evaluate("drawn.texts") if text == cut),
    )
    assert page.get_attribute("canvas", "title") == LONG_NAME
    created = page.locator("tr[data-id]", has_text="ContainerCreate")
    created = created.filter(has_text=LONG_NAME)
    assert LONG_NAME in str(created.locator(".c-names").get_attribute("title"))
    if width == 380:
        assert LONG_NAME in created.locator(".small-names").inner_text()


@pytest.mark.parametrize(
    ("width", "ticks"), [(1280, ["0", "+2 h", "+4 h"]), (380, ["0", "+6 h", "+12 h", "+18 h"])]
)
def test_a_day_of_events_is_on_one_screen(look: Look, tmp_path: Path, width: int, ticks: list[str]) -> None:
    page = look(session_page(decoded(day_of_events(), tmp_path)), width)
    assert axis(page)[: len(ticks)] == ticks
    [row] = marks(page)
    assert len(row) >= 13  # one for each hour that has any
    assert page.locator("tr[data-id]").count() == 2  # the stream, and the list of containers after each event
    assert "×252" in page.locator("tr[data-id]").nth(1).inner_text()
    if width == 1280:  # beside the list in the table: a bar for each hour that has any, none of the others
        assert page.locator("tr[data-id]").nth(1).locator(".bar").count() == 13
        assert page.locator("tr[data-id]").nth(0).locator(".bar-mark").count() == 13
    for took in page.locator("td.c-duration").all():
        assert took.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), took.inner_text()
    page.click('tr[data-id="1"]')
    times = page.locator(".events .number")
    assert times.first.inner_text() == "+6 h 00 min"
    assert times.first.evaluate("cell => cell.offsetWidth") < 150
    assert fits(page)


@pytest.mark.parametrize("width", [1280, 380])
def test_the_steps_of_a_build_are_a_timeline(look: Look, width: int) -> None:
    page = look(session_page(decode_file(SAMPLES / "buildx-stages.jsonl", notes="on")), width)
    page.click("tr.failed")
    rows = page.locator(".steps tbody tr")
    assert rows.count() == 10
    names = page.locator(".step-name")
    for name in names.all():
        shown = name.bounding_box()
        assert shown
        assert shown["height"] <= 2 * LINE
        assert shown["width"] >= 220
        assert name.get_attribute("title")
    bars = page.locator(".steps .layer").evaluate_all(
        "bars => bars.map(bar => [bar.getBoundingClientRect().left, bar.offsetWidth])"
    )
    assert all(size >= 3 for _, size in bars)
    assert len({round(left) for left, _ in bars}) >= 7  # on a common axis
    last = rows.last.bounding_box()
    assert last
    assert width == 380 or last["y"] < HEIGHT
    assert fits(page)


def thousand() -> Iterator[str]:
    """A page of 1,000 calls of many kinds."""
    samples = [
        call_on_page(call)
        for name in ("compose", "runner", "run")
        for call in decode_file(SAMPLES / f"{name}.jsonl", notes="on")
    ]
    calls = (
        samples[number % len(samples)] | {"id": number + 1, "started": 1.7e9 + number}
        for number in range(1000)
    )
    return document(calls, dict, grammar())


def test_a_thousand_calls_are_painted_within_a_second_and_do_not_move(look: Look) -> None:
    page = look(thousand(), 1280)
    paints: list[float] = []
    while len(paints) < 3 or (
        len(paints) < 10 and min(paints) >= 1000
    ):  # something else may have run meanwhile
        page.reload()
        page.wait_for_function("performance.getEntriesByName('first-paint').length && drawn.texts.length")
        paints.append(page.evaluate("performance.getEntriesByName('first-paint')[0].startTime"))
        assert page.evaluate("shifts") == []
    print(f"first paints of 1,000 calls: {paints} ms")
    assert min(paints) < 1000 * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))  # as many share a core
    assert page.locator("*").count() < 3000


def test_a_thousand_calls_are_accessible_on_every_screen(look: Look, axe: str) -> None:  # noqa: F811
    page = look(thousand(), 380)
    page.evaluate(axe)

    def violations() -> list[Any]:
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [(rule["id"], [node["html"][:150] for node in rule["nodes"]]) for rule in found]

    for width in (380, 2560):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        for _ in ("light", "dark"):
            assert violations() == []
            assert fits(page)
            page.click(".theme")
