"""The sessions as decoded calls, and their exports."""

import html
from collections.abc import Iterable

import apispy.app.page
import apispy.proxy.export_flow  # noqa: F401  (they register themselves)
from apispy.learn import NameRegistry
from apispy.outputs import DecodedCall
from apispy.outputs.exports import EXPORTERS
from apispy.outputs.page.document import POLICY, SCRIPT, STYLE
from apispy.pipeline import read
from apispy.redaction import Policy, Redactor
from apispy.redaction.tokens import Tokens
from apispy.tap.events import Closed
from tests.golden.sessions import SESSIONS, Wire


def decoded_calls(*sessions: str, show_secrets: bool = False) -> list[DecodedCall]:
    """Return the finished calls of the sessions, one session after another."""
    wire, memory = Wire(), NameRegistry()
    for name in sessions:
        SESSIONS[name](wire)
    closed = [event.exchange for event in wire.events if isinstance(event, Closed)]
    redactor = Redactor(Policy(show_secrets=show_secrets), Tokens(b"the same in every run"))
    return [read(exchange, memory, redactor=redactor) for exchange in closed]


def exported(name: str, calls: Iterable[DecodedCall]) -> bytes:
    """Return the whole file in the format *name*."""
    pieces = EXPORTERS[name].export(calls)
    return b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)


def without_assets(page: str) -> str:
    """Return an HTML page without its style and script, which have tests of their own."""
    assert STYLE in page
    assert SCRIPT in page
    return page.replace(STYLE, "STYLE").replace(SCRIPT, "SCRIPT").replace(html.escape(POLICY), "POLICY")
