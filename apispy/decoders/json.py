"""A JSON document."""

from apispy.decoders.base import decoder
from apispy.decoders.json_lines import DOCUMENT_WAIT, JsonLines


@decoder("json")
class Json(JsonLines):
    """A JSON document, read as a stream of one value, so that any further values are shown too."""

    wait_size = DOCUMENT_WAIT
