"""Notes on the API version of a call."""

import re
from collections.abc import Iterator

from apispy.engine import Call
from apispy.engine.versions import LOWEST, NEWEST, VERSIONS, api_of_engine, parse
from apispy.model import Exchange

DEPRECATED = {"Session": "1.53", "Grpc": "1.53"}
"""Deprecated operations, and since which API version. Source: API version history, 1.53."""

_CLIENT = re.compile(r"(?:Docker-Client|moby-client)/(\S+)")


def version_in_force(call: Call, exchange: Exchange) -> str | None:
    """Return the API version of a call: the one in its path, else the daemon's own; None if that is unknown."""
    return call.version or _daemon_version(exchange) or None


def version_notes(call: Call, exchange: Exchange) -> Iterator[str]:
    requested = parse(call.version or "")
    if requested is not None:
        yield from _unknown(call, requested)
        yield from _refused(call, requested, _daemon_version(exchange))
    version = version_in_force(call, exchange)
    if version is not None and (parsed := parse(version)):
        yield from _unavailable(call, version)
        if (since := DEPRECATED.get(call.operation.id)) and parsed >= _parsed(since):
            yield f"{call.operation.id} has been deprecated since API {since}"
    yield from _negotiated(call, exchange)


def _unknown(call: Call, requested: tuple[int, int]) -> Iterator[str]:
    if requested > _parsed(NEWEST):
        yield f"API {call.version} is newer than any version apispy knows; the call is decoded as API {NEWEST}"


def _unavailable(call: Call, version: str) -> Iterator[str]:
    operation = call.operation
    if call.version_known and not operation.exists_in(version):
        versions = availability(operation.first or VERSIONS[0], operation.last or NEWEST)
        yield f"API {version} has no {operation.id}: it is available {versions}"


def _refused(call: Call, requested: tuple[int, int], daemon: str) -> Iterator[str]:
    """Note a version lower than the daemon's that other engine releases refuse."""
    if not daemon or requested >= _parsed(daemon):
        return
    refusing = [(release, lowest) for release, lowest in LOWEST if requested < _parsed(lowest)]
    if refusing:
        release = refusing[0][0]
        accepting = "" if refusing[-1] == LOWEST[-1] else LOWEST[LOWEST.index(refusing[-1]) + 1][0]
        engines = (
            f"Docker Engine from {release} to before {accepting}"
            if accepting
            else f"Docker Engine {release} and later"
        )
        lowest = ", ".join(f"{lowest} in {release}" for release, lowest in refusing)
        yield f"{engines} refuses API {call.version} (lowest supported version: {lowest})"


def _negotiated(call: Call, exchange: Exchange) -> Iterator[str]:
    """Note which side limited the negotiated version."""
    client = _CLIENT.search(exchange.request.headers.text("user-agent"))
    supported = api_of_engine(client[1]) if client else None
    daemon = _daemon_version(exchange)
    if supported and daemon and call.version and parse(supported) and parse(daemon):
        lower = min(supported, daemon, key=_parsed)
        if supported != daemon and call.version == lower:
            yield f"the client supports API {supported} and the daemon {daemon}, so API {lower} is used"


def _daemon_version(exchange: Exchange) -> str:
    """Return the daemon's own API version, which is in every response."""
    return exchange.response.headers.text("api-version") if exchange.response else ""


def _parsed(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)


def availability(first: str, last: str) -> str:
    """Describe a range of versions: "since API 1.41", "until API 1.24", "from API 1.30 to 1.40"."""
    if last == NEWEST:
        return f"since API {first}"
    return f"until API {last}" if first == "1.0" else f"from API {first} to {last}"
