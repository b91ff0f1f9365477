"""The page of a session: its calls, with what can be learned from all of them.

Importing this module registers the exporter.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from apispy import units
from apispy.app.page_tabs import TABS, line_values, make_tab
from apispy.outputs.base import DecodedCall
from apispy.outputs.exports import exporter

if TYPE_CHECKING:
    from apispy.app.messages import StyledLine

MAX_NOTICES = 1000
"""Notices on the page of a file: the last ones."""


@exporter(
    "html",
    suffix=".html",
    description="a page to look at, in one file: waterfall, table, contents, story",
    takes_notices=True,
    has_urls=True,
)
def export(decoded_calls: Iterable[DecodedCall], notices: Iterable[tuple[float, str]] = ()) -> Iterator[str]:
    return session_page(decoded_calls, notices=notices)


def session_page(
    decoded_calls: Iterable[DecodedCall],
    title: str = "",
    comparison: "Iterable[StyledLine]" = (),
    *,
    notices: Iterable[tuple[float, str]] = (),
    served: bool = False,
) -> Iterator[str]:
    """Yield the page of *decoded_calls*, which are redacted.

    *title*: the name of their file. *comparison*: lines of the tab that compares them with others. *notices*: (Unix
    seconds, text), complete after the last call. *served*: by a server that explains calls.
    """
    from apispy.filters.as_json import grammar
    from apispy.outputs.page import document

    tabs = {name: make_tab(name) for name in TABS}

    def calls() -> Iterator[dict[str, Any]]:
        for decoded in decoded_calls:
            for tab in tabs.values():
                tab.add(decoded)
            yield call_on_page(decoded)

    def values() -> dict[str, Any]:
        compared = line_values(comparison)
        found = {name: tab.value() for name, tab in tabs.items()}
        return found | ({"comparison": {"lines": compared}} if compared else {})

    return document(
        calls(),
        values,
        grammar(),
        title,
        notices=lambda: _last_notices(notices),
        kind="served" if served else "file",
    )


def live_page(title: str) -> bytes:
    """Return the page without calls: its script gets them from the server that it comes from."""
    from apispy.filters.as_json import grammar
    from apispy.outputs.page import document

    return "".join(document((), dict, grammar(), title, kind="live")).encode()


def call_on_page(decoded: DecodedCall) -> dict[str, Any]:
    """Return the data of one call."""
    from apispy.filters.as_json import field_values
    from apispy.outputs.page import page_call

    return page_call(decoded, docker=_docker(decoded), fields=field_values(decoded))


def notice_on_page(at: float, text: str, missed: int | None = None) -> dict[str, Any]:
    """Return the data of a notice; *at*: Unix seconds; *missed*: the number of a call without a recorded response."""
    from apispy.outputs.page import number

    return {"at": number(at), "text": text} | ({} if missed is None else {"missed": missed})


def _last_notices(notices: Iterable[tuple[float, str]]) -> list[dict[str, Any]]:
    """Return the data of the last MAX_NOTICES notices, after one that says how many are missing."""
    every = list(notices)
    shown = [notice_on_page(at, text) for at, text in every[-MAX_NOTICES:]]
    if (more := len(every) - len(shown)) > 0:
        text = f"{units.count(more, 'earlier notices')} of this session are not on this page; apispy show prints them"
        shown.insert(0, notice_on_page(every[more][0], text))
    return shown


def _docker(decoded: DecodedCall) -> str:
    """Return the docker command that creates the container of a call; "" for other calls."""
    from apispy.learn.story import docker_line
    from apispy.outputs.decoded_values import first_json

    if decoded.call.operation.id != "ContainerCreate":
        return ""
    body, call = first_json(decoded, "request"), decoded.call
    if not isinstance(body, dict):
        return ""
    return docker_line(body, name=call.value("name"), platform=call.value("platform"), started=False).text
