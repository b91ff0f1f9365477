"""Terminal escaping. All text from the wire passes through here before it is printed."""

import re
import unicodedata

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # text direction controls
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u034f\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff0-\ufffb"  # invisible characters
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters and a symbol that look like spaces, or like nothing
    "\U00013430-\U00013440\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # layout of hieroglyphs, shorthand and music
    "\U000e0000-\U000e0fff"  # tags, also invisible
    "\ud800-\udfff]"  # lone surrogates, and bytes that are not UTF-8
    # Joiners and variation selectors, which letters of some languages and emoji need, after a character of ASCII.
    "|(?<![^\x00-\x7f])(?:[\u200c\u200d\ufe00-\ufe0e]|\ufe0f(?!\u20e3))[\u200c\u200d\ufe00-\ufe0f]*"
)

_LONG_RUN = re.compile("[^\x00-\u02ff]{9,}")
"""Characters that may be more marks than a letter has. All marks are above U+02FF."""

MAX_MARKS = 8
"""Marks in a row that stay as they are. More than any language has on a letter would cover the lines around."""

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\x1b": "\\e"}


def escape(text: str | bytes) -> str:
    """Escape *text* to one line: control and invisible characters become visible.

    Bytes are decoded as UTF-8; invalid ones become ``\\xNN``. Printable text of any language is unchanged.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
        return _HIDDEN.sub(_visible_byte, _LONG_RUN.sub(_few_marks, text))
    if text.isascii() and text.isprintable():  # most text, and quicker than the search
        return text
    return _HIDDEN.sub(_visible, _LONG_RUN.sub(_few_marks, text))


def escape_lines(text: str | bytes) -> list[str]:
    """Split *text* into lines and escape each. CR LF also ends a line, and tabs become spaces. Never empty."""
    if isinstance(text, bytes):
        return [
            escape(line.removesuffix(b"\r").expandtabs()) for line in _without_end(text, b"\n").split(b"\n")
        ]
    return [escape(line.removesuffix("\r").expandtabs()) for line in _without_end(text, "\n").split("\n")]


def _without_end[T: (str, bytes)](text: T, end: T) -> T:
    return text.removesuffix(end)


def _few_marks(match: re.Match[str]) -> str:
    """Escape the marks after MAX_MARKS in a row, which would be drawn above and below the line."""
    marks, shown = 0, []
    for char in match[0]:
        is_mark = unicodedata.category(char) in ("Mn", "Me") or char in "\u200c\u200d"
        marks = marks + 1 if is_mark else 0
        shown.append(_code(char) if marks > MAX_MARKS else char)
    return "".join(shown)


def _visible(match: re.Match[str]) -> str:
    return "".join(map(_code, match[0]))


def _visible_byte(match: re.Match[str]) -> str:
    """Escape as ``_visible`` does, and a byte that is not UTF-8 by its own number."""
    code = ord(match[0][0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else _visible(match)


def _code(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
