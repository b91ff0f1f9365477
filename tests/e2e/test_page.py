"""The page in a real browser: Debian's Chromium, driven by Playwright. No daemon is needed.

Every test fails on a message in the console, an error of the script, a dialog, or a request to anywhere.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apispy.app.decoded_calls import decode_file
from apispy.app.page import session_page
from apispy.filters import Filter
from apispy.filters.as_json import field_values, grammar
from apispy.outputs import DecodedCall
from apispy.outputs.page import document, page_call
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import decoded_call, tunnel

from .apispy_process import apispy_command
from .conftest import unavailable

SAMPLES = Path(__file__).parents[2] / "samples"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
MANY = 10_000

HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>\x1b[31mred\x1b[0m\x07\u202eabc\u2066\x00'
VISIBLE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>\\e[31mred\\e[0m\\x07\\u202eabc\\u2066\\x00'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        unavailable(f"needs {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page that is open, and all that went wrong in it."""

    def __init__(
        self, browser: Browser, url: str, width: int, height: int, scheme: Any, script: bool
    ) -> None:
        self.url = url
        self.wrong: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=script,
            timezone_id="UTC",
        )  # fmt: skip
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on(
            "dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)
        if script:
            self.page.wait_for_selector(".calls tbody tr[data-id], .empty:not([hidden])")

    def shown(self) -> list[int]:
        """The numbers of the calls in the table, in its order."""
        rows = self.page.locator("tr[data-id]")
        return [int(number) for number in rows.evaluate_all("rows => rows.map(row => row.dataset.id)")]


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page of calls or of a sample."""
    pages: list[Opened] = []

    def open_page(
        what: Any, width: int = 1280, height: int = 900, scheme: str = "light", script: bool = True
    ) -> Opened:
        file = tmp_path / f"{len(pages)}.html"
        if isinstance(what, str):
            what = "".join(session_page(decode_file(SAMPLES / what, notes="on"), what))
        elif isinstance(what, list):
            what = "".join(session_page(what))
        if isinstance(what, bytes):
            what = what.decode()
        file.write_text(what, "utf-8")
        pages.append(Opened(browser, file.as_uri(), width, height, scheme, script))
        return pages[-1]

    yield open_page
    for one in pages:
        one.context.close()
        assert one.wrong == []
        assert {url.partition("#")[0] for url in one.requests} == {one.url}  # the file, and nothing else


def test_the_file_of_export_shows_every_call(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "session.html"
    subprocess.run(
        [*apispy_command(), "export", str(SAMPLES / "run.jsonl"), "-o", str(file)], check=True, timeout=60
    )
    one = Opened(browser, file.as_uri(), 1280, 900, "light", True)
    assert one.shown() == sorted(decoded.exchange.id for decoded in decode_file(SAMPLES / "run.jsonl"))
    assert one.wrong == []
    one.context.close()


def test_view_serves_it_to_the_browser(browser: Browser) -> None:
    command = [*apispy_command(), "view", "--no-browser", str(SAMPLES / "run.jsonl")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        process.stderr.readline()
        one = Opened(browser, process.stderr.readline().strip(), 1280, 900, "light", True)
        assert one.shown()
        assert "token" not in one.page.url
        one.page.reload()
        one.page.click('tr[data-id="5"]')
        one.page.click(".explanation summary")
        expect(one.page.locator(".explanation .lines")).to_contain_text("ContainerStart", timeout=30_000)
        assert one.wrong == []
        one.context.close()
    finally:
        process.terminate()
        process.wait(timeout=20)


def unfold(one: Opened) -> None:
    """Give each of the reads that are folded a row of its own."""
    folded = one.page.locator('.polls[aria-expanded="false"]')
    while left := folded.count():
        folded.first.click()
        expect(folded).to_have_count(left - 1)


def test_filters_choose_what_python_chooses(opened: Open) -> None:
    one = opened("compose.jsonl")
    calls = list(decode_file(SAMPLES / "compose.jsonl", notes="on"))
    for text in (
        "op:ContainerStart",
        "container:demo_web_1",
        "slow>50ms or status:201",
        "note",
        "nothing-has-this",
    ):
        one.page.fill("#filter", text)
        one.page.press("#filter", "Enter")
        wanted = sorted(call.exchange.id for call in calls if Filter.parse(text).matches(call))
        expect(one.page.locator(".summary")).to_contain_text(f"{len(wanted)} of {len(calls)} calls")
        unfold(one)
        expect(one.page.locator("table.calls")).to_have_attribute("aria-rowcount", str(len(wanted) + 1))
        assert sorted(one.shown()) == wanted
    one.page.fill("#filter", "status>=4xx")
    assert "expected a number after >=, found 4xx" in one.page.inner_text(".filter-error")
    one.page.press("#filter", "Escape")
    one.page.wait_for_selector("tr[data-id]")
    assert one.page.inner_text(".filter-error") == ""


def test_a_call_opens_with_keys_and_closes(opened: Open) -> None:
    one = opened("run.jsonl")
    one.page.press("body", "j")
    one.page.press("body", "j")
    assert one.page.get_attribute("tr.selected", "data-id") == str(one.shown()[1])
    assert one.page.locator(".details").count() == 0
    one.page.press("body", "Enter")
    assert f"#{one.shown()[1]}" in one.page.inner_text(".details h2")
    one.page.press("body", "k")
    assert f"#{one.shown()[0]}" in one.page.inner_text(".details h2")
    one.page.press("body", "/")
    assert one.page.evaluate("document.activeElement.id") == "filter"
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("Escape")
    one.page.wait_for_selector(".details", state="detached")


def test_a_call_shows_what_it_carried(opened: Open) -> None:
    one = opened("run.jsonl")
    calls = decode_file(SAMPLES / "run.jsonl")
    [create, *others] = [call for call in calls if call.call.operation.id == "ContainerCreate"]
    one.page.click(f'tr[data-id="{create.exchange.id}"]')
    text = one.page.inner_text(".details")
    assert "docker create --name" in text
    assert "curl -sS --unix-socket" in text
    assert "fields at their defaults" in text
    one.page.fill(".details .search", "busybox")
    assert one.page.locator(".details mark").count() > 1
    assert one.page.locator(".details mark").first.is_visible()
    one.page.locator(".details .chip", has_text="op:ContainerCreate").click()
    expect(one.page.locator("tr[data-id]")).to_have_count(1 + len(others))


def test_a_failed_build_shows_its_steps(opened: Open) -> None:
    one = opened("buildx-stages.jsonl")
    assert "✗ 1 failed" in one.page.inner_text(".summary")
    one.page.click("tr.failed")
    assert "✗" in one.page.inner_text("tr.failed .c-status")
    assert one.page.locator(".steps tbody tr").count() == 10
    assert one.page.locator(".steps .layer-bad").count() == 1
    assert one.page.locator(".log-line").count() > 10


def test_output_has_its_colors_and_nothing_else_of_a_terminal(opened: Open) -> None:
    frames = b"\x01\0\0\0\0\0\0\x23\x1b[1;31mred\x1b[0m plain\x1b]0;title\x07 \x1b[2J"
    one = opened([decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"", frames))])
    one.page.click("tr[data-id]")
    assert one.page.inner_text(".terminal") == "red plain\\e]0;title\\x07 \\e[2J"
    assert one.page.inner_text(".terminal .t-red.t-bold") == "red"
    streams = b"\x01\0\0\0\0\0\0\x03out\x02\0\0\0\0\0\0\x03err"
    both = opened([decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"", streams))])
    both.page.click("tr[data-id]")
    assert both.page.locator(".terminal > span").all_inner_texts() == ["out", "stderrerr"]


def test_a_part_of_the_time_can_be_chosen_and_columns_sort(opened: Open) -> None:
    one = opened("compose.jsonl")
    everything = len(one.shown())
    box = one.page.locator("canvas").bounding_box()
    assert box is not None
    one.page.mouse.move(box["x"] + 200, box["y"] + 10)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + 600, box["y"] + 10)
    one.page.mouse.up()
    one.page.get_by_text("Show all of the time").click()
    expect(one.page.locator("table.calls")).to_have_attribute("aria-rowcount", str(everything + 1))
    one.page.click("th.c-duration button")
    slowest = max(decode_file(SAMPLES / "compose.jsonl"), key=lambda call: call.exchange.duration)
    expect(one.page.locator("tr[data-id]").first).to_have_attribute("data-id", str(slowest.exchange.id))
    expect(one.page.locator("th.c-duration")).to_have_attribute("aria-sort", "descending")


def test_a_call_has_an_address(opened: Open) -> None:
    one = opened("run.jsonl")
    one.page.click('tr[data-id="5"]')
    assert one.page.url.endswith("#call-5")
    one.page.reload()
    assert "#5" in one.page.inner_text(".details h2")


def test_polls_are_folded(opened: Open) -> None:
    polls = [
        decoded_call(
            "GET /containers/x/json", 200, {"Name": "/x"}, id=number, started=1_700_000_000.0 + number
        )
        for number in range(1, 9)
    ]
    one = opened([replace(poll, notes=()) for poll in polls])
    assert one.shown() == [1]
    one.page.click("text=×8")
    expect(one.page.locator("tr[data-id]")).to_have_count(8)


def test_hostile_data_is_text(opened: Open) -> None:
    call = decoded_call(f"POST /containers/create?name={HOSTILE}", 500, {"message": HOSTILE, HOSTILE: [HOSTILE]},
                        ask={"Image": HOSTILE, "Labels": {HOSTILE: HOSTILE}})  # fmt: skip
    exchange = replace(call.exchange, client=HOSTILE, upstream=HOSTILE, problems=(HOSTILE,))
    hostile = replace(
        call, exchange=exchange, errors=(HOSTILE,), notes=(HOSTILE,), label=lambda text: text + HOSTILE
    )
    one = opened([hostile, replace(decoded_call(f"BREW /{HOSTILE}", None), notes=(HOSTILE,))])
    for lanes in ("client", "connection", "container"):
        one.page.select_option(".tools select", lanes)
    one.page.click("tr[data-id] >> nth=0")
    text = one.page.inner_text(".details")
    assert VISIBLE in text
    assert one.page.locator("tr[data-id] .c-outcome").first.inner_text() == VISIBLE or VISIBLE in text
    one.page.fill(".details .search", "<img")
    assert one.page.locator(".details mark").count() > 3
    for tab in ("story", "statistics", "permissions", "coverage"):
        one.page.click(f"#tab-{tab}")
    one.page.click("#tab-calls")
    assert one.page.locator("img, iframe, object, embed, link, a").count() == 0
    everything = one.page.evaluate("document.body.innerText")
    assert not {"\x1b", "\x07", "\u202e", "\u2066", "\x00"} & set(everything)


SPITEFUL = f"{HOSTILE}\u200b\u2028\u2029\"'`${{alert(3)}}]]><!--javascript:alert(4)"
INVISIBLE = {"\x1b", "\x07", "\u202e", "\u2066", "\x00", "\u200b", "\u2028", "\u2029"}


def _nested(depth: int) -> Any:
    value: Any = SPITEFUL
    for _ in range(depth):
        value = {f"{SPITEFUL}/{depth}": [value], "__proto__": {"x": 1}, "constructor": "x"}
    return value


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900)])
def test_every_content_of_a_hostile_daemon_is_text(opened: Open, width: int, height: int) -> None:
    """Each call is opened, and adds no element, no attribute and no style that a harmless call does not have."""
    frames = b"".join(
        bytes([kind, 0, 0, 0]) + len(data).to_bytes(4, "big") + data
        for kind, data in ((1, SPITEFUL.encode()), (2, b"\xff\xfe<script>alert(5)</script>\n"))
    )
    pull = [{"status": SPITEFUL, "id": SPITEFUL, "progressDetail": {"current": 1, "total": 2}}, {"status": SPITEFUL},
            {"errorDetail": {"message": SPITEFUL}, "error": SPITEFUL}]  # fmt: skip
    event = {
        "Type": SPITEFUL,
        "Action": SPITEFUL,
        "Actor": {"ID": SPITEFUL, "Attributes": {SPITEFUL: SPITEFUL}},
    }
    calls = [
        decoded_call("GET /info", 200, _nested(200)),
        decoded_call("GET /containers/json", 200, [{"Names": [SPITEFUL], "Labels": {"href": "javascript:alert(6)"}}]),
        decoded_call("GET /containers/web/logs?stdout=1", 200, frames),
        decoded_call("GET /containers/web/export", 200, b"\0" + SPITEFUL.encode()),
        decoded_call("POST /images/create?fromImage=x", 200, b"".join(json.dumps(one).encode() + b"\r\n" for one in pull)),
        decoded_call("GET /events", 200, event),
        decoded_call("GET /nosuch", 404, SPITEFUL.encode()),
    ]  # fmt: skip
    one = opened([replace(call, exchange=replace(call.exchange, id=number)) for number, call in enumerate(calls, 1)],
                 width=width, height=height)  # fmt: skip
    title = one.page.title()
    for number in range(1, len(calls) + 1):
        one.page.press("body", "Escape")
        one.page.click(f"tr[data-id='{number}']")
        expect(one.page.locator(".details h2, .details-head").first).to_contain_text(f"#{number}")
        if number in (3, 5):  # the output of a program, the lines of a pull
            expect(one.page.locator(".details")).to_contain_text("<script>alert(")
        assert one.page.locator("img, iframe, object, embed, link, a, base, form").count() == 0
        assert one.page.locator("script").count() == one.page.locator("script:not(.details *)").count()
        names = one.page.evaluate(
            "[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())"
        )
        assert not {
            name for name in names if name.startswith("on") or name in ("src", "href", "srcdoc", "action")
        }
        assert not INVISIBLE & set(one.page.evaluate("document.body.innerText"))
    assert one.page.title() == title
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width


def test_notices_are_among_the_calls(opened: Open) -> None:
    calls = [decoded_call(f"GET /v1.41/{path}", 200, {}, id=number, started=number * 10.0)
             for number, path in enumerate(("info", "version"), 1)]  # fmt: skip
    one = opened("".join(session_page(calls, notices=[(15.0, HOSTILE), (90.0, "two\nlines")])).encode())
    rows = one.page.locator("tbody tr[data-id], tbody tr[data-notice]")
    assert [row.get_attribute("data-id") for row in rows.all()] == ["1", None, "2", None]
    assert f"apispy: {VISIBLE}" in rows.nth(1).inner_text()
    for _ in range(2):
        one.page.press("body", "j")
    one.page.press("body", "Enter")
    assert one.page.inner_text(".notice-text") == VISIBLE
    one.page.get_by_role("button", name="2 notices").click()
    assert one.page.inner_text(".notice-text") == "two\nlines"
    assert one.page.locator("img").count() == 0
    assert (
        opened("".join(session_page(calls)).encode()).page.get_by_role("button", name="notice").count() == 0
    )


def test_a_note_in_a_file_has_the_command_that_explains_the_request(opened: Open) -> None:
    one = opened([decoded_call("GET /v1.41/containers/json?nonsense=1", 200, [])])
    one.page.click("tr[data-id]")
    assert "nonsense" in one.page.inner_text(".note")
    command = one.page.locator(".note + .command")
    expect(command).to_contain_text("apispy explain 'GET /v1.41/containers/json?nonsense=1'")
    assert command.get_by_role("button", name="Copy explain command").is_visible()
    assert one.page.locator(".explanation").count() == 0  # there is nobody to ask


def many() -> str:
    """A page of MANY calls."""
    [first, *_] = [
        page_call(call) | {"fields": field_values(call)} for call in decode_file(SAMPLES / "run.jsonl")
    ]
    calls = (
        {**first, "id": number, "started": 1_700_000_000 + number / 10, "target": f"/{number}"}
        for number in range(1, MANY + 1)
    )
    return "".join(document(calls, dict, grammar()))


def test_ten_thousand_calls_are_a_few_rows_at_a_time(opened: Open) -> None:
    one = opened(many().encode())
    assert "10,000 calls" in one.page.inner_text(".summary")
    assert one.page.get_attribute("table.calls", "aria-rowcount") == str(MANY + 1)
    assert one.page.locator("tr[data-id]").count() < 100
    one.page.evaluate("document.querySelector('.list').scrollTop = 1e9")
    one.page.wait_for_selector(f'tr[data-id="{MANY}"]')
    assert one.page.locator("tr[data-id]").count() < 100
    assert one.page.locator("*").count() < 3000  # elements in all
    one.page.evaluate("document.querySelector('.list').scrollTop = 130000")
    one.page.wait_for_selector('tr[data-id="5010"]')
    one.page.press("body", "j")
    one.page.fill("#filter", "status>=500")
    expect(one.page.locator(".empty")).to_be_visible()
    one.page.press("#filter", "Escape")
    expect(one.page.locator("table.calls")).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert one.page.locator("*").count() < 3000


def test_further_calls_come_in(opened: Open) -> None:
    one = opened("run.jsonl")
    before = len(one.shown())
    call: DecodedCall = decoded_call("GET /later", 200, {}, id=900, started=4_000_000_000.0)
    one.page.evaluate("calls => apispy.addCalls(calls)", [json.loads(json.dumps(page_call(call)))])
    one.page.wait_for_selector('tr[data-id="900"]')
    assert len(one.shown()) == before + 1


def test_dark_and_light(opened: Open) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    dark, light = opened("run.jsonl", scheme="dark"), opened("run.jsonl")
    assert dark.page.evaluate(background) != light.page.evaluate(background)
    dark.page.click(".theme")
    assert dark.page.evaluate(background) == light.page.evaluate(background)


@pytest.mark.parametrize("width", [380, 900, 2560])
def test_nothing_is_wider_than_the_window(opened: Open, width: int) -> None:
    one = opened("compose.jsonl", width=width)
    wider = "[document.documentElement.scrollWidth, document.querySelector('.list').scrollWidth - document.querySelector('.list').clientWidth]"
    assert one.page.evaluate(wider) == [width, 0]
    one.page.click("tr[data-id] >> nth=3")
    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    side = one.page.locator(".side").bounding_box()
    assert side is not None
    assert side["width"] >= min(width, 480)
    one.page.click('[aria-label="Close"]')
    for tab in ("story", "statistics", "permissions", "coverage"):
        one.page.click(f"#tab-{tab}")
        assert one.page.evaluate("document.documentElement.scrollWidth") == width


def test_without_script_there_is_a_table(opened: Open) -> None:
    one = opened("run.jsonl", script=False)
    assert one.page.locator("#static tbody tr").count() == len(list(decode_file(SAMPLES / "run.jsonl")))
    assert one.page.locator("#static").is_visible()
    assert "ContainerCreate" in one.page.inner_text("#static")


@pytest.fixture(scope="module")
def axe(pytestconfig: pytest.Config) -> str:
    """The source of axe-core, of npm; installed once into the cache of the tests."""
    assert pytestconfig.cache is not None
    where = pytestconfig.cache.mkdir("npm")
    source = where / "node_modules/axe-core/axe.min.js"
    if not source.exists():
        if not shutil.which("npm"):
            unavailable("needs npm")
        command = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(where),
            "axe-core",
        ]
        subprocess.run(command, check=True, timeout=100)
    return source.read_text("utf-8")


@pytest.mark.parametrize(("width", "scheme"), [(380, "light"), (1280, "dark")])
def test_no_violation_of_accessibility(opened: Open, axe: str, scheme: str, width: int) -> None:
    one = opened("buildx-stages.jsonl", scheme=scheme, width=width)
    one.page.evaluate(axe)

    def violations() -> list[str]:
        found = one.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [
            f"{rule['id']}: {node['html'][:150]} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]

    assert violations() == []
    one.page.click("tr.failed")
    assert violations() == []
    one.page.click('[aria-label="Close"]')
    for tab in ("story", "statistics", "permissions", "coverage"):
        one.page.click(f"#tab-{tab}")
        assert violations() == []
