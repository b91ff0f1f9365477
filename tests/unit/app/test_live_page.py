"""The live page: what a browser gets of a session, by the output alone and by the whole program."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from apispy.app.live_page import LivePage
from apispy.app.view import View
from apispy.app.web import Feed
from apispy.cli.proxy import proxy
from apispy.model import Exchange, Item
from apispy.outputs import DecodedCall
from apispy.structs import replace
from tests.unit.app.web.serving import Browser
from tests.unit.outputs.decoded_calls import decoded_call

WHERE = "unix:///var/run/docker.sock"

SAMPLE = Path(__file__).parents[3] / "samples/run.jsonl"


@contextmanager
def live(feed: Feed) -> Iterator[tuple[LivePage, Browser]]:
    """Run a page in a thread of its own."""
    page, loop = LivePage(0, WHERE, feed=feed), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(page.start(), loop).result(30)
        port = int(re.search(r":(\d+)/", page.url)[1])  # type: ignore[index]
        yield page, Browser(SimpleNamespace(url=page.url, port=port))  # type: ignore[arg-type]
        asyncio.run_coroutine_threadsafe(page.stop(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def browser_of(program: "subprocess.Popen[str]") -> Browser:
    """Return a browser for the address that the program prints."""
    assert program.stderr is not None
    lines = (re.search(r"http://127\.0\.0\.1:(\d+)/\?token=\S+", line) for line in program.stderr)
    found = next(filter(None, lines))
    return Browser(SimpleNamespace(url=found[0], port=int(found[1])))  # type: ignore[arg-type]


def still_open(at: float = 0.0) -> DecodedCall:
    decoded = decoded_call("GET /v1.41/events", 200, {"Type": "container"})
    exchange: Exchange = replace(decoded.exchange, end="open", duration=0.0)
    return replace(decoded, exchange=exchange, at=at)


def data(event: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event["data"])
    return found


def test_the_page_is_the_one_of_files_and_has_its_policy():
    with live(Feed()) as (_, browser):
        response = browser.enter().ask()
        text = response.text  # type: ignore[attr-defined]
        assert response.status == 200
        assert '"live":true' in text
        assert WHERE in text
        policy = response.getheader("Content-Security-Policy") or ""
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "connect-src 'self'" in policy
        assert "unsafe" not in policy


def test_a_call_is_told_when_it_ends():
    with live(Feed()) as (page, browser):
        page.write(decoded_call("GET /v1.41/info", 200, {"ID": "x"}))
        _, event = islice(browser.enter().events(), 2)
        assert event["event"] == "call"
        call = data(event)
        assert (call["id"], call["operation"], call["status"]) == (7, "SystemInfo", 200)
        assert call["fields"]


def test_an_open_call_is_told_at_its_beginning_and_lasts_until_now():
    with live(Feed()) as (page, browser):
        page.opened(still_open(at=1.5))
        _, event = islice(browser.enter().events(), 2)
        assert (data(event)["end"], data(event)["duration"]) == ("open", 1.5)


def test_an_open_call_is_updated_once_for_many_items():
    with live(Feed()) as (page, browser):
        events = browser.enter().events()
        assert next(events) == {"retry": "1000"}

        def tell() -> None:
            """Run in the thread of the page, so that no update is sent in between."""
            for number in range(1, 101):
                page.item(still_open(at=float(number)), "response", Item("json", "event", {}, (0, 1)))

        page._loop.call_soon_threadsafe(tell)  # type: ignore[union-attr]
        assert data(next(events))["duration"] == 100.0
        page.write(decoded_call("GET /v1.41/info"))
        assert data(next(events))["operation"] == "SystemInfo"


def test_the_end_of_a_call_is_the_last_that_is_told_of_it():
    feed = Feed()
    with live(feed) as (page, browser):
        events = browser.enter().events()
        assert next(events) == {"retry": "1000"}
        page.item(still_open(), "response", Item("json", "event", {}, (0, 1)))
        page.write(replace(still_open(), exchange=replace(still_open().exchange, end="left", duration=2.0)))
        assert data(next(events))["end"] == "left"
    assert next(events)["event"] == "end"
    assert feed.total == 1


def test_notices_come_in_order_with_the_calls():
    with live(Feed()) as (page, browser):
        page.write(decoded_call("GET /v1.41/info", 200, {}))
        page.notice("connection 4: not HTTP <b>\x1b[31m", 12.5)
        page.notice("miss: nothing\n  like it", float("inf"), missed=7)
        _, call, notice, miss = islice(browser.enter().events(), 4)
        assert [one["event"] for one in (call, notice, miss)] == ["call", "notice", "notice"]
        assert data(notice) == {"at": 12.5, "text": "connection 4: not HTTP <b>\x1b[31m"}
        assert data(miss) == {"at": None, "text": "miss: nothing\n  like it", "missed": 7}


def test_tabs_and_explanations_are_asked_of_the_page():
    with live(Feed()) as (page, browser):
        assert browser.ask("/tabs/story").status == 403
        browser.enter()
        page.write(decoded_call("GET /v1.41/info", 200, {}))
        found = json.loads(browser.ask("/tabs/statistics").text)  # type: ignore[attr-defined]
        assert (found["calls"], found["value"]["total"]["calls"]) == (1, 1)
        assert browser.ask("/tabs/secrets").status == 404
        lines = json.loads(browser.ask("/explain?request=GET%20/info").text)["lines"]  # type: ignore[attr-defined]
        assert lines[0][0].startswith("SystemInfo")


def test_without_a_page_nothing_is_made_of_calls_and_items_cost_nothing(monkeypatch: pytest.MonkeyPatch):
    made: list[DecodedCall] = []
    monkeypatch.setattr("apispy.app.live_page.call_on_page", made.append)
    feed = Feed()
    with live(feed) as (page, _):
        for _ in range(100):
            page.item(still_open(), "response", Item("json", "event", {}, (0, 1)))
            page.write(decoded_call("GET /v1.41/info", 200, {"ID": "x" * 1000}))
        assert (feed.total, made) == (100, [])
        assert feed.kept[1] > 100 * 5000


def test_the_whole_program(tmp_path: Path):
    """There is no daemon, so that a call gets a 502; the page is told of it, of the faults, and of the end."""
    where = tmp_path / "p.sock"
    command = ["--listen", f"unix://{where}", "--upstream", f"unix://{tmp_path}/none.sock", "-q", "--web",
               "--fault", "op:SystemVersion status=500"]  # fmt: skip
    program = subprocess.Popen([sys.executable, "-m", "apispy", *command], stderr=subprocess.PIPE, text=True,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        events = browser_of(program).enter().events()
        assert next(events) == {"retry": "1000"}
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(where))
            client.sendall(b"GET /v1.41/info HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 502"
        call = next(
            data(event)
            for event in events
            if event["event"] == "call" and data(event)["target"] == "/v1.41/info"
        )
        assert call["status"] == 502
        program.send_signal(signal.SIGTERM)
        *_, notice, end = events
        assert (notice["event"], end["event"]) == ("notice", "end")
        assert data(notice)["text"] == "fault op:SystemVersion status=500: no request matched"
        assert program.wait(30) == 0
    finally:
        program.kill()
        program.communicate()


def test_a_replay_shows_its_misses_on_the_page(tmp_path: Path):
    where = tmp_path / "r.sock"
    command = ["replay", str(SAMPLE), "--web", "--listen", f"unix://{where}"]
    program = subprocess.Popen([sys.executable, "-m", "apispy", *command], stderr=subprocess.PIPE, text=True,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        browser = browser_of(program)
        events = browser.enter().events()
        assert next(events) == {"retry": "1000"}
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(where))
            client.sendall(b"GET /v1.41/nodes HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 501"
        notice, call = islice(events, 2)
        assert (notice["event"], call["event"]) == ("notice", "call")
        assert data(notice)["text"].startswith(
            "miss: NodeList GET /v1.41/nodes: no such call was recorded\n  "
        )
        assert data(notice)["missed"] == data(call)["id"]
        assert data(call)["status"] == 501
        page = browser.ask().text  # type: ignore[attr-defined]
        assert f'"title":"replay of {SAMPLE}"' in page
        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 3
    finally:
        program.kill()
        program.communicate()


def test_a_recording_can_have_a_page(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [
            "record",
            "-o",
            f"{tmp_path}/f.json",
            "--listen",
            f"unix://{tmp_path}/p.sock",
            "--web",
            port,
        ]
        done = CliRunner().invoke(proxy, [*command, "--upstream", "unix:///none.sock"])
    assert f"cannot listen on 127.0.0.1 port {port}: " in f"{done.stderr}{done.exception}"


def test_a_page_has_notes_also_if_the_terminal_shows_no_calls():
    assert View(quiet=True).wanted_notes == "off"
    assert View(quiet=True, web=0).wanted_notes == "on"
    assert View(reports=("story",), web=0, notes="strict").wanted_notes == "strict"
    assert View(quiet=True, web=0, notes="off").wanted_notes == "off"


def test_a_port_that_is_taken_ends_apispy_with_the_reason(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = ["--listen", f"unix://{tmp_path}/p.sock", "--upstream", "unix:///none.sock", "--web", port]
        done = subprocess.run(
            [sys.executable, "-m", "apispy", *command], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}: " in done.stderr
    assert "Traceback" not in done.stderr
