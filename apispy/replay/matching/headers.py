"""The matcher ``headers``: only those that matter to the daemon; others depend on the client."""

import json
from collections.abc import Iterator
from typing import Any

from apispy.decoders.value import unbase64
from apispy.model import Headers
from apispy.replay.matching.json_equivalence import compare_json
from apispy.replay.matching.matcher import Difference, RequestPair, matcher

COMPARED_HEADERS = ("upgrade", "x-registry-auth", "x-registry-config", "range")
"""In lower case. Content-Type is compared too, if both requests have a body."""

CREDENTIAL_HEADERS = ("x-registry-auth", "x-registry-config")

NO_CREDENTIALS: tuple[Any, ...] = ({}, None, "")
"""Decoded values of a credential header without credentials; None: no header."""


@matcher("headers")
def headers(pair: RequestPair) -> Iterator[Difference]:
    recorded, live = pair.recorded.headers, pair.live.headers
    for name in COMPARED_HEADERS:
        if name in CREDENTIAL_HEADERS:
            yield from _compare_credentials(pair, name)
        elif recorded.text(name).lower() != live.text(name).lower():
            yield Difference(f"header {name}", _value(recorded, name), _value(live, name))
    one, other = pair.recorded, pair.live
    if one.content.size and other.content.size and one.media_type != other.media_type:
        yield Difference("header content-type", one.media_type, other.media_type)


def _compare_credentials(pair: RequestPair, name: str) -> Iterator[Difference]:
    recorded, live = (_decoded(side.headers, name) for side in (pair.recorded, pair.live))
    if recorded in NO_CREDENTIALS and live in NO_CREDENTIALS:
        return
    yield from compare_json(pair.unifier, recorded, live, f"header {name}")


def _decoded(headers: Headers, name: str) -> Any:
    """The JSON in a credential header; its text if it is not JSON; None if there is no such header."""
    if name not in headers:
        return None
    text = headers.text(name)
    try:
        return json.loads(unbase64(text.encode("latin-1")).decode())
    except (ValueError, RecursionError):
        return text


def _value(headers: Headers, name: str) -> str | None:
    return headers.text(name) if name in headers else None
