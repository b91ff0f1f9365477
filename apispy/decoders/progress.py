"""How far a pull, push, build, load or import is.

Source: moby pkg/jsonmessage and pkg/streamformatter. An error comes in the stream, after a status 200.
"""

from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import JsonLines
from apispy.model import Item


@decoder("progress")
class Progress(JsonLines):
    """Progress of a pull, push, build, load or import.
    Items of kind "json", labelled "layer", "status", "output", "aux", "error" or "json".
    """

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        return Item("json", part_of(value), value, span)


PARTS = ("layer", "status", "output", "aux", "error", "json")
"""What a line may be: how far one layer is; something said of the whole; output of a build's step; a result for
programs; what went wrong; none of these."""


def part_of(value: Any) -> str:
    """Which of PARTS a line is."""
    if not isinstance(value, dict):
        return "json"
    if value.get("errorDetail") or value.get("error"):
        return "error"
    for key, part in (
        ("stream", "output"),
        ("aux", "aux"),
        ("status", "layer" if value.get("id") else "status"),
    ):
        if value.get(key):
            return part
    return "json"
