"""Removes secrets from whole bodies.

A body without secrets stays unchanged. A value or a line with a secret is padded to its old size, so that the body does
not look cut. A body that cannot be searched is withheld.
"""

import json
from collections.abc import Callable
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
from apispy.redaction.edits import Edit, edited, edits_of_lines
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
    """Withhold the body, and its digest: guesses of a secret could be tested with it."""
    if not body.size or not body.shown:
        return body
    replacer.withhold(place)
    return replace(body, chunks=(), shown=False, digest="")


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
        return _rewritten(replacer, body, _values(body), place, secrets, strict=strict)
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


def _values(body: Body) -> list[tuple[Any, int, int]]:
    """The JSON values of a body, each with its start and its stop. Raises ValueError, RecursionError."""
    whole, data = body.document.value, body.data
    if whole is not None:
        return [(whole, len(data) - len(data.lstrip(SPACE)), len(data.rstrip(SPACE)))]
    return json_values.values_in(data)


def _rewritten(
    replacer: SecretReplacer,
    body: Body,
    values: list[tuple[Any, int, int]],
    place: str,
    secrets: Secrets,
    *,
    strict: bool,
) -> Body:
    data, edits, whole = body.data, [], None
    for value, start, stop in values:
        before = len(replacer.found)
        with replacer.skipping(_is_plain_part):
            shown = document(replacer, value, f"{place}:$", secrets)
        hides = len(replacer.found) > before
        if not strict and not hides and _repeats_a_name(data[start:stop], value):
            return withheld(replacer, body, place)
        # A body with secret paths is always rewritten: of a repeated name, the parser keeps only one value.
        if secrets or hides:
            text, is_json = _written(shown)
            edits.append(Edit(start, stop, text.ljust(stop - start)))
            whole = shown if is_json else None
    clean = edited(body, edits)
    if clean.data == data:
        return body
    is_one = body.document.value is not None and whole is not None
    return clean.with_document(whole) if is_one else clean


def _repeats_a_name(data: bytes, value: object) -> bool:
    """Whether an object in *data*, read as *value*, has a name twice. Go reads both, and *value* has one."""
    if _written(value)[0] == data:
        return False  # the most frequent case, in little time
    try:
        _OF_UNIQUE_NAMES.decode(data.decode())
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


def _written(value: object) -> tuple[bytes, bool]:
    """The text of *value*, and whether it is valid JSON: lone surrogates and numbers such as 1e400 make it invalid."""
    try:
        return json_codec.write(value), True
    except ValueError:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return line.encode("utf-8", "surrogatepass"), False


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
    clean = edited(body, edits_of_lines(body.data, padded))
    return replace(clean, size=max(body.size, len(padded)))
