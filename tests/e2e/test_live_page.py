"""`--web` with a real daemon and a real browser: calls appear as they come, and an exec is followed while it runs."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .apispy_process import Apispy
from .battery_runner import CLIS
from .clients import Client, finish
from .daemon import Daemons
from .test_page import browser  # noqa: F401  (a fixture)

PREFIX = "zqweb"


@pytest.fixture
def spy(place: Path, daemons: Daemons) -> Iterator[Apispy]:
    where = place / "web"
    listen = ["--listen", f"unix://{where}/s.sock", "--upstream", daemons.plain.unix.host]
    spy = Apispy.start(where, *listen, "--web", "-q")
    yield spy
    spy.kill()


def test_an_exec_is_watched_while_it_runs(
    browser: Browser,  # noqa: F811
    spy: Apispy,
    place: Path,
    daemons: Daemons,
) -> None:
    client = Client(spy.at, daemons.plain, CLIS[max(CLIS)], PREFIX, place / "webc", place / "webc")
    found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", spy.err)
    assert found, spy.err
    wrong: list[str] = []
    page = browser.new_context(timezone_id="UTC").new_page()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(found[0])
    expect(page.get_by_role("status").filter(has_text="live")).to_be_visible()
    assert "token" not in page.url

    begun = client.sh("docker run -d --name $P-a $N $IMG sleep 60")
    assert begun.code == 0, begun.err
    expect(page.locator("tr[data-id]", has_text="ContainerStart")).to_be_visible()

    running = client.popen(
        'docker exec -i $P-a sh -c \'printf "fir%s\\n" st; read word; echo "<b>$word</b>"\'',
        stdin=subprocess.PIPE,
    )
    opened = page.locator("tr[data-id]", has_text="ExecStart")
    expect(opened).to_be_visible()
    opened.click()
    details = page.locator("main, body").first
    expect(details).to_contain_text("first")  # the command does not have the word; it waits for its input now
    assert running.poll() is None
    ended = finish(running, b"second\n")
    assert (ended.code, ended.out) == (0, b"first\n<b>second</b>\n")
    expect(page.locator("tr[data-id]", has_text="ExecInspect")).to_be_visible()
    opened.click()
    expect(details).to_contain_text("<b>second</b>")
    assert page.locator("b", has_text="second").count() == 0  # text, not markup

    client.sh("docker rm -f $P-a")
    expect(page.locator("tr[data-id]", has_text="ContainerDelete")).to_be_visible()
    assert spy.end() == 0, spy.err
    expect(page.get_by_role("status").filter(has_text="apispy has ended")).to_be_visible()
    assert wrong == []
