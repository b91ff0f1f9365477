"""Header fields and query parameters whose values have a format of their own, and their decoders."""

from apispy.decoders.base import DECODERS
from apispy.model import Item, is_redacted

HEADERS = {
    "x-registry-auth": "registry-auth",
    "x-registry-config": "registry-config",
    "x-docker-container-path-stat": "path-stat",
}
"""Decoder by the name of a header field, in lower case."""

PARAMETERS = {
    "filters": "filters",
    "buildargs": "pairs",
    "labels": "pairs",
    "cachefrom": "names",
    "ulimits": "ulimits",
    "platform": "platform",
    "outputs": "outputs",
    "changes": "changes",
}
"""Decoder by the name of a query parameter."""


def decode_header(name: bytes, value: bytes) -> Item | None:
    """Decode the value of a header field. Returns None for plain text and for a redacted value."""
    return _decode(HEADERS.get(name.decode("latin-1").lower(), ""), value)


def decode_parameter(name: str, value: str) -> Item | None:
    """Decode the value of a query parameter, already percent-decoded. Returns None for plain text or if redacted."""
    return _decode(PARAMETERS.get(name, ""), value.encode("utf-8", "surrogateescape"))


def _decode(form: str, value: bytes) -> Item | None:
    if not form or is_redacted(value.decode("utf-8", "replace")):
        return None
    decoder = DECODERS[form]()
    return next(iter(decoder.feed(value) + decoder.close()), None)
