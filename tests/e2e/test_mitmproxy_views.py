"""mitmweb and mitmproxy show the calls of a real docker CLI with addons/docker_api.py: in a browser, and in a terminal."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import unavailable
from .daemon import Daemons, free_port
from .devtools import Page, chromium
from .wait import until

ADDON = Path(__file__).parents[2] / "addons/docker_api.py"
SCRIPT = "echo hello; echo oops >&2"


def command(program: str, upstream: str, port: int, where: Path, *options: str) -> list[str]:
    path = str(Path(sys.executable).with_name(program))
    listen = ["--listen-host", "127.0.0.1", "--listen-port", str(port)]
    mode = ["--mode", f"reverse:{upstream.replace('tcp:', 'http:')}"]
    return [path, "-s", str(ADDON), *mode, *listen, "--set", f"confdir={where}", *options]


def docker(port: int, *words: str) -> str:
    """Run the docker CLI through mitmproxy's listener."""
    command = ["docker", "-H", f"tcp://127.0.0.1:{port}", *words]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()


def run_a_container(port: int) -> None:
    words = ["run", "--rm", "--name", "shown", "--network", "none", "busybox:test", "sh", "-c", SCRIPT]
    assert docker(port, *words) == "hello\n"


# --- mitmweb


class MitmWeb(Page):
    """mitmweb's page: a table of flows, and the flow that was clicked."""

    def rows(self) -> list[str]:
        script = "[...document.querySelectorAll('.flow-table tbody tr')].map(row => row.innerText)"
        return [row for row in self.evaluate(script) if row.strip()]

    def open_row(self, text: str) -> None:
        """Click the first row that holds *text*."""
        rows = "[...document.querySelectorAll('.flow-table tbody tr')]"
        until(lambda: any(text in row for row in self.rows()), 30, f"a row with {text}")
        self.evaluate(f"{rows}.find(row => row.innerText.includes({text!r})).click()")

    def open_tab(self, name: str) -> None:
        """Click a tab of the open flow."""
        tabs = "[...document.querySelectorAll('.flow-detail nav a')]"
        until(lambda: name in self.evaluate(f"{tabs}.map(tab => tab.innerText)"), 30, f"the tab {name}")
        self.evaluate(f"{tabs}.find(tab => tab.innerText === {name!r}).click()")

    def detail(self) -> str:
        return str(self.evaluate("document.querySelector('.flow-detail')?.innerText ?? ''"))


@contextmanager
def mitmweb(upstream: str, where: Path) -> Iterator[tuple[int, str]]:
    """Start mitmweb; yield the port of its listener and the address of its page."""
    port, page = free_port(), free_port()
    options = ["--no-web-open-browser", "--web-port", str(page), "--set", "web_password=e2e"]
    log = where / "log"
    with log.open("wb") as file:
        words = command("mitmweb", upstream, port, where, *options)
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT)
    try:
        until(lambda: "Web server listening" in log.read_text(), 60, f"mitmweb, see {log}")
        yield port, f"http://127.0.0.1:{page}/?token=e2e"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def web(daemons: Daemons, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, MitmWeb]]:
    if not shutil.which("chromium"):
        unavailable("this test opens mitmweb in Chromium; on Debian: apt-get install chromium")
    where = tmp_path_factory.mktemp("mitmweb")
    with mitmweb(daemons.plain_tcp.host, where) as (port, address), chromium(where / "profile") as socket:
        page = MitmWeb(socket, address)
        until(lambda: page.evaluate("document.querySelector('#container') !== null"), 60, "the page")
        yield port, page


def test_mitmweb_shows_calls_as_they_begin_and_what_they_carried(web: tuple[int, MitmWeb]) -> None:
    port, page = web
    with subprocess.Popen(["docker", "-H", f"tcp://127.0.0.1:{port}", "events"], stdout=-3) as events:
        try:
            until(lambda: any("/events" in row for row in page.rows()), 30, "the open call")
            run_a_container(port)
        finally:
            events.kill()
    page.open_row("/attach")
    page.open_tab("Comment")
    until(lambda: "-> 101" in page.detail(), 30, "the comment on the call that has ended")
    assert "ContainerAttach POST /v1.41/containers/shown (" in page.detail()  # the container's name and ID
    page.open_row("TCP")
    page.open_tab("Stream Data")
    until(lambda: "stdout| hello" in page.detail(), 30, "the container's output")
    assert "stderr| oops" in page.detail()
    page.open_row("/events")
    page.open_tab("Response")
    until(lambda: "View: auto" in page.detail() and "exec" not in page.detail(), 30, "the events")
    assert page.picture().startswith(b"\x89PNG")


def test_mitmweb_lists_archives(web: tuple[int, MitmWeb]) -> None:
    port, page = web
    docker(port, "create", "--name", "copied", "--network", "none", "busybox:test", "sh")
    docker(port, "cp", "copied:/etc", "-")
    docker(port, "rm", "copied")
    page.open_row("/archive")
    page.open_tab("Response")
    until(lambda: "drwxr-xr-x" in page.detail(), 30, "the members of the archive")


# --- mitmproxy


class Tmux:
    """A tmux server with one window."""

    def __init__(self, socket: Path, columns: int, words: list[str]) -> None:
        self._socket = str(socket)
        self._tmux("new-session", "-d", "-x", str(columns), "-y", "40", *words)

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-f", "/dev/null", "-S", self._socket, *words]
        return subprocess.run(command, capture_output=True, check=True, timeout=20).stdout.decode()

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.mark.parametrize("columns", [80, 200])
def test_mitmproxy_shows_calls_in_a_terminal(daemons: Daemons, tmp_path: Path, columns: int) -> None:
    if not shutil.which("tmux"):
        unavailable("this test runs mitmproxy in a terminal; on Debian: apt-get install tmux")
    port = free_port()
    words = command("mitmproxy", daemons.plain_tcp.host, port, tmp_path, "--set", "view_filter=~tcp")
    terminal = Tmux(tmp_path / "tmux", columns, words)
    try:
        until(lambda: f":{port}" in terminal.screen(), 60, "mitmproxy's listener")
        run_a_container(port)
        until(lambda: "1/1" in terminal.screen(), 30, "the flow of the attached container")
        terminal.press("Enter")
        until(lambda: "stdout| hello" in terminal.screen(), 30, "its output")
        assert "stderr| oops" in terminal.screen()
        terminal.press("Tab")
        until(lambda: "Comment: ContainerAttach POST" in terminal.screen(), 30, "the tab with the comment")
    finally:
        terminal.close()
