"""Notes on proxies and addresses between a client and the daemon."""

import pytest

from apispy.engine import lookup
from apispy.learn import notes_on
from apispy.model import Exchange, Headers, Request, Response

UPGRADE = Headers(((b"Host", b"d"), (b"Connection", b"Upgrade"), (b"Upgrade", b"tcp")))


def notes(line: str, status: int, headers: Headers = Headers(), body: object = None) -> str:  # noqa: B008
    method, target = line.split()
    exchange = Exchange(
        1, 1, 0.0, "c", "u", Request(method, target, headers=headers), Response(status), end="complete"
    )
    return "\n".join(notes_on(lookup(method, target), exchange, [] if body is None else [body], []))


@pytest.mark.parametrize(
    ("line", "status", "headers", "body", "noted"),
    [
        ("POST /v1.41/exec/e/start", 200, UPGRADE, {"Detach": False}, True),
        ("POST /v1.41/containers/web/attach?stream=1", 200, UPGRADE, None, True),
        ("POST /v1.41/exec/e/start", 101, UPGRADE, {"Detach": False}, False),
        ("POST /v1.41/exec/e/start", 200, UPGRADE, {"Detach": True}, False),
        (
            "POST /v1.41/exec/e/start",
            200,
            UPGRADE,
            {"detach": True},
            False,
        ),  # as Go reads it, regardless of case
        ("POST /v1.41/exec/e/start", 200, Headers(), {}, False),  # an old client's hijack, without an upgrade
        ("POST /v1.41/exec/e/start", 409, UPGRADE, {}, False),
        ("GET /v1.41/info", 200, UPGRADE, None, False),  # as curl --http2 asks, and dockerd ignores
    ],
)
def test_an_upgrade_that_a_proxy_took_away(
    line: str, status: int, headers: Headers, body: object, noted: bool
) -> None:
    found = notes(line, status, headers, body)
    assert ("a proxy before the daemon dropped the Upgrade header" in found) is noted


@pytest.mark.parametrize(
    ("line", "status", "noted"),
    [
        ("POST //v1.41/containers/create", 301, True),
        ("GET /v1.41//info", 301, True),
        ("GET http://docker//v1.41/info", 301, True),
        ("GET http://docker/v1.41/info", 301, False),
        ("POST /v1.41/containers/create", 301, False),
        ("GET /v1.41/info?x=//", 301, False),
        ("GET //v1.41/info", 404, False),
    ],
)
def test_a_double_slash(line: str, status: int, noted: bool) -> None:
    assert ("the path has a double slash" in notes(line, status)) is noted


@pytest.mark.parametrize(
    ("line", "status", "is_lost"),
    [
        ("POST //v1.41/containers/create", 301, True),
        ("PUT //v1.41/containers/x/archive", 301, True),
        ("GET //v1.41/info", 301, False),
        ("HEAD //v1.41/_ping", 301, False),
        ("POST //v1.41/containers/create", 307, False),
        ("POST //v1.41/containers/create", 308, False),
    ],
)
def test_a_redirect_that_loses_the_method(line: str, status: int, is_lost: bool) -> None:
    found = notes(line, status)
    assert "the daemon redirects the client" in found
    assert ("follow a 301 with GET" in found) is is_lost
