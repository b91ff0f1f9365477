"""The server of `apispy view`: one page, on loopback, for the user's own browser.

The address that is printed has a random token, which is good once: the browser gets a cookie for it, and the address
in its history is worth nothing. ``apispy.app.web`` keeps others out.
"""

import asyncio
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from apispy import system
from apispy.app.child import STOP_SIGNALS
from apispy.app.decoded_calls import decode_file
from apispy.app.export import with_https
from apispy.app.page import session_page
from apispy.app.page_explanation import explanation
from apispy.app.page_tabs import WIDTH
from apispy.app.progress import NoProgress, StartProgress
from apispy.app.web import Access, Answer, WebServer
from apispy.outputs.page import POLICY

if TYPE_CHECKING:
    from apispy.learn.explain.layout import Line
    from apispy.outputs import DecodedCall
    from apispy.outputs.filtered import CallFilter

REMEDY = "It is good once: type apispy view FILE again."


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
    notices: list[tuple[float, str]] = []
    with progress(str(file), None) as bar:
        calls = decode_file(
            file,
            show_secrets=show_secrets,
            reached=bar.reached,
            adapt=with_https,
            notes="on",
            notice=lambda at, text: notices.append((at, text)),
        )
        found = filter(call_filter.matches, calls) if call_filter else calls
        return "".join(session_page(found, file.name, comparison, notices=notices, served=True)).encode()


def _comparison(a: Path, b: Path) -> "list[Line]":
    from apispy.learn.diff import compare_captures, diff_lines

    calls_a, calls_b = (sorted(decode_file(file), key=_number) for file in (a, b))
    return diff_lines(compare_captures(calls_a, calls_b, (str(a), str(b))), WIDTH)


def _number(decoded: "DecodedCall") -> int:
    return decoded.exchange.id


def serve_page(page: bytes, ready: Callable[[str, bool], None], *, browser: bool) -> None:
    """Serve *page* until Ctrl-C or SIGTERM. *ready* gets its address, and whether a browser is opened.

    Raises ApispyError if it cannot listen.
    """
    asyncio.run(_serve(page, ready, browser))


async def _serve(page: bytes, ready: Callable[[str, bool], None], browser: bool) -> None:
    stopped = asyncio.Event()
    for number in STOP_SIGNALS:
        system.on_signal(number, stopped.set)
    answer = Answer(200, page, "text/html; charset=utf-8", POLICY)
    access = partial(Access, single_use=True, remedy=REMEDY)
    server = WebServer({"/": answer}, questions={"/explain": explanation}, access=access)
    await server.start()
    try:
        opens = browser and _has_browser()
        ready(server.url, opens)
        if opens:  # in a thread of its own, which nobody waits for: a browser in a terminal would block
            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
        await stopped.wait()
    finally:
        await server.close()


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
