"""JSON of the wire and of captures: read and written by msgspec, with the results of Python's ``json``.

msgspec reads a list of containers in half the time, and writes it in an eighth. It is used only where the result is the
same: what it refuses (NaN, lone surrogates, 1e400, wrong JSON) goes to ``json``, whose value or error counts; numbers
that it would write with other digits are of a type that it refuses. tests/laws/test_json_codec.py compares both.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec


class ReformattedFloat(float):
    """A number that msgspec would write differently (1e16, 1e-05). It refuses this type, which ``json`` takes."""


def _float(text: str) -> float:
    value = float(text)
    return value if "e" not in repr(value) and _is_finite(value) else ReformattedFloat(value)


def _is_finite(value: float) -> bool:
    return value - value == 0


def _reject(constant: str) -> Any:
    """Refuse NaN and Infinity, which Python's JSON parser accepts."""
    raise ValueError(f"{constant} is not JSON")


LENIENT = json.JSONDecoder(parse_float=_float, parse_constant=lambda constant: ReformattedFloat(constant))
"""Reads NaN and Infinity too, and one value of several. ``write`` takes what it reads, except these."""

_FAST = msgspec.json.Decoder(float_hook=_float)
_WRITER = msgspec.json.Encoder()


def read(data: bytes | memoryview) -> Any:
    """Parse one JSON value in UTF-8, with white space around it.

    Raises ValueError with the message of ``json`` for anything else, also for NaN and Infinity, and RecursionError.
    """
    try:
        return _FAST.decode(data)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return json.loads(bytes(data).decode(), parse_constant=_reject, parse_float=_float)


Raw = msgspec.Raw
"""The type of a field that ``typed_reader`` does not parse: it has the bytes of its JSON."""


def bounds(least: int, most: float) -> msgspec.Meta:
    """Return the bounds of a number in a type for ``typed_reader``: Annotated[int, bounds(0, 9)]."""
    return msgspec.Meta(ge=least, le=most)


def typed_reader(form: type[Any]) -> Callable[[bytes], Any]:
    """Return a function that reads JSON objects of the type *form*, a TypedDict, without the fields that it lacks.

    The function returns None for anything else, also for JSON that only ``json`` reads. It skips the other fields many
    times as fast as ``read`` reads them, and checks that they are JSON.
    """
    decode = msgspec.json.Decoder(form).decode

    def read_form(data: bytes) -> Any:
        try:
            return decode(data)
        except (ValueError, msgspec.MsgspecError, RecursionError):
            return None

    return read_form


def write(value: Any) -> bytes:
    """Write a value that ``read`` returned, in UTF-8 without spaces, as ``json`` does. Strings in it may have changed.

    Raises ValueError for lone surrogates and for infinity, and RecursionError.
    """
    try:
        return _WRITER.encode(value)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()


SPACE = b" \t\r\n"
"""White space between JSON values."""

_UNREAD: Any = object()


MARGIN = 8
"""Levels of lists and objects around a body in a line of a capture, and a few more. What can be nested so and written,
can be read: the limit for reading is not below that for writing."""


def _nested(value: Any) -> Any:
    for _ in range(MARGIN):
        value = [value]
    return value


class Document:
    """Bytes that may be a JSON object or list, which are parsed when that is first asked for, and only then."""

    __slots__ = ("_size", "_value", "_written_alike", "data")

    def __init__(self, data: bytes, value: Any = _UNREAD) -> None:
        """*value*: what ``read(data)`` returned, if somebody has parsed it already."""
        self.data = data
        self._value = value
        self._written_alike: bool | None = None
        self._size = 0

    @property
    def value(self) -> dict[str, Any] | list[Any] | None:
        """The object or list; None if the bytes are anything else. All readers share it, so nobody may change it."""
        if self._value is _UNREAD:
            self._value = self._read()
        return self._value if isinstance(self._value, dict | list) else None

    def _read(self) -> Any:
        if self.data.lstrip(SPACE)[:1] not in (b"{", b"[") or self.data.rstrip(SPACE)[-1:] not in (
            b"}",
            b"]",
        ):
            return None
        try:
            return read(self.data)
        except (ValueError, msgspec.MsgspecError, RecursionError):
            return None

    @property
    def written_alike(self) -> bool:
        """Whether ``write(value)`` gives the bytes back, except white space at their end.

        They are then also read as a part of another value, unless that is nested deeper than MARGIN.
        """
        if self._written_alike is None:
            self._written_alike = self._is_written_alike()
        return self._written_alike

    def _is_written_alike(self) -> bool:
        if self.data[:1] not in (b"{", b"[") or (value := self.value) is None:
            return False
        try:
            text = write(_nested(value))[MARGIN:-MARGIN]
        except (ValueError, msgspec.MsgspecError, RecursionError):
            return False
        self._size = len(text)
        return self.data.startswith(text) and not self.data[len(text) :].strip(SPACE)

    @property
    def size(self) -> int:
        """The bytes that ``write(value)`` gives back, if they are ``written_alike``."""
        return self._size if self.written_alike else 0

    def settle(self) -> None:
        """Find out about ``written_alike``, and free the memory of the value. It is parsed again if it is asked for."""
        if self.written_alike:
            self._value = _UNREAD
