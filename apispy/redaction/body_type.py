"""What a body is by its bytes, whatever its Content-Type says: ``curl -d`` declares JSON bodies as forms."""

import re
from typing import Literal

from apispy import lazy
from apispy.decoders.build_trace import TRACE
from apispy.decoders.choice import CODINGS
from apispy.decoders.compression import DECOMPRESSORS, MAGIC_SIZE, coding_of, decompress_all, decompress_start
from apispy.engine.json_fields import fold_bytes
from apispy.model import Headers
from apispy.redaction.json_values import ENVIRONMENTS
from apispy.redaction.json_values import SECRET_NAMES as IN_JSON

Fields = Literal["anywhere", "not in sentences", "nowhere"]
"""Where text may have fields with secrets."""

HEAD = 4096
"""Bytes of a body that are enough to tell what it is, even if compressed."""

TAR_HEADER = 512
"""Bytes of the first header of a tar archive."""

MAX_DECOMPRESSED = 64 << 20
"""Bytes of a compressed body that are searched for secrets; a body with more is withheld."""

MAX_LAYERS = 3
"""Layers of compression; a body with more is withheld."""

_FORM = lazy.pattern(
    rb"\s*+(?=\S*(?:=|%(?:25)*3d))[\w.%+\[\]-]+(?:=[^&=\s{\[\"]*)?(?:&[\w.%+\[\]-]+(?:=[^&\s\"]*)?)*\s*",
    re.ASCII | re.IGNORECASE,
)
_NAMED = lazy.pattern(
    rb"[\"'](?:[^\"'\\]{0,64}(?:passw|passphrase|secret|token|credential|(?:api|access|private)[-_.]?key)"
    rb"[^\"'\\]{0,64}|%b)[\"']\s*:\s*[^\s0-9tfn,}\]]|\\u(?:(?!003[ce]|0026)00[2-7]|017f|212a)|%b"
    % (b"|".join(re.escape(name.encode()) for name in (*IN_JSON, *ENVIRONMENTS)), re.escape(TRACE.encode()))
)

_STRONG = rb"(?:passw|passphrase|passcode|secret|token|credential|(?:api|access|private|secret|auth|account)[-_.]?key)"
_WHOLE = rb"(?:pass|pwd|pw|%b)" % b"|".join(re.escape(name.encode()) for name in (*IN_JSON, *ENVIRONMENTS))
_NAME = rb"(?:[\w.-]{0,64}?%b[\w.-]{0,64}|(?:[\w.-]{0,64}[_.-])?%b)" % (_STRONG, _WHOLE)
_VALUE = rb"[\"'\])]{0,2}[ \t]*[:=]\s*[^\s,}\])]"
_IN_MARKUP = (
    rb"<(?:[\w-]{1,32}:)?%b(?:\s[^<>]{0,256})?>\s*(?:[^<\s]|<!\[)|\b(?:name|key|id)\s*=\s*[\"']?%b[\"';\s>]"
    % (_NAME, _NAME)
)
_FIELD = lazy.pattern(
    rb"(?:\A|[\n\r{\[(,;&?|])[ \t]*(?:-[ \t]+)*(?:(?:export|set|env|arg)[ \t]+)?[\"']?%b%b|%b"
    % (_NAME, _VALUE, _IN_MARKUP)
)
_FIELD_ANYWHERE = lazy.pattern(
    rb"%b[\w.-]{0,64}%b|(?<![A-Za-z0-9])%b%b|%b" % (_STRONG, _VALUE, _WHOLE, _VALUE, _IN_MARKUP)
)


def is_archive(head: bytes, coding: str) -> bool:
    """Whether a body that begins with *head* is a tar archive, maybe compressed, and not text.

    Headers of tar archives hold zero bytes. Compressed data counts as an archive until enough bytes are known.
    """
    name = CODINGS.get(coding, coding)
    coding = name if name in DECOMPRESSORS else coding_of(head[:MAGIC_SIZE])
    for _ in range(MAX_LAYERS):
        if not coding:
            break
        try:
            head = decompress_start(head, coding, TAR_HEADER)
        except ValueError:
            break
        if not head:
            return True
        coding = coding_of(head[:MAGIC_SIZE])
    return b"\0" in head[:TAR_HEADER] and not _is_wide(head)


def is_form(data: bytes) -> bool:
    """Whether *data* is ``a=b&c=d``, percent-encoded, and nothing else."""
    return _FORM.fullmatch(data) is not None


def names_a_secret(text: bytes) -> bool:
    """Whether text that is not valid JSON names a field that is secret in JSON, whose value may follow.

    An escaped character of ASCII, or one that Go takes for it, counts too, because it may hide such a name.
    """
    return _NAMED.search(fold_bytes(text.replace(b"\0", b""))) is not None  # without the zero bytes of UTF-16


def names_a_field(text: bytes, fields: Fields) -> bool:
    """Whether text that is not JSON has a field with the name of a secret: in YAML, INI, XML, a form, or the like.

    *fields*: "anywhere" such a name with a value counts also behind other words, as in "the password: x". "not in
    sentences", "invalid token: too old" does not count, so that messages stay readable.
    """
    if fields == "nowhere":
        return False
    pattern = _FIELD_ANYWHERE if fields == "anywhere" else _FIELD
    return pattern.search(fold_bytes(text.replace(b"\0", b""))) is not None


def _is_wide(text: bytes) -> bool:
    """Whether *text* is UTF-16 or UTF-32."""
    return (
        text[:2] in (b"\xff\xfe", b"\xfe\xff")
        or (text[:1] == b"\0" < text[3:4])
        or text[1:2] == b"\0" < text[:1]
    )


def coding(headers: Headers, head: bytes) -> str:
    """The compression of a body, as declared or by its first bytes; "" if it is not compressed."""
    declared = headers.text("content-encoding", "identity").strip().lower()
    return declared if declared not in ("", "identity") else coding_of(head[:MAGIC_SIZE])


class NotCompressed(ValueError):
    """The body is not in its declared coding, not even at its beginning, so its bytes are its content."""


def decompress(data: bytes, coding: str) -> bytes:
    """Decompress a whole body, through all layers.

    Raises NotCompressed, or ValueError if apispy cannot decompress all of it.
    """
    for layer in range(MAX_LAYERS):
        if not coding:
            return data
        name = CODINGS.get(coding, coding)
        if name not in DECOMPRESSORS:
            raise ValueError(f"a coding that apispy cannot read: {coding}")
        if not layer and not _begins(data, name):
            raise NotCompressed(coding)
        data = decompress_all(data, name, MAX_DECOMPRESSED)
        coding = coding_of(data[:MAGIC_SIZE])
    raise ValueError(f"compressed more than {MAX_LAYERS} times")


def _begins(data: bytes, name: str) -> bool:
    """Whether at least one byte can be decompressed."""
    try:
        return bool(decompress_start(data, name, 1))
    except ValueError:
        return False
