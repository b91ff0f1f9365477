"""What the bytes of a body are, whatever their Content-Type says: ``curl -d`` declares every JSON body a form."""

import re

from apispy.decoders.choice import CODINGS
from apispy.decoders.compression import DECOMPRESSORS, MAGIC_SIZE, coding_of, decompress_all, decompress_start
from apispy.model import Headers
from apispy.redaction.json_values import ENVIRONMENTS
from apispy.redaction.json_values import SECRET_NAMES as IN_JSON

HEAD = 4096
"""Bytes of a body that tell what it is, compressed ones too."""

TAR_HEADER = 512
"""The size of the first header of a tar archive."""

UNPACKED_LIMIT = 64 << 20
"""Bytes of a compressed body that are searched for secrets; one that holds more is withheld."""

LAYERS = 3
"""How often a body may be compressed; one that is compressed more often is withheld."""

_FORM = re.compile(rb"\s*[\w.%+\[\]-]+=[^&=\s{\[\"]*(?:&[\w.%+\[\]-]+(?:=[^&\s\"]*)?)*\s*", re.ASCII)
_NAMED = re.compile(
    rb"[\"'](?:[^\"'\\]{0,64}(?:passw|passphrase|secret|token|credential|(?:api|access|private)[-_.]?key)"
    rb"[^\"'\\]{0,64}|%b)[\"']\s*:\s*[^\s0-9tfn,}\]]|\\u(?!003[ce]|0026)00[2-7]"
    % b"|".join(re.escape(name.encode()) for name in (*IN_JSON, *ENVIRONMENTS))
)


def is_archive(head: bytes, coding: str) -> bool:
    """Whether bytes that begin with *head* are a tar archive, maybe compressed, and no text: its headers hold zeros.

    So is what is compressed, as long as too little of it is there to tell.
    """
    name = CODINGS.get(coding, coding)
    coding = name if name in DECOMPRESSORS else coding_of(head[:MAGIC_SIZE])
    for _ in range(LAYERS):
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
    """Whether *data* reads as ``a=b&c=d``, percent-encoded, and as nothing else."""
    return _FORM.fullmatch(data) is not None


def names_a_secret(text: bytes) -> bool:
    """Whether text that is not whole JSON names a field that is secret in JSON, so that a value may follow.

    An escape of an ASCII character may hide such a name.
    """
    return _NAMED.search(text.replace(b"\0", b"").lower()) is not None  # UTF-16 has zeros between the letters


def _is_wide(text: bytes) -> bool:
    """Whether it is text in UTF-16 or UTF-32."""
    return (
        text[:2] in (b"\xff\xfe", b"\xfe\xff")
        or (text[:1] == b"\0" < text[3:4])
        or text[1:2] == b"\0" < text[:1]
    )


def coding(headers: Headers, head: bytes) -> str:
    """How a body is compressed: what its headers declare, else what its first bytes say; "" if it is not."""
    declared = headers.text("content-encoding", "identity").strip().lower()
    return declared if declared not in ("", "identity") else coding_of(head[:MAGIC_SIZE])


class NotPacked(ValueError):
    """A body is not in the coding that its headers declare, not even its beginning: it is what its bytes say."""


def unpacked(data: bytes, coding: str) -> bytes:
    """What a whole body in *coding* holds, through all layers.

    Raises NotPacked, or ValueError if apispy cannot read all of it.
    """
    for layer in range(LAYERS):
        if not coding:
            return data
        name = CODINGS.get(coding, coding)
        if name not in DECOMPRESSORS:
            raise ValueError(f"a coding that apispy cannot read: {coding}")
        if not layer and not _begins(data, name):
            raise NotPacked(coding)
        data = decompress_all(data, name, UNPACKED_LIMIT)
        coding = coding_of(data[:MAGIC_SIZE])
    raise ValueError(f"compressed more than {LAYERS} times")


def _begins(data: bytes, name: str) -> bool:
    """Whether anything at all can be read from *data* as it is said to be compressed."""
    try:
        return bool(decompress_start(data, name, 1))
    except ValueError:
        return False
