"""What differs from dataclasses: what a class has beside its fields."""

import pytest

from apispy import structs
from apispy.json_codec import Document
from apispy.model import Body, Chunk, Exchange, Headers, Request
from apispy.outputs.base import DecodedCall
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import decoded_call

FIELDS = ((b"Host", b"d"), (b"Content-Type", b"text/plain"))


def test_what_headers_remember_is_no_part_of_them() -> None:
    asked, new = Headers(FIELDS), Headers(FIELDS)
    assert asked.media_type == "text/plain"
    assert "host" in asked
    assert asked == new
    assert hash(asked) == hash(new)
    assert repr(asked) == repr(new) == f"Headers({FIELDS!r})"
    assert asked != Headers(FIELDS[:1])
    assert asked != FIELDS


def test_what_a_body_remembers_is_no_part_of_it() -> None:
    parsed, new = (Body((Chunk(0.0, b'{"a": 1}'),), 8) for _ in range(2))
    assert parsed.document.value == {"a": 1}
    assert parsed == new
    assert hash(parsed) == hash(new)
    assert repr(parsed) == repr(new)
    assert parsed != replace(new, size=9)
    assert parsed != "{}"


def test_a_body_with_other_bytes_has_another_document() -> None:
    secret = Body((Chunk(0.0, b'{"a": 1}'),), 8).with_document({"a": 1})
    hidden = replace(secret, chunks=(Chunk(0.0, b'{"a": 2}'),))
    assert hidden.document.value == {"a": 2}
    hidden.share_document(secret)
    assert hidden.document.value == {"a": 2}
    assert replace(secret, chunks=()).document.value is None
    assert replace(secret, digest="a").document is secret.document  # the bytes are the same
    assert secret.with_document_of(Document(b"[1]")).document.value == [1]


def test_what_the_session_knows_is_no_part_of_a_call() -> None:
    call = decoded_call("GET /_ping", None)
    other = replace(call, label=str.upper, aliases=lambda name: (name, "b"), memo={})
    assert other == call
    assert replace(call, at=1.0) != call
    assert call != call.exchange
    assert call.aliases("a") == ("a",)
    with pytest.raises(TypeError, match="unhashable"):
        hash(call)


@pytest.mark.parametrize("one", [Headers(), Body(), Request("GET", "/"), Chunk(0.0, b"")], ids=repr)
def test_structs_are_frozen(one: object) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        one.fields = ()  # type: ignore[attr-defined]


def test_fields_have_their_names_and_order() -> None:
    assert [field.name for field in structs.fields(Chunk)] == ["at", "data"]
    assert structs.asdict(Chunk(0.0, b"a")) == {"at": 0.0, "data": b"a"}
    match Chunk(0.5, b"a"):
        case Chunk(at, data):
            assert (at, data) == (0.5, b"a")
    assert issubclass(Exchange, structs.Struct)
    assert issubclass(DecodedCall, structs.Struct)
