"""Laws of ``json_codec``: it reads and writes any bytes as Python's ``json`` does, with the same errors."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from apispy import json_codec
from apispy.json_codec import Document

PIECES = st.sampled_from([
    "{", "}", "[", "]", ",", ":", '"', '"a"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u00e9"', '"é"', '"\\/"', '"\\b"',
    '"\x7f"', '"\\u007f"', '"\\u2028"', " ", "\n", "\t", "\x0c", "\u00a0", "\ufeff", "\0", "null", "true", "false",
    "NaN", "Infinity", "-Infinity", "-", "0", "-0", "-0.0", "01", "1.", ".5", "1e5", "1E5", "1e400", "-1e400",
    "1e-400", "1e16", "1e+16", "1e-05", "0.00001", "5e-324", "9" * 20, "-" + "9" * 19, "9" * 400, "9" * 5000,
    "18446744073709551616", "0.1000000000000000055511151231257827", "123456789012345678.5", '{"a":1,"b":2,"a":3}',
])  # fmt: skip
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.lists(PIECES, max_size=4).map(lambda parts: f"[{','.join(parts)}]"),
    st.builds(json.dumps, VALUES, ensure_ascii=st.booleans(), separators=st.sampled_from([(",", ":"), None])),
    NUMBERS.map(lambda number: f"[{number!r}]"),
)
DATA = TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=20)


def reject(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def as_json_reads(data: bytes) -> Any:
    return json.loads(data.decode(), parse_constant=reject)


def as_json_writes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def outcome(call: Any, *args: Any) -> str:
    """The value, with the type of every part of it, or the error."""
    try:
        return repr(call(*args))
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


@given(DATA)
@example(b"[" * 9_998 + b"]" * 9_998)
@example(b"[" * 20_000 + b"]" * 20_000)
@example(b'{"a":' * 5_000 + b"1" + b"}" * 5_000)
@example(b'["\xed\xa0\x80"]')
@example(b'["\xff"]')
def test_it_reads_what_json_reads(data: bytes) -> None:
    assert outcome(json_codec.read, data) == outcome(as_json_reads, data)


@given(DATA)
def test_it_writes_what_json_writes(data: bytes) -> None:
    try:
        value = as_json_reads(data)
    except (ValueError, RecursionError):
        return
    assert outcome(json_codec.write, json_codec.read(data)) == outcome(as_json_writes, value)


@given(DATA)
@example(b"[1e16]")
@example(b"[1e+16]")
@example(b'{"a":1,"a":1}')
@example(b' {"a":1}')
@example(b'{"a":1}\n\n')
@example(b'{"a": 1}')
@example(b'{"a":"\\u003c"}')
@example(b"[1e400]")
def test_a_document_is_written_alike_if_json_writes_it_alike(data: bytes) -> None:
    found = Document(data)
    value, alike = None, False
    try:
        parsed = as_json_reads(data)
        value = parsed if isinstance(parsed, dict | list) else None
        alike = value is not None and as_json_writes(value) == data.rstrip(b" \t\r\n")
    except (ValueError, RecursionError):
        pass
    assert repr(found.value) == repr(value)
    assert found.written_alike == alike
    assert Document(data).written_alike == alike


@given(VALUES)
def test_numbers_keep_their_type(value: Any) -> None:
    data = json.dumps(value).encode()
    assert repr(json_codec.read(data)) == repr(json.loads(data))
    assert json_codec.read(data) == json.loads(data)
