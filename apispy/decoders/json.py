"""A JSON document."""

from collections.abc import Iterable
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import DOCUMENT_WAIT, JsonLines
from apispy.model import Item


@decoder("json")
class Json(JsonLines):
    """A JSON document, read as a stream of one value, so that any further values are shown too."""

    wait_size = DOCUMENT_WAIT


def first_json(items: Iterable[Item]) -> Any:
    """Return the first JSON value among decoded items, or None."""
    return next((item.value for item in items if item.kind == "json"), None)
