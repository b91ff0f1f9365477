"""The laws of notes: never an exception, nothing of a body repeated, no note on what the API reference has."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apispy.engine import OPERATIONS, lookup, with_form
from apispy.engine.shapes import Shape, request_shape
from apispy.engine.undocumented_fields import UNUSED_FIELDS
from apispy.engine.versions import VERSIONS
from apispy.learn import notes_on
from apispy.learn.notes import KINDS
from apispy.learn.notes.finished_call import FinishedCall
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response

PLANTED = "planted value \x1b[31m"
"""A text that no note may have: it is in every value of the generated bodies."""

WITH_BODY = [row for row in OPERATIONS if row.request]
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.sampled_from(
    [
        "Image",
        "image",
        "name",
        "HostConfig",
        "Memory",
        "Cpuset",
        "Mounts",
        "Type",
        "Labels",
        "Nosuch",
        "Networks",
    ]
) | st.sampled_from([PLANTED, "a key of words", "", "x" * 60])
VALUES = st.recursive(
    st.sampled_from([PLANTED, f"{PLANTED}=x", 5, True, None, 1.5, "", [PLANTED]]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
VERSION = st.sampled_from([None, "1.24", "1.25", "1.41", "1.44", "1.52", "1.55", "1.99"])
TYPES = st.sampled_from(["", "application/json", "application/x-www-form-urlencoded", "text/plain", PLANTED])


def finished(
    line: str, body: Any, *, media_type: str = "application/json", status: int = 201, raw: bytes | None = None,
    server: str = "Docker/28.5.2 (linux)",
) -> FinishedCall:  # fmt: skip
    method, target = line.split(" ", 1)
    content = json.dumps(body).encode() if raw is None else raw
    headers = Headers(((b"Content-Type", media_type.encode()),) if media_type else ())
    asked = Request(method, target, headers=headers, body=Body((Chunk(0.0, content),), len(content)))
    answered = Response(status, headers=Headers(((b"Server", server.encode()), (b"Api-Version", b"1.51"))))
    call = (
        with_form(lookup(method, target), content) if "urlencoded" in media_type else lookup(method, target)
    )
    refused = [{"message": f"unsupported Content-Type header ({PLANTED})"}] if status == 400 else []
    return FinishedCall(call, Exchange(1, 1, 0.0, "", "", asked, answered), [body], refused)


def all_notes(call: FinishedCall) -> tuple[str, ...]:
    return notes_on(call.call, call.exchange, call.requests, call.responses, strict=True)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda row: row.id)
@SLOW
@given(body=VALUES, version=VERSION, media_type=TYPES, status=st.sampled_from([0, 201, 400, 404]))
def test_no_note_repeats_a_value_of_a_body(operation, body, version, media_type, status):
    path = f"{'/v' + version if version else ''}{operation.path.replace('{', '').replace('}', '')}"
    for note in all_notes(finished(f"{operation.method} {path}", body, media_type=media_type, status=status)):
        assert "planted" not in note
        assert note.isprintable()
        assert "x" * 41 not in note


@SLOW
@given(raw=st.binary(max_size=80) | st.just(PLANTED.encode()) | st.just(f"{PLANTED}={PLANTED}&a=b".encode()))
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)
def test_no_note_repeats_what_a_form_holds(operation, raw):
    line = f"{operation.method} {operation.path.replace('{', '').replace('}', '')}"
    for note in all_notes(finished(line, None, raw=raw, media_type="application/x-www-form-urlencoded")):
        assert "planted" not in note
        assert note.isprintable()


@SLOW
@given(text=VALUES.map(json.dumps) | st.text(max_size=40))
@pytest.mark.parametrize("id_", ["ContainerList", "SystemEvents", "ImageList"])
def test_no_note_repeats_a_value_of_filters(id_, text):
    path = {"ContainerList": "/containers/json", "SystemEvents": "/events", "ImageList": "/images/json"}[id_]
    call = lookup("GET", path)
    asked = Exchange(1, 1, 0.0, "", "", Request("GET", path), Response(200))
    queried = type(call)(call.operation, call.path, call.version, call.arguments, (("filters", text),))
    assert not any("planted" in note for note in notes_on(queried, asked, [], []))


@given(data=st.data())
@SLOW
def test_every_kind_of_note_takes_any_request_line(data):
    line = data.draw(
        st.text(max_size=30).map(lambda text: f"GET /{text}")
        | st.text(max_size=20).map(lambda text: f"{text}x /")
    )
    call = finished(line.replace("\n", ""), None, status=404)
    for kind in KINDS:
        list(kind(call))
    assert all(note.isprintable() for note in all_notes(call))


def described(shape: Shape, depth: int = 0) -> Any:
    """A value with every described field, as far as it goes."""
    match shape.kind:
        case "object":
            return {row.name: described(row.shape, depth + 1) for row in shape.fields} if depth < 8 else {}
        case "array":
            return [described(shape.items, depth + 1)] if shape.items else []
        case "map":
            return {"any": described(shape.items, depth + 1)} if shape.items else {}
        case "string":
            return next((one for one in shape.enum if one), "text")
        case "integer" | "number":
            return shape.enum[0] if shape.enum else 7
    return True if shape.kind == "boolean" else None


@pytest.mark.parametrize("version", [version for version in VERSIONS if int(version[2:]) >= 25])
def test_what_the_reference_of_a_version_has_gets_no_note_but_of_deprecation(version):
    """And of fields that the reference has at a place where no daemon reads them, as probes showed."""
    unused = [row for row in UNUSED_FIELDS if int(version[2:]) >= 42]  # cluster volumes
    for operation in WITH_BODY:
        shape = request_shape(operation.id, version)
        if shape is None or not operation.exists_in(version) or shape.kind == "string":
            continue
        path = operation.path.replace("{", "").replace("}", "")
        call = finished(f"{operation.method} /v{version}{path}", described(shape))
        notes = [note for kind in KINDS[1:] for note in kind(call)]
        notes = [note for note in notes if "deprecated since" not in note]
        assert len(notes) == len([row for row in unused if row[0] == operation.id]), (operation.id, notes)
        assert all("has no effect on Docker: it belongs in" in note for note in notes)
