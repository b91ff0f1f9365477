"""The body of a request: JSON by its values, archives by their members, anything else by its bytes."""

from collections.abc import Iterator

from apispy.redaction.stream_policy import FORM
from apispy.replay.archive import Listing
from apispy.replay.comparable_request import NO_JSON, ComparableRequest
from apispy.replay.matching.base import Difference, Question, matcher
from apispy.replay.matching.json_equivalence import unify


@matcher(
    "body",
    "JSON in any order and spacing; archives by their members and contents, not times; anything else byte for byte.",
)
def body(question: Question) -> Iterator[Difference]:
    recorded, live = question.recorded, question.live
    if FORM in (recorded.media_type, live.media_type) or not recorded.shown:
        return  # a form's parameters belong to the query; what was withheld is not known
    if not recorded.ended:
        return  # the daemon answered before it had all of it
    if recorded.json is not NO_JSON and live.json is not NO_JSON:
        yield from unify(question.unifier, recorded.json, live.json, "body $")
    elif recorded.listing is not None and live.listing is not None:
        yield from _archives(recorded.listing, live.listing)
    elif not _same_bytes(recorded, live):
        yield Difference("body", _about(recorded), _about(live))


def _archives(recorded: Listing, live: Listing) -> Iterator[Difference]:
    for name in recorded.keys() | live.keys():
        one, other = recorded.get(name), live.get(name)
        if one is None or other is None:
            yield Difference(f"body {name!r}", _member(one), _member(other))
            continue
        for fact in one.keys() | other.keys():
            if one.get(fact) != other.get(fact):
                yield Difference(f"body {name!r} {fact}", one.get(fact), other.get(fact))


def _member(member: dict[str, object] | None) -> str | None:
    return None if member is None else f"{member['type']}, {member['size']} bytes"


def _same_bytes(recorded: ComparableRequest, live: ComparableRequest) -> bool:
    ours, theirs = recorded.content, live.content
    if ours.whole and theirs.whole:
        return ours.data == theirs.data
    return ours.size == theirs.size and ours.sha256 in ("", theirs.sha256)


def _about(asked: ComparableRequest) -> str:
    size = asked.content.size
    return f"{size} bytes, SHA-256 {asked.content.sha256[:12]}" if size else "nothing"
