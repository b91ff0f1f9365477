"""Removes secrets from what programs write and read: output, terminals, files.

Only known secrets and the user's patterns are searched there. Frames and chunks are kept; what is replaced becomes
shorter or longer, so the sizes of frames change.
"""

from collections.abc import Iterable, Iterator

from apispy.model import Body
from apispy.redaction import categories, free_text, json_values
from apispy.redaction.bodies import compressed, holds, withheld
from apispy.redaction.edits import Edit, edited
from apispy.redaction.known_secrets import KnownSecrets, Repeat
from apispy.redaction.tokens import SecretReplacer
from apispy.structs import Struct

HEADER = 8
"""Bytes of the header of a stdio frame."""


class Frame(Struct, frozen=True):
    """A stdio frame in a stream; data without frames has *kind* -1 and no header. *start*: that of its payload."""

    kind: int
    start: int
    stop: int


def output(
    replacer: SecretReplacer, body: Body, place: str, *, framed: bool, coding: str = "", archive: bool = False
) -> Body:
    """Redact program output or an archive. *framed*: it may have Docker's stdio frames. *coding*: the compression.

    A body with another structure is withheld if it holds a secret. In an *archive*, only the user's patterns are
    searched.
    """
    rules = replacer.policy.rules
    known = bool(replacer.known_secrets) and not archive
    if not holds(body) or not (rules.patterns or known):
        return body
    if coding:
        return compressed(
            replacer,
            body,
            place,
            coding,
            lambda found: output(replacer, found, place, framed=framed, archive=archive),
        )
    if body.cut and rules.patterns:
        return withheld(replacer, body, place)
    if known:
        body = _without_repeats(replacer, body, place, framed=framed)
    return _without_patterns(replacer, body, place, framed=framed) if rules.patterns and body.shown else body


def _without_repeats(replacer: SecretReplacer, body: Body, place: str, *, framed: bool) -> Body:
    data = body.data
    if not framed:
        found = replacer.known_secrets.repeats(data)
        return withheld(replacer, body, place) if found else body
    frames = list(_frames(data))
    if len(frames) == 1 and not body.cut and not replacer.known_secrets.found_in(data):
        return body
    edits = list(_edits(replacer, data, frames, place, cut=body.cut))
    return edited(body, [*edits, *_new_sizes(data, frames, edits)]) if edits else body


def _edits(
    replacer: SecretReplacer, data: bytes, frames: list[Frame], place: str, *, cut: bool
) -> Iterator[Edit]:
    """Replace the secrets in the payloads. A secret may be split over several frames of one kind."""
    for kind in dict.fromkeys(frame.kind for frame in frames):
        parts = [frame for frame in frames if frame.kind == kind]
        payload = b"".join(data[part.start : part.stop] for part in parts)
        known = replacer.known_secrets
        for one in known.partial_repeats(b"", payload) if cut else known.repeats(payload):
            token = b"*" * (one.stop - one.start)
            if one.secret:
                token = replacer.hide(one.secret, place, categories.REPEATED).encode()
            yield from _spread(one, parts, token)


def _spread(one: Repeat, parts: list[Frame], token: bytes) -> Iterator[Edit]:
    """The edits for a secret in the joined payloads of *parts*: the token is in the first, the rest is removed."""
    at = 0
    for part in parts:
        start, stop = max(one.start - at, 0), min(one.stop - at, part.stop - part.start)
        if start < stop:
            yield Edit(part.start + start, part.start + stop, token)
            token = b""
        at += part.stop - part.start


def _new_sizes(data: bytes, frames: list[Frame], edits: list[Edit]) -> Iterator[Edit]:
    """The edits of the sizes in the headers of frames with edits."""
    for frame in frames:
        grown = sum(
            len(edit.data) - (edit.stop - edit.start)
            for edit in edits
            if frame.start <= edit.start < frame.stop
        )
        if frame.kind >= 0 and grown:
            size = int.from_bytes(data[frame.start - 4 : frame.start])
            yield Edit(frame.start - 4, frame.start, (size + grown).to_bytes(4))


def _without_patterns(replacer: SecretReplacer, body: Body, place: str, *, framed: bool) -> Body:
    """Redact by the user's patterns."""
    before = len(replacer.found)
    data = body.data
    frames = _frames(data) if framed else [Frame(-1, 0, len(data))]
    edits = []
    for frame in frames:
        payload = data[frame.start : frame.stop]
        shown = json_values.as_text(payload, lambda text: free_text.hide_patterns(replacer, text, place))
        if shown != payload:
            edits.append(Edit(frame.start, frame.stop, shown))
    if len(replacer.found) == before:
        return body
    if not framed:
        return withheld(replacer, body, place)
    return edited(body, [*edits, *_new_sizes(data, list(_frames(data)), edits)])


def _frames(data: bytes) -> Iterator[Frame]:
    """The stdio frames of a stream, and what is left; without frames, only that. The last frame may be incomplete."""
    at = 0
    while len(data) - at >= HEADER and data[at] < 4 and not any(data[at + 1 : at + 4]):
        stop = at + HEADER + int.from_bytes(data[at + 4 : at + HEADER])
        yield Frame(data[at], at + HEADER, min(stop, len(data)))
        at = stop
    if at < len(data):
        yield Frame(-1, at, len(data))


class LiveOutput:
    """Redacts the output of a program while it arrives, in pieces that may divide a secret."""

    def __init__(self, known_secrets: KnownSecrets) -> None:
        self._known = known_secrets
        self._before: dict[str, bytes] = {}  # the last bytes by kind of item

    def piece(self, replacer: SecretReplacer, kind: str, data: bytes) -> bytes:
        """Redact the next bytes of a *kind* of output. A secret that is not all in *data* becomes asterisks."""
        shown, end = b"", 0
        for one in self._repeats(kind, data):
            shown += data[end : one.start]
            shown += (
                replacer.hide(one.secret, "", categories.REPEATED).encode()
                if one.secret
                else b"*" * (one.stop - one.start)
            )
            end = one.stop
        return shown + data[end:]

    def forget(self) -> None:
        """Forget the last bytes of all kinds."""
        self._before.clear()

    def masked(self, data: bytes, payloads: Iterable[tuple[str, int, int]]) -> bytes:
        """Mask the secrets in a chunk with asterisks. *payloads*: the kind, start and stop of each in *data*."""
        shown = bytearray(data)
        for kind, start, stop in payloads:
            for one in self._repeats(kind, data[start:stop]):
                shown[start + one.start : start + one.stop] = b"*" * (one.stop - one.start)
        return bytes(shown)

    def _repeats(self, kind: str, data: bytes) -> list[Repeat]:
        if not self._known:
            return []
        before = self._before.get(kind, b"")
        self._before[kind] = (before + data)[-self._known.lookback :]
        return self._known.partial_repeats(before, data)
