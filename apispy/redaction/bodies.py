"""Removes secrets from whole bodies.

A body without secrets stays unchanged. A body with secrets becomes one chunk, padded to its old size so that it does
not look cut; a stream of JSON documents keeps its chunks. A body that cannot be searched is withheld.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from apispy import json_codec
from apispy.decoders.build_trace import is_trace
from apispy.json_codec import SPACE
from apispy.model import Body, Chunk
from apispy.redaction import json_values, query
from apispy.redaction.body_type import (
    Fields,
    NotCompressed,
    decompress,
    is_form,
    names_a_field,
    names_a_secret,
)
from apispy.redaction.json_paths import Path
from apispy.redaction.prefilter import may_hold_secret
from apispy.redaction.tokens import SecretReplacer
from apispy.structs import replace

Secrets = list[tuple[Path, str]]
"""Paths of secrets in a body, each with its category."""


def holds(body: Body) -> bool:
    """Whether there is anything to hide: bytes were kept, and the body is not withheld."""
    return body.shown and body.kept > 0


def withheld(replacer: SecretReplacer, body: Body, place: str) -> Body:
    """Withhold the body."""
    if not body.size or not body.shown:
        return body
    replacer.withhold(place)
    return replace(body, chunks=(), shown=False)


def documents(
    replacer: SecretReplacer,
    body: Body,
    place: str,
    secrets: Secrets,
    *,
    strict: bool,
    form: bool = False,
    coding: str = "",
    fields: Fields = "nowhere",
) -> Body:
    """Redact JSON values or text.

    *strict*: a body that is not valid JSON is withheld. *form*: a body of the form ``a=b&c=d`` is accepted too.
    *coding*: the compression; a compressed body stays unchanged, or is withheld if it holds a secret. *fields*: where
    text may have fields; it is withheld if one has the name of a secret.
    """
    rules = replacer.policy.rules
    if not body.size or not body.shown:
        return body
    if coding:
        return compressed(
            replacer,
            body,
            place,
            coding,
            lambda found: documents(replacer, found, place, secrets, strict=strict, form=form, fields=fields),
        )
    if (
        not strict
        and not secrets
        and replacer.prefilter_suffices
        and not _suspect(replacer, body.data, fields, form=form)
    ):
        return body
    if body.cut:
        looks_in = rules.look_into_bodies and holds(body)
        if strict or looks_in or is_form(body.data) or _names_a_secret(body.data, fields):
            return withheld(replacer, body, place)
        return _changed(
            body, json_values.as_text(body.data, lambda text: json_values.plain_text(replacer, text, place))
        )
    try:
        return _rewritten(replacer, body, _pieces(body), place, secrets, strict=strict)
    except RecursionError:
        return withheld(replacer, body, place)
    except ValueError:
        if form and is_form(body.data):
            return _whole(replacer, body, place, lambda text: query.pairs(replacer, text, place), fill=b"&")
        if (
            strict
            or (rules.paths and body.data.lstrip()[:1] in (b"{", b"["))
            or _names_a_secret(body.data, fields)
        ):
            return withheld(replacer, body, place)
    return _whole(replacer, body, place, lambda text: json_values.plain_text(replacer, text, place))


def _names_a_secret(data: bytes, fields: Fields) -> bool:
    return names_a_secret(data) or names_a_field(data, fields)


def _suspect(replacer: SecretReplacer, data: bytes, fields: Fields, *, form: bool) -> bool:
    """Whether a body without secret paths may hold a secret."""
    return (
        may_hold_secret(data)
        or replacer.known_secrets.found_in(data)
        or (form and not query.has_no_secret(data.decode("latin-1")))
        or _names_a_secret(data, fields)
    )


def compressed(
    replacer: SecretReplacer, body: Body, place: str, coding: str, look: Callable[[Body], Body]
) -> Body:
    """Redact a compressed body: unchanged if *look* does not change its content, else withheld."""
    if not holds(body):
        return body
    if body.cut:
        return withheld(replacer, body, place)
    try:
        data = decompress(body.data, coding)
    except NotCompressed:
        return look(body)
    except ValueError:
        return withheld(replacer, body, place)
    clean = look(Body((Chunk(body.chunks[-1].at, data),), len(data)))
    return body if clean.shown and clean.data == data else withheld(replacer, body, place)


def _pieces(body: Body) -> list[tuple[Chunk, list[object]]]:
    """The chunks of a body with the JSON values of each, if values end where chunks end; else one chunk with all.

    This keeps the time of each value. Raises ValueError, RecursionError.
    """
    whole = body.document.value
    if whole is not None:
        blank = [not chunk.data.strip(SPACE) for chunk in body.chunks]
        if blank.count(False) == 1:
            return [
                (chunk, [] if empty else [whole]) for chunk, empty in zip(body.chunks, blank, strict=True)
            ]
        return [(Chunk(body.chunks[-1].at, body.data), [whole])]
    if len(body.chunks) > 1:
        with suppress(ValueError):
            return [(chunk, json_values.values_of(chunk.data.decode("utf-8"))) for chunk in body.chunks]
    data = body.data
    return [(Chunk(body.chunks[-1].at, data), json_values.values_of(data.decode("utf-8")))]


def _rewritten(
    replacer: SecretReplacer,
    body: Body,
    pieces: list[tuple[Chunk, list[object]]],
    place: str,
    secrets: Secrets,
    *,
    strict: bool,
) -> Body:
    chunks, whole = [], None
    for chunk, inside in pieces:
        before = len(replacer.found)
        with replacer.skipping(_is_plain_part):
            shown = [document(replacer, value, f"{place}:$", secrets) for value in inside]
        if not strict and len(replacer.found) == before and _repeats_a_name(chunk.data, inside):
            return withheld(replacer, body, place)
        # A body with secret paths is always rewritten: of a repeated name, the parser keeps only one value.
        if shown and (secrets or len(replacer.found) > before):
            text, is_json = _written(shown)
            chunk = replace(chunk, data=text.ljust(len(chunk.data)))
            whole = shown[0] if is_json else None
        chunks.append(chunk)
    data = b"".join(chunk.data for chunk in chunks)
    if data == body.data:
        return body
    clean = replace(body, chunks=tuple(chunks), size=max(body.size, len(data)))
    is_one = body.document.value is not None and whole is not None
    return clean.with_document(whole) if is_one else clean


def _repeats_a_name(data: bytes, values: list[object]) -> bool:
    """Whether an object in *data*, read as *values*, has a name twice. Go reads both, and *values* have one."""
    if len(values) == 1 and _written(values)[0] == data.strip(SPACE):
        return False  # the most frequent case, in little time
    try:
        json_values.values_of(data.decode(), decoder=_OF_UNIQUE_NAMES)
    except ValueError:
        return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make the object. ValueError if a name is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


_OF_UNIQUE_NAMES = json.JSONDecoder(object_pairs_hook=_unique)


def _is_plain_part(replacer: SecretReplacer, name: str, value: Any) -> bool:
    """Whether a part of a value has nothing to hide, by the prefilter: true of most parts of a body with secrets."""
    if not value:
        return True
    try:
        data = json_codec.write({name: value})
    except (ValueError, RecursionError):
        return False
    return not may_hold_secret(data) and not replacer.known_secrets.found_in(data)


def _written(values: list[object]) -> tuple[bytes, bool]:
    """The text of *values*, and whether it is valid JSON: lone surrogates and numbers such as 1e400 make it invalid."""
    try:
        return b"\n".join(map(json_codec.write, values)), True
    except ValueError:
        lines = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in values)
        return "\n".join(lines).encode("utf-8", "surrogatepass"), False


def document(replacer: SecretReplacer, value: object, place: str, secrets: Secrets) -> object:
    """Redact one JSON value. *value* itself is not changed."""
    if is_trace(value):
        assert isinstance(value, dict)
        rest = {name: part for name, part in value.items() if name != "aux"}
        shown = document(replacer, rest, place, secrets)
        assert isinstance(shown, dict)
        return shown | {"aux": replacer.trace(replacer, value["aux"], f"{place}.aux")}
    paths = [
        (path, kind)
        for path, kind in secrets
        if not (path and kind in json_values.FOUND_BY_NAME) and json_values.has_path(value, path)
    ]
    holder = [json_values.copied(value) if paths else value]
    for path, kind in paths:
        json_values.at_path(replacer, holder, path, place, kind)
    return json_values.clean(replacer, holder[0], place)


def _whole(
    replacer: SecretReplacer, body: Body, place: str, change: Callable[[str], str], fill: bytes = b" "
) -> Body:
    if body.cut:
        return withheld(replacer, body, place)
    return _changed(body, json_values.as_text(body.data, change), fill)


def _changed(body: Body, data: bytes, fill: bytes = b" ") -> Body:
    """The body with *data*, padded with *fill* to its old size; it grows if a token is longer than its secret."""
    if data == body.data:
        return body
    padded = data if body.cut else data.ljust(body.size, fill)
    return replace(body, chunks=(Chunk(body.chunks[-1].at, padded),), size=max(body.size, len(padded)))
