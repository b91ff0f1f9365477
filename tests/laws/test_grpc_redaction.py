"""No value passes the redaction of gRPC messages unless the tables show its field."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apispy.decoders.build import build_of
from apispy.decoders.grpc_messages import decode_message
from apispy.decoders.grpc_schema import MAPS, MESSAGES, METHODS, fields_by_name, fields_of
from apispy.decoders.protobuf import ProtobufError
from apispy.model import Exchange, Item, Request, Response, Tunnel
from apispy.outputs.build_lines import BuildLines, summary_lines
from apispy.pipeline.response_errors import error_in
from apispy.redaction import Redactor
from tests.protobuf_writer import pb

SECRET = "hunter2planted"
URL = f"https://ann:{SECRET}@r.example/x"
NUMBERS = ("number", "flag", "nanoseconds")
QUOTING = ("text", "step")
"""Types of fields that are shown, searched for secrets of a known form."""

EXCHANGE = Exchange(
    1, 1, 0.0, "c", "u", Request("POST", "/grpc"), Response(101), tunnel=Tunnel("h2c"), end="complete"
)
FIELD_NAMES = {name for message in MESSAGES for name in fields_by_name(message)}
SIDES = [(method, part) for method in METHODS for part in ("request", "response")]


def redacted(method: str, part: str, message: dict[str, Any]) -> dict[str, Any]:
    redactor = Redactor().for_exchange(EXCHANGE)
    value = {"stream": 1, "method": method, "part": part, "message": message}
    item = Item("h2c", "DATA", {"stream": 1}, (0, 1), (Item("message", "", value, (0, 1)),))
    shown: dict[str, Any] = redactor.item("to_server", item).children[0].value["message"]
    assert SECRET not in repr(redactor.exchange(EXCHANGE).redactions)
    return shown


def content(kind: str, around: str) -> Any:
    """A value for a field of a type, with the secret in it wherever that type withholds it."""
    if kind in MESSAGES:
        return filled(kind, around)
    if kind == "answer":
        return [
            {1: "result.json", 2: json.dumps(as_json("Answer", around) | {"other": around + SECRET})},
            {1: "result.txt", 2: f"{around}{SECRET}"},
            {1: "result.statuscode", 2: "1"},
            {1: "version", 2: f"{around}{SECRET}"},
            {1: URL, 2: SECRET},
        ]
    if kind in MAPS:
        return [
            {1: "build-arg:A", 2: SECRET},
            {1: f"label:{URL}", 2: URL},
            {1: "other", 2: f"{around}{SECRET}"},
            {1: "name", 2: URL},
        ]
    if kind == "time":
        return {1: 5}
    if kind in NUMBERS:
        return 7.0 if kind == "nanoseconds" else 1
    if kind == "output":
        return around
    return f"see {URL}" if kind in QUOTING else f"{around}{SECRET}"


def as_json(name: str, around: str) -> dict[str, Any]:
    """The JSON that a table describes, with the secret in the values of all members."""
    found: dict[str, Any] = {}
    for member, field in fields_by_name(name).items():
        value = as_json(field.type, around) if field.type in MESSAGES else content(field.type, around)
        found[member] = [value] if field.repeated else value
    if name == "AnswerSource":
        lines = f"FROM x\nARG A={SECRET}\nRUN curl {URL}\n# {SECRET}"
        found["data"] = base64.b64encode(lines.encode()).decode()
    return found


def filled(name: str, around: str) -> dict[int, Any]:
    fields = {number: content(field.type, around) for number, field in fields_of(name).items()}
    return fields | {777: f"{around}{SECRET}"}


@pytest.mark.parametrize(("method", "part"), SIDES)
def test_every_field_of_every_message(method: str, part: str) -> None:
    name = METHODS[method][0 if part == "request" else 1]
    message = decode_message(name, pb(filled(name, "x")))
    shown = redacted(method, part, message)
    assert SECRET not in repr(shown)
    assert set(shown) == set(fields_by_name(name)) | {"unknown"}
    assert shown["unknown"] == {"777": len(SECRET) + 1}


@settings(max_examples=100, deadline=None)
@given(side=st.sampled_from(SIDES), around=st.text(max_size=30))
def test_whatever_is_around_it(side: tuple[str, str], around: str) -> None:
    method, part = side
    name = METHODS[method][0 if part == "request" else 1]
    try:
        message = decode_message(name, pb(filled(name, around.replace("\ud800", ""))))
    except ProtobufError:
        return
    assert SECRET not in repr(redacted(method, part, message))


@settings(max_examples=200, deadline=None)
@given(side=st.sampled_from(SIDES), data=st.binary(max_size=60))
def test_any_message_that_can_be_decoded_can_be_redacted(side: tuple[str, str], data: bytes) -> None:
    method, part = side
    name = METHODS[method][0 if part == "request" else 1]
    try:
        message = decode_message(name, data)
    except ProtobufError:
        return
    assert set(redacted(method, part, message)) <= set(fields_by_name(name)) | {"unknown", "more"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["digest", "vertexes", "name", "unknown", "stat", "Attrs"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    side=st.sampled_from(SIDES),
    stream=st.just(1) | JUNK,
    fields=st.dictionaries(st.sampled_from(sorted(FIELD_NAMES)), JUNK, max_size=4) | JUNK,
    head=st.dictionaries(
        st.sampled_from(["stream", "method", "headers", "error_message", "source", "total"]), JUNK
    ),
)
def test_what_no_decoder_makes_is_dropped(
    side: tuple[str, str], stream: Any, fields: Any, head: dict[str, Any]
) -> None:
    """An edited capture may have anything: it is not shown, and does no harm."""
    method, part = side
    value = {"stream": stream, "method": method, "part": part, "message": fields}
    item = Item("h2c", "DATA", {"stream": 1} | head, (0, 1), (Item("message", "", value, (0, 1)),))
    clean = Redactor().for_exchange(EXCHANGE).item("to_server", item)
    for one in (item, clean):
        build_of([one]).summary()
        list(summary_lines(build_of([one])))
        list(BuildLines().lines(one))
        error_in(one)


def test_a_field_that_is_not_in_the_tables_is_dropped() -> None:
    """Also if the decoder should ever have it."""
    for method, message in (
        ("/moby.buildkit.v1.Control/Status", {"Ref": "r", "Token": SECRET}),
        ("/a.B/C", {"Ref": SECRET}),
    ):
        value = {"stream": 1, "method": method, "part": "request", "message": message}
        item = Item("h2c", "DATA", {"stream": 1}, (0, 1), (Item("message", "", value, (0, 1)),))
        assert Redactor().for_exchange(EXCHANGE).item("to_server", item).children == ()
