"""The matcher ``body``."""

from collections.abc import Iterator

from apispy.engine.lookup import FORM
from apispy.replay.archive import ArchiveMembers
from apispy.replay.comparable_request import NOT_JSON, ComparableRequest
from apispy.replay.matching.json_equivalence import compare_json
from apispy.replay.matching.matcher import Difference, RequestPair, matcher


@matcher("body")
def body(pair: RequestPair) -> Iterator[Difference]:
    recorded, live = pair.recorded, pair.live
    if FORM in (recorded.media_type, live.media_type) or not recorded.body_shown:
        return  # `query` compares the parameters of a form; a withheld body is unknown
    if not recorded.body_complete:
        return  # the daemon responded before it had the whole body
    if recorded.json is not NOT_JSON and live.json is not NOT_JSON:
        yield from compare_json(pair.unifier, recorded.json, live.json, "body $")
    elif recorded.archive_members is not None and live.archive_members is not None:
        yield from _compare_archives(recorded.archive_members, live.archive_members)
    elif not _same_bytes(recorded, live):
        yield Difference("body", _description(recorded), _description(live))


def _compare_archives(recorded: ArchiveMembers, live: ArchiveMembers) -> Iterator[Difference]:
    for name in recorded.keys() | live.keys():
        one, other = recorded.get(name), live.get(name)
        if one is None or other is None:
            yield Difference(f"body {name!r}", _member_description(one), _member_description(other))
            continue
        for field in one.keys() | other.keys():
            if one.get(field) != other.get(field):
                yield Difference(f"body {name!r} {field}", one.get(field), other.get(field))


def _member_description(member: dict[str, object] | None) -> str | None:
    return None if member is None else f"{member['type']}, {member['size']} bytes"


def _same_bytes(recorded: ComparableRequest, live: ComparableRequest) -> bool:
    one, other = recorded.content, live.content
    if one.whole and other.whole:
        return one.data == other.data
    return one.size == other.size and one.sha256 in ("", other.sha256)


def _description(request: ComparableRequest) -> str:
    size = request.content.size
    return f"{size} bytes, SHA-256 {request.content.sha256[:12]}" if size else "nothing"
