"""The work of ``apispy view``: the page of a file, served until Ctrl-C for the user's own browser."""

import asyncio
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from apispy.app.child import STOP_SIGNALS
from apispy.app.decoded_calls import decode_file
from apispy.app.export import with_https
from apispy.app.page import session_page
from apispy.app.progress import NoProgress, StartProgress
from apispy.app.web import Answer, WebServer
from apispy.outputs.page import POLICY

if TYPE_CHECKING:
    from apispy.outputs.filtered import CallFilter


def make_page(
    file: Path,
    *,
    show_secrets: bool = False,
    call_filter: "CallFilter | None" = None,
    progress: StartProgress = NoProgress,
) -> bytes:
    """Return the page of the calls of *file* that match. Raises ApispyError."""
    with progress(str(file), None) as bar:
        calls = decode_file(
            file, show_secrets=show_secrets, reached=bar.reached, adapt=with_https, notes="on"
        )
        found = filter(call_filter.matches, calls) if call_filter else calls
        return "".join(session_page(found, file.name)).encode()


def serve_page(page: bytes, ready: Callable[[str, bool], None], *, browser: bool) -> None:
    """Serve *page* until Ctrl-C or SIGTERM. *ready* gets its address, and whether a browser is opened.

    The token in the address is good for one browser. Raises ApispyError if it cannot listen.
    """
    asyncio.run(_serve(page, ready, browser))


async def _serve(page: bytes, ready: Callable[[str, bool], None], browser: bool) -> None:
    stopped = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = WebServer({"/": Answer(200, page, "text/html; charset=utf-8", POLICY)}, single_use=True)
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
