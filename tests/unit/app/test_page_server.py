"""`apispy view`: who may see the page, and what the server answers to others."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apispy.outputs.page import POLICY

SAMPLE = Path(__file__).parents[3] / "samples/run.jsonl"


class Served:
    """A running `apispy view --no-browser`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "apispy", "view", "--no-browser", str(SAMPLE)],
            stderr=subprocess.PIPE, text=True, env=os.environ | {"BROWSER": "false"},
        )  # fmt: skip
        assert self.process.stderr is not None
        assert (
            self.process.stderr.readline() == "apispy: the page is at this address, once; Ctrl-C ends this:\n"
        )
        self.url = self.process.stderr.readline().strip()
        self.address, _, self.query = self.url.removeprefix("http://").partition("/")

    def ask(self, target: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        with contextlib.closing(http.client.HTTPConnection(self.address, timeout=20)) as connection:
            connection.request(method, target, headers=headers)
            response = connection.getresponse()
            return response, response.read()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.process.send_signal(signal.SIGTERM)
    _, rest = served.process.communicate(timeout=20)
    assert rest == ""  # what others asked for is not printed
    assert served.process.returncode == 0


@pytest.fixture(scope="module")
def cookie(served: Served) -> str:
    """The cookie for the token of the address."""
    response, _ = served.ask(f"/{served.query}")
    assert (response.status, response.headers["Location"]) == (303, "/")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return cookie.partition(";")[0]


def test_the_browser_with_the_cookie_gets_the_page(served: Served, cookie: str) -> None:
    response, page = served.ask("/", Cookie=cookie)
    assert response.status == 200
    assert b"ContainerCreate" in page
    assert response.headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Server"] is None


def test_the_token_is_good_once(served: Served, cookie: str) -> None:
    response, text = served.ask(f"/{served.query}")
    assert response.status == 403
    assert b"type apispy view FILE again" in text
    response, _ = served.ask(f"/{served.query}", Cookie=cookie)  # the browser reloads the address
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize(
    ("target", "method", "headers", "status"),
    [
        ("/", "GET", {"Cookie": ""}, 403),
        ("/", "GET", {"Cookie": "apispy-1=x"}, 403),
        ("/?token=guess", "GET", {"Cookie": ""}, 403),
        ("/", "GET", {"Host": "evil.example"}, 403),
        ("/", "GET", {"Host": "127.0.0.1:1"}, 403),
        ("/", "GET", {"Origin": "http://evil.example"}, 403),
        ("/", "GET", {"Origin": "null"}, 403),
        ("/", "POST", {}, 405),
        ("/", "HEAD", {"Cookie": ""}, 403),
        ("/", "OPTIONS", {}, 405),
        ("/other", "GET", {}, 404),
        ("/../../etc/passwd", "GET", {}, 404),
    ],
)
def test_others_are_refused(
    served: Served, cookie: str, target: str, method: str, headers: dict[str, str], status: int
) -> None:
    response, text = served.ask(target, method, **({"Cookie": cookie} | headers))
    assert response.status == status
    assert b"<" not in text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_it_listens_on_loopback_only(served: Served) -> None:
    assert served.address.startswith("127.0.0.1:")
    port = int(served.address.partition(":")[2])
    tables = [Path(f"/proc/{served.process.pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    listening = [
        row.split()[1] for table in tables for row in table.splitlines()[1:] if row.split()[3] == "0A"
    ]
    assert [local for local in listening if local.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_a_file_that_is_not_a_capture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello\n")
    done = subprocess.run(
        [sys.executable, "-m", "apispy", "view", str(tmp_path / "x")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("apispy: ")
    assert "x, line 1" in done.stderr
