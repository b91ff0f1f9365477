"""Notes on the API version of a call."""

import re
from collections.abc import Iterator

from apispy.engine.deprecations import OPERATIONS
from apispy.engine.versions import LOWEST, NEWEST, VERSIONS, api_of_engine, parse
from apispy.learn.notes.finished_call import FinishedCall

_CLIENT = re.compile(r"(?:Docker-Client|moby-client)/(\S+)")


def version_notes(finished: FinishedCall) -> Iterator[str]:
    call = finished.call
    requested = parse(call.version or "")
    if requested is not None:
        yield from _unknown(finished, requested)
        yield from _refused(finished, requested)
    version = finished.version
    if version is not None and (parsed := parse(version)):
        yield from _unavailable(finished, version)
        if (row := OPERATIONS.get(finished.operation)) and parsed >= _parsed(row.since):
            instead = f": {row.instead}" if row.instead else ""
            yield f"{finished.operation} has been deprecated since API {row.since}{instead}"
    yield from _negotiated(finished)


def _unknown(finished: FinishedCall, requested: tuple[int, int]) -> Iterator[str]:
    if requested > _parsed(NEWEST):
        yield (
            f"API {finished.call.version} is newer than any version apispy knows; "
            f"the call is decoded as API {NEWEST}"
        )


def _unavailable(finished: FinishedCall, version: str) -> Iterator[str]:
    operation = finished.call.operation
    if finished.call.version_known and not operation.exists_in(version):
        versions = operation.first or VERSIONS[0], operation.last or NEWEST
        if operation.documented:
            yield f"{operation.id} is {documented_in(*versions, version)}"
        else:
            yield f"API {version} has no {operation.id}: it is available {availability(*versions)}"


def _refused(finished: FinishedCall, requested: tuple[int, int]) -> Iterator[str]:
    """Note a version lower than the daemon's that other engine releases refuse."""
    daemon = finished.daemon_version
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
        yield f"{engines} refuses API {finished.call.version} by default (lowest supported version: {lowest})"


def _negotiated(finished: FinishedCall) -> Iterator[str]:
    """Note which side limited the negotiated version."""
    client = _CLIENT.search(finished.exchange.request.headers.text("user-agent"))
    supported = api_of_engine(client[1]) if client else None
    daemon, used = finished.daemon_version, finished.call.version
    if supported and daemon and used and parse(supported) and parse(daemon):
        lower = min(supported, daemon, key=_parsed)
        if supported != daemon and used == lower:
            yield f"the client supports API {supported} and the daemon {daemon}, so API {lower} is used"


def _parsed(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)


def documented_in(first: str, last: str, version: str | None) -> str:
    """Say that Docker's reference has something from *first* to *last*, and not for *version*.

    Engines often use it in other versions too: few look at the version of a call.
    """
    return f"documented {availability(first, last)}, not for API {version or NEWEST}: engines may ignore it"


def availability(first: str, last: str) -> str:
    """Describe a range of versions: "since API 1.41", "until API 1.24", "from API 1.30 to 1.40"."""
    if last == NEWEST:
        return f"since API {first}"
    if first == last:
        return f"in API {first} only"
    return f"until API {last}" if first == "1.0" else f"from API {first} to {last}"
