"""Which values in the heads of messages have a format of their own, and what they mean."""

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


def of_header(name: bytes, value: bytes) -> Item | None:
    """What a header field means, None when it means what it says, or is withheld."""
    return _read(HEADERS.get(name.decode("latin-1").lower(), ""), value)


def of_parameter(name: str, value: str) -> Item | None:
    """What a query parameter means, percent-decoded; None when it means what it says."""
    return _read(PARAMETERS.get(name, ""), value.encode("utf-8", "surrogateescape"))


def _read(form: str, value: bytes) -> Item | None:
    if not form or is_redacted(value.decode("utf-8", "replace")):
        return None
    decoder = DECODERS[form]()
    return next(iter(decoder.feed(value) + decoder.close()), None)
