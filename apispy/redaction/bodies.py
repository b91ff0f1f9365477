"""Takes secrets out of whole bodies, once they are there.

A body that nothing secret was found in stays as it came. One with secrets becomes one chunk, of at least its old size,
so that what got shorter does not look as if its end were missing; a stream of JSON documents that came one by one keeps
its chunks. One that cannot be looked through is withheld.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from apispy.model import Body, Chunk
from apispy.redaction import free_text, json_values, query
from apispy.redaction.body_type import NotPacked, is_form, names_a_secret, unpacked
from apispy.redaction.json_paths import Path
from apispy.redaction.prefilter import may_hold_secret
from apispy.redaction.tokens import SecretReplacer

Secrets = list[tuple[Path, str]]
"""Where the table says that secrets are, and what kinds they are."""


def _holds(body: Body) -> bool:
    """Whether there is anything in it that could be hidden: something was kept, and not withheld before."""
    return body.shown and body.kept > 0


def withheld(hider: SecretReplacer, body: Body, place: str) -> Body:
    """Nothing of it is shown."""
    if not body.size or not body.shown:
        return body
    hider.withhold(place)
    return replace(body, chunks=(), shown=False)


def documents(
    hider: SecretReplacer,
    body: Body,
    place: str,
    secrets: Secrets,
    *,
    strict: bool,
    form: bool = False,
    coding: str = "",
) -> Body:
    """JSON, one value or several, or text.

    *strict*: it must be JSON, all of it, else it is withheld. *form*: or ``a=b&c=d``, if it is that to the letter.
    *coding*: how it is compressed; then it is shown as it came, or withheld if something in it is secret.
    """
    rules = hider.policy.rules
    if not body.size or not body.shown:
        return body
    if coding:
        return _packed(
            hider,
            body,
            place,
            coding,
            lambda found: documents(hider, found, place, secrets, strict=strict, form=form),
        )
    if not strict and not secrets and hider.only_signs and not _suspect(body.data, form=form):
        return body
    if body.cut:
        looks_in = rules.look_into_bodies and _holds(body)
        if strict or looks_in or is_form(body.data) or names_a_secret(body.data):
            return withheld(hider, body, place)
        return _changed(
            body, json_values.as_text(body.data, lambda text: free_text.clean(hider, text, place))
        )
    try:
        return _rewritten(hider, body, _pieces(body), place, secrets)
    except RecursionError:
        return withheld(hider, body, place)
    except ValueError:
        if form and is_form(body.data):
            return _whole(hider, body, place, lambda text: query.pairs(hider, text, place), fill=b"&")
        if strict or (rules.paths and body.data.lstrip()[:1] in (b"{", b"[")) or names_a_secret(body.data):
            return withheld(hider, body, place)
    return _whole(hider, body, place, lambda text: free_text.clean(hider, text, place))


def _suspect(data: bytes, *, form: bool) -> bool:
    """Whether there may be something secret in a body of which no table says where its secrets are."""
    return (
        may_hold_secret(data) or (form and not query.innocent(data.decode("latin-1"))) or names_a_secret(data)
    )


def _packed(hider: SecretReplacer, body: Body, place: str, coding: str, look: Callable[[Body], Body]) -> Body:
    """A compressed body: as it came if *look* changes nothing of what is in it, else withheld."""
    if not _holds(body):
        return body
    if body.cut:
        return withheld(hider, body, place)
    try:
        data = unpacked(body.data, coding)
    except NotPacked:
        return look(body)
    except ValueError:
        return withheld(hider, body, place)
    clean = look(Body((Chunk(body.chunks[-1].at, data),), len(data)))
    return body if clean.shown and clean.data == data else withheld(hider, body, place)


def output(hider: SecretReplacer, body: Body, place: str, *, framed: bool, coding: str = "") -> Body:
    """What programs or archives hold: only the user's patterns look into it. *framed*: it may have Docker's frames.

    The frames are kept. Anything else that has a structure of its own is withheld if something was found in it.
    *coding*: how it is compressed.
    """
    if not hider.policy.rules.patterns or not _holds(body):
        return body
    if coding:
        return _packed(hider, body, place, coding, lambda found: output(hider, found, place, framed=framed))
    if body.cut:
        return withheld(hider, body, place)
    before = len(hider.found)
    data = b"".join(
        _frame(head, json_values.as_text(payload, lambda text: free_text.patterns(hider, text, place)))
        for head, payload in (_frames(body.data) if framed else [(b"", body.data)])
    )
    if len(hider.found) == before:
        return body
    if not framed:
        return withheld(hider, body, place)
    return replace(body, chunks=(Chunk(body.chunks[-1].at, data),), size=len(data))  # frames cannot be padded


def _pieces(body: Body) -> list[tuple[Chunk, list[object]]]:
    """Its chunks and the values in each, if documents end where chunks do, so that it stays to be seen what came when.

    Else all in one. Raises ValueError, RecursionError.
    """
    if len(body.chunks) > 1:
        with suppress(ValueError):
            return [(chunk, json_values.values_of(chunk.data.decode("utf-8"))) for chunk in body.chunks]
    data = body.data
    return [(Chunk(body.chunks[-1].at, data), json_values.values_of(data.decode("utf-8")))]


def _rewritten(
    hider: SecretReplacer, body: Body, pieces: list[tuple[Chunk, list[object]]], place: str, secrets: Secrets
) -> Body:
    chunks = []
    for chunk, inside in pieces:
        before = len(hider.found)
        shown = [document(hider, value, f"{place}:$", secrets) for value in inside]
        # With secrets it is not enough that none was found: of a repeated name JSON keeps only one.
        chunks.append(_piece(chunk, shown) if shown and (secrets or len(hider.found) > before) else chunk)
    data = b"".join(chunk.data for chunk in chunks)
    return body if data == body.data else replace(body, chunks=tuple(chunks), size=max(body.size, len(data)))


def _piece(chunk: Chunk, shown: list[object]) -> Chunk:
    """With these values in it, padded to its old size."""
    text = "\n".join(json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in shown)
    return replace(chunk, data=text.encode("utf-8", "surrogatepass").ljust(len(chunk.data)))


def document(hider: SecretReplacer, value: object, place: str, secrets: Secrets) -> object:
    """One JSON value, which may be changed, without its secrets."""
    holder = [value]
    for path, kind in secrets:
        json_values.at_path(hider, holder, path, place, kind)
    return json_values.clean(hider, holder[0], place)


def _whole(
    hider: SecretReplacer, body: Body, place: str, change: Callable[[str], str], fill: bytes = b" "
) -> Body:
    if body.cut:
        return withheld(hider, body, place)
    return _changed(body, json_values.as_text(body.data, change), fill)


def _changed(body: Body, data: bytes, fill: bytes = b" ") -> Body:
    """*body* with *data* in it, padded with *fill* to its old size; longer if a token is longer than its secret."""
    if data == body.data:
        return body
    padded = data if body.cut else data.ljust(body.size, fill)
    return replace(body, chunks=(Chunk(body.chunks[-1].at, padded),), size=max(body.size, len(padded)))


def _frames(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(first half of the header, payload) of each of Docker's frames; ("", all) of what has none."""
    at = 0
    while len(data) - at >= 8 and data[at] < 4 and not any(data[at + 1 : at + 4]):
        stop = at + 8 + int.from_bytes(data[at + 4 : at + 8])
        if stop > len(data):
            break
        yield data[at : at + 4], data[at + 8 : stop]
        at = stop
    yield b"", data[at:]


def _frame(head: bytes, payload: bytes) -> bytes:
    return head + len(payload).to_bytes(4) + payload if head else payload
