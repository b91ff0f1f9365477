"""What happens in the daemon: GET /events."""

from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import JsonLines
from apispy.model import Item


@decoder("events")
class Events(JsonLines):
    """The daemon's events. Items of kind "json", labelled "event" when they are objects."""

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        return Item("json", "event" if isinstance(value, dict) else "json", value, span)
