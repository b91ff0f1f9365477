"""The HTML document: the template of ``assets/page.html`` with style, script, data and a table for no script.

The browser runs nothing but the script whose digest is in the Content-Security-Policy. Data is in script elements of
type application/json, which no browser runs; the script puts it on the page as text.
"""

import base64
import hashlib
import html
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from typing import Any, Literal

import apispy
from apispy import units
from apispy.outputs.escaping import escape
from apispy.outputs.page.page_call import PageCall, page_json

ASSETS = resources.files("apispy.outputs.page") / "assets"

SCRIPTS = (
    "text.js",
    "server.js",
    "filter.js",
    "content.js",
    "details.js",
    "waterfall.js",
    "tabs.js",
    "notices.js",
    "page.js",
    "live.js",
)
"""The parts of the script, in their order: each uses only those before it."""

STATIC_ROWS = 1000
"""Calls in the table that browsers without script show."""

STYLE = (ASSETS / "page.css").read_text("utf-8")
SCRIPT = (
    '"use strict";\n(() => {\n' + "".join((ASSETS / name).read_text("utf-8") for name in SCRIPTS) + "})();\n"
)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {_digest(SCRIPT)}; style-src {_digest(STYLE)}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy. ``connect-src``: for a page that its own server feeds."""


def document(
    calls: Iterable[PageCall],
    tabs: Callable[[], dict[str, Any]],
    grammar: dict[str, Any],
    title: str = "",
    *,
    notices: Callable[[], list[dict[str, Any]]] = list,
    kind: Literal["file", "served", "live"] = "file",
) -> Iterator[str]:
    """Yield the page of *calls*. *tabs* and *notices* are called after the last call.

    *grammar* is the filter language's. *tabs*: a value by name: ``lines`` ([text, style]) or statistics. *notices*:
    ``at`` (Unix seconds) and ``text``. A *served* page asks its server for explanations; a *live* one also gets calls
    from it, as server-sent events of "/calls", and the tabs.
    """
    static = _StaticTable()
    about = {"version": apispy.__version__, "title": title, "grammar": grammar} | {
        "served": kind != "file",
        "live": kind == "live",
    }
    beside: list[dict[str, Any]] = []

    def noted() -> str:
        beside.extend(notices())
        return page_json(beside)

    content: dict[str, Callable[[], Iterable[str]]] = {
        "policy": lambda: [html.escape(POLICY)],
        "title": lambda: [html.escape(escape(title) or "session")],
        "style": lambda: [STYLE],
        "script": lambda: [SCRIPT],
        "about": lambda: [page_json(about)],
        "calls": lambda: static.noting(calls),
        "tabs": lambda: [page_json(tabs())],
        "notices": lambda: [noted()],
        "rows": lambda: static.rows,
        "more": lambda: static.more(beside),
        "": list,
    }
    for marker, text in _template():
        yield text
        yield from content[marker]()


class _StaticTable:
    """The table for browsers without script: the first STATIC_ROWS calls."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.calls = 0

    def noting(self, calls: Iterable[PageCall]) -> Iterator[str]:
        """Yield the calls as elements of a JSON list, and note their rows."""
        for call in calls:
            yield f"{',' if self.calls else ''}\n{page_json(call)}"
            self.calls += 1
            if self.calls <= STATIC_ROWS:
                self.rows.append(_row(call))

    def more(self, notices: list[dict[str, Any]]) -> Iterator[str]:
        """Say how many calls are not in the table, and list the notices."""
        if (more := self.calls - STATIC_ROWS) > 0:
            yield f"<p>{units.count(more, 'more calls')}: a browser that runs this page's script shows them.</p>\n"
        if notices:
            yield "<h2>Notices</h2>\n<ul>\n"
            yield from (
                f"<li>{_time(one['at'] or 0.0)} {html.escape(escape(one['text']))}</li>\n" for one in notices
            )
            yield "</ul>\n"


def _template() -> Iterator[tuple[str, str]]:
    """Yield (marker, text before it); the last marker is ""."""
    parts = re.split(r"<!-- ([a-z]+) -->", (ASSETS / "page.html").read_text("utf-8"))
    yield from zip([*parts[1::2], ""], parts[::2], strict=True)


def _row(call: PageCall) -> str:
    """Format a row of the table without script."""
    status = str(call.get("status", "no response"))
    result = "; ".join(call.get("errors", ())) or call.get("outcome", "") or call.get("reason", "")
    cells = (
        str(call["id"]),
        _time(call.get("started") or 0.0),
        call.get("operation") or "?",
        f"{call.get('method', '')} {call.get('names', '')} {call.get('arguments', '')}".strip(),
        f"{'✗ ' if call.get('failed') else ''}{status}",
        result,
        units.size(call.get("received", 0)),
        units.duration(call.get("duration") or 0.0),
    )
    css = ' class="failed"' if call.get("failed") else ""
    return f"<tr{css}>{''.join(f'<td>{html.escape(escape(cell))}</td>' for cell in cells)}</tr>\n"


def _time(seconds: float) -> str:
    """Format Unix seconds as the time of day in UTC."""
    return units.utc(seconds).strftime("%H:%M:%S.%f")[:-3]
