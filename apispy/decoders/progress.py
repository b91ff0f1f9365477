"""Progress of a pull, push, build, load or import.

Source: moby pkg/jsonmessage and pkg/streamformatter. The daemon reports an error in the stream, after a status 200.
"""

from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.build_trace import LABEL as TRACE_LABEL
from apispy.decoders.build_trace import is_trace, trace_item
from apispy.decoders.json_lines import JsonLines
from apispy.model import Item


@decoder("progress")
class Progress(JsonLines):
    """Progress of a pull, push, build, load or import.
    Items of kind "json", labeled "layer", "status", "output", "aux", "trace", "error" or "json". One labeled "trace"
    has a child of kind "message", with [steps of a build](buildkit.md).
    """

    def item(self, value: Any, span: tuple[int, int]) -> Item:
        trace = trace_item(value, span) if is_trace(value) else None
        return trace or Item("json", label_of(value), value, span)


LABELS = ("layer", "status", "output", "aux", TRACE_LABEL, "error", "json")
"""Labels: the progress of one layer; a status of the whole operation; output of a build step; a machine-readable
result; steps of a build; an error; anything else."""


def label_of(value: Any) -> str:
    """Return which of LABELS describes a line."""
    if not isinstance(value, dict):
        return "json"
    if value.get("errorDetail") or value.get("error"):
        return "error"
    for key, label in (
        ("stream", "output"),
        ("aux", "aux"),
        ("status", "layer" if value.get("id") else "status"),
    ):
        if value.get(key):
            return label
    return "json"
