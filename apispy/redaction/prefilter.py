"""A fast test that rules out secrets in JSON or text, so that it need not be searched.

A full search of a list of 100 containers takes 20 ms, this test 0.2 ms. A property test verifies that redaction does
not change what the test passes.
"""

import re

from apispy.redaction.body_type import names_a_secret

MAX_SIGN_LENGTH = 600
"""Bytes of a piece that are searched again with the next one; no sign below is longer."""

SIGNS = (
    *(
        (b"pass", b"passw"),
        (b"pass", b"passphrase"),
        b"secret",
        b"token",
        b"credential",
    ),  # name_patterns.STRONG
    *(
        (b"key", b"unlockkey"),
        (b"key", b"signingcakey"),
        b"createdby",
        b'"env',
        b'"auth"',
        b"\0",
    ),  # json_values.SECRET_NAMES, ENVIRONMENTS; UTF-16
    *(
        (b"|", b'"|'),
        (b"#", b"#(nop)"),
        b"swm",
        (b"--", b"-----begin"),
    ),  # build steps, swarm tokens, private keys
)
"""Parts of names and values, in lower case. Text without any of them has nothing to hide.

In a pair, the first part is searched first, because it is faster to rule out or common to several signs.
"""

_FIRST = tuple(dict.fromkeys(sign[0] if isinstance(sign, tuple) else sign for sign in SIGNS))
_REST: dict[bytes, list[bytes]] = {}
for _sign in SIGNS:
    _first, _whole = _sign if isinstance(_sign, tuple) else (_sign, _sign)
    _REST.setdefault(_first, []).append(_whole)

_KEYS = re.compile(rb"(?:api|access|private)[-_.]?key")
_USER = re.compile(rb"://[^\s/?#\"'<>]{1,512}(?:@|[^\s/?#\"'<>]\Z)|://[^\s/?#\"'<>]{513}")
# Characters that Go's encoder escapes are not part of a sign; any other escape may hide one.
_ESCAPED = re.compile(rb"\\(?:/|u(?!003[ce]|0026|202[89]))")


def may_hold_secret(data: bytes) -> bool:
    """Whether *data*, complete JSON or text, may hold a secret."""
    lower = data.lower()
    for first in _FIRST:
        if first in lower and any(sign in lower for sign in _REST[first]):
            return True
    if b"key" in lower and _KEYS.search(lower):
        return True
    if b"://" in lower and _USER.search(lower):
        return True
    return b"\\" in lower and _ESCAPED.search(lower) is not None


class StreamPrefilter:
    """The same test for a stream in pieces. Once ``suspect`` is set, it stays set."""

    def __init__(self) -> None:
        self.suspect = False
        self.named = False  # whether a field that is secret in JSON was named
        self.size = 0  # bytes inspected
        self._tail = b""

    def inspect(self, data: bytes) -> None:
        self.size += len(data)
        if not self.named:
            piece = self._tail + data
            self.suspect = self.suspect or may_hold_secret(piece)
            self.named = self.suspect and names_a_secret(piece)
            self._tail = piece[-MAX_SIGN_LENGTH:]
