"""A JSON document."""

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import JsonLines


@decoder("json")
class Json(JsonLines):
    """Read as a stream of one value, so that an answer that turns out to hold more is shown in full."""
