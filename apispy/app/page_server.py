"""The server of `apispy view`: one page, on loopback, for the user's own browser.

The address that is printed has a random token, which is good once: the browser gets a cookie for it, and the address
in its history is worth nothing. A page of another site can neither read this one nor make the browser show it: the
name in Host must be of loopback (DNS rebinding), Origin must be this server's, and the cookie is not sent from there.
"""

import asyncio
import contextlib
import hmac
import secrets
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from apispy.app.child import STOP_SIGNALS
from apispy.app.decoded_calls import decode_file
from apispy.app.export import with_https
from apispy.app.page import WIDTH, session_page
from apispy.app.progress import NoProgress, StartProgress
from apispy.errors import ApispyError
from apispy.outputs.page import POLICY

if TYPE_CHECKING:
    from apispy.learn.explain.layout import Line
    from apispy.outputs import DecodedCall
    from apispy.outputs.filtered import CallFilter

HOST = "127.0.0.1"

HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PageServer:
    """Serves *page* on a free port of loopback. Raises ApispyError if it cannot listen."""

    def __init__(self, page: bytes) -> None:
        self.page = page
        self.token: str | None = secrets.token_urlsafe(24)
        self.cookie = secrets.token_urlsafe(24)
        application = Application([("/", _Page, {"server": self})], default_handler_class=_Missing,
                                  default_handler_args={"server": self}, log_function=lambda _: None)  # fmt: skip
        try:
            sockets = bind_sockets(0, HOST)
        except OSError as error:
            raise ApispyError(f"cannot listen on {HOST}: {error.strerror}") from error
        self.port: int = sockets[0].getsockname()[1]
        self._http = HTTPServer(application)
        self._http.add_sockets(sockets)

    @property
    def url(self) -> str:
        """The address that opens the page, once."""
        return f"http://{HOST}:{self.port}/?token={self.token}"

    @property
    def cookie_name(self) -> str:
        """A name of its own: browsers send cookies of one host to all its ports."""
        return f"apispy-{self.port}"

    def knows(self, host: str) -> bool:
        """Whether *host* is this server's name with its port."""
        return host in (f"{HOST}:{self.port}", f"localhost:{self.port}")

    def redeem(self, token: str) -> bool:
        """Take the token, once."""
        if self.token is None or not hmac.compare_digest(token.encode(), self.token.encode()):
            return False
        self.token = None
        return True

    def close(self) -> None:
        self._http.stop()


class _Handler(RequestHandler):
    """Checks that a request is from the user's browser on this machine."""

    def initialize(self, server: PageServer) -> None:
        self.server = server

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        if not self.server.knows(self.request.host):
            raise HTTPError(403, reason="Unknown host")
        origin = self.request.headers.get("Origin")
        if origin is not None and not self.server.knows(origin.removeprefix("http://")):
            raise HTTPError(403, reason="Unknown origin")

    def write_error(self, status_code: int, **kwargs: object) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}\n")


class _Missing(_Handler):
    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)


class _Page(_Handler):
    def get(self) -> None:
        known = self.get_cookie(self.server.cookie_name, "") or ""
        if hmac.compare_digest(known.encode(), self.server.cookie.encode()):
            self._show()
        elif self.server.redeem(self.get_query_argument("token", "")):
            self.set_cookie(self.server.cookie_name, self.server.cookie, httponly=True, samesite="Strict")
            self.redirect("/", status=303)
        else:
            raise HTTPError(403, reason="This address was used, or is not whole: type apispy view FILE again")

    def _show(self) -> None:
        if self.request.query:
            self.redirect("/", status=303)
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(self.server.page)


def make_page(
    file: Path,
    *,
    show_secrets: bool = False,
    call_filter: "CallFilter | None" = None,
    compared: Path | None = None,
    progress: StartProgress = NoProgress,
) -> bytes:
    """Return the page of the calls of *file* that match. Raises ApispyError.

    *compared* is an earlier session: the page then also says what differs, in all calls.
    """
    comparison = _comparison(compared, file) if compared else []
    with progress(str(file), None) as bar:
        calls = decode_file(
            file, show_secrets=show_secrets, reached=bar.reached, adapt=with_https, notes="on"
        )
        found = filter(call_filter.matches, calls) if call_filter else calls
        return "".join(session_page(found, file.name, comparison)).encode()


def _comparison(a: Path, b: Path) -> "list[Line]":
    from apispy.learn.diff import compare_captures, diff_lines

    calls_a, calls_b = (sorted(decode_file(file), key=_number) for file in (a, b))
    return diff_lines(compare_captures(calls_a, calls_b, (str(a), str(b))), WIDTH)


def _number(decoded: "DecodedCall") -> int:
    return decoded.exchange.id


def serve_page(page: bytes, ready: Callable[[str, bool], None], *, browser: bool) -> None:
    """Serve *page* until Ctrl-C or SIGTERM. *ready* gets its address, and whether a browser is opened."""
    asyncio.run(_serve(page, ready, browser))


async def _serve(page: bytes, ready: Callable[[str, bool], None], browser: bool) -> None:
    stopped = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = PageServer(page)
    with contextlib.closing(server):
        opens = browser and _has_browser()
        ready(server.url, opens)
        if opens:  # in a thread of its own, which nobody waits for: a browser in a terminal would block
            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        await stopped.wait()


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
