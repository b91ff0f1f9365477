"""Terminal escaping. All text from the wire passes through here before it is printed."""

import re

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # text direction controls
    "\u2028\u2029"  # line and paragraph separators
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # invisible characters
    "\U000e0000-\U000e0fff"  # tags, also invisible
    "\ud800-\udfff]"  # lone surrogates, and bytes that are not UTF-8
)

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\x1b": "\\e"}


def escape(text: str | bytes) -> str:
    """Escape *text* to one line: control and invisible characters become visible.

    Bytes are decoded as UTF-8; invalid ones become ``\\xNN``. Printable text of any language is unchanged.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
        return _HIDDEN.sub(_visible_byte, text)
    if text.isascii() and text.isprintable():  # most text, and quicker than the search
        return text
    return _HIDDEN.sub(_visible, text)


def escape_lines(text: str | bytes) -> list[str]:
    """Split *text* into lines and escape each. CR LF also ends a line, and tabs become spaces. Never empty."""
    if isinstance(text, bytes):
        return [
            escape(line.removesuffix(b"\r").expandtabs()) for line in _without_end(text, b"\n").split(b"\n")
        ]
    return [escape(line.removesuffix("\r").expandtabs()) for line in _without_end(text, "\n").split("\n")]


def _without_end[T: (str, bytes)](text: T, end: T) -> T:
    return text.removesuffix(end)


def _visible(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _visible_byte(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else _visible(match)
