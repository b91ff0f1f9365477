"""Notes on the API version of a call."""

import re
from collections.abc import Iterator

from apispy.engine import Call
from apispy.engine.versions import LOWEST, NEWEST, VERSIONS, api_of_engine, parse
from apispy.learn.notes.words import span
from apispy.model import Exchange

DEPRECATED = {"Session": "1.53", "Grpc": "1.53"}
"""Operations that Docker calls deprecated, and since when. Source: version history of the API, 1.53."""

_CLIENT = re.compile(r"(?:Docker-Client|moby-client)/(\S+)")


def version_in_force(call: Call, exchange: Exchange) -> str | None:
    """The version by which the daemon takes a call: the one named, else its own; None if that is not known either."""
    return call.version or _daemons(exchange) or None


def version_notes(call: Call, exchange: Exchange) -> Iterator[str]:
    named = parse(call.version or "")
    if named is not None:
        yield from _unknown(call, named)
        yield from _refused(call, named, _daemons(exchange))
    version = version_in_force(call, exchange)
    if version is not None and (parsed := parse(version)):
        yield from _not_there(call, version)
        if (since := DEPRECATED.get(call.operation.id)) and parsed >= _parsed(since):
            yield f"{call.operation.id} is deprecated since API {since}"
    yield from _negotiated(call, exchange)


def _unknown(call: Call, named: tuple[int, int]) -> Iterator[str]:
    if named > _parsed(NEWEST):
        yield f"API {call.version} is newer than apispy knows; the call is read as one of {NEWEST}"


def _not_there(call: Call, version: str) -> Iterator[str]:
    operation = call.operation
    if call.version_known and not operation.exists_in(version):
        there = span(operation.first or VERSIONS[0], operation.last or NEWEST)
        yield f"API {version} has no {operation.id}: it is there {there}"


def _refused(call: Call, named: tuple[int, int], daemon: str) -> Iterator[str]:
    """A version that the client holds to although the daemon speaks a newer one: other engines refuse it."""
    if not daemon or named >= _parsed(daemon):
        return
    refusing = [(release, lowest) for release, lowest in LOWEST if named < _parsed(lowest)]
    if refusing:
        release = refusing[0][0]
        again = "" if refusing[-1] == LOWEST[-1] else f" until {LOWEST[LOWEST.index(refusing[-1]) + 1][0]}"
        lowest = ", ".join(f"{lowest} at {release}" for release, lowest in refusing)
        yield f"engines from {release} on{again} refuse API {call.version}: their lowest is {lowest}"


def _negotiated(call: Call, exchange: Exchange) -> Iterator[str]:
    """Which of the two has held the version down."""
    client = _CLIENT.search(exchange.request.headers.text("user-agent"))
    speaks = api_of_engine(client[1]) if client else None
    daemon = _daemons(exchange)
    if speaks and daemon and call.version and parse(speaks) and parse(daemon):
        lower = min(speaks, daemon, key=_parsed)
        if speaks != daemon and call.version == lower:
            yield f"the client speaks API {speaks}, the daemon {daemon}: {lower} is used"


def _daemons(exchange: Exchange) -> str:
    """The daemon's own version, which it puts on every answer."""
    return exchange.response.headers.text("api-version") if exchange.response else ""


def _parsed(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)
