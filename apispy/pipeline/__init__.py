"""The path of an exchange from tap events to outputs: redaction, lookup, decoding."""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.pipeline.count_only import CountOnlyPipeline
    from apispy.pipeline.fast_stats import fast_stats_of
    from apispy.pipeline.final_reading import Notes, read
    from apispy.pipeline.held_calls import Runs
    from apispy.pipeline.pipeline import Pipeline

_FILES = {
    "CountOnlyPipeline": "count_only",
    "fast_stats_of": "fast_stats",
    "Notes": "final_reading",
    "read": "final_reading",
    "Pipeline": "pipeline",
    "Runs": "held_calls",
}
__getattr__ = lazy.names(__name__, _FILES)

__all__ = ["CountOnlyPipeline", "Notes", "Pipeline", "Runs", "fast_stats_of", "read"]
