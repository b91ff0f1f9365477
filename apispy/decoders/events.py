"""Docker events: GET /events."""

from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import JsonLines
from apispy.model import Item


@decoder("events")
class Events(JsonLines):
    """Docker events. Items of kind "json", labeled "event" if they are objects."""

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        return Item("json", "event" if isinstance(value, dict) else "json", value, span)
