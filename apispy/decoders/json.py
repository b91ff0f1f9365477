"""A JSON document."""

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import PATIENCE, JsonLines


@decoder("json")
class Json(JsonLines):
    """A JSON document. Read as a stream of one value, so that an answer that holds more is shown in full."""

    patience = PATIENCE
