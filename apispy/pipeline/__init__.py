"""The path of an exchange from tap events to outputs: redaction, lookup, decoding."""

from apispy.pipeline.count_only import CountOnlyPipeline
from apispy.pipeline.fast_stats import fast_stats_of
from apispy.pipeline.final_reading import Notes, read
from apispy.pipeline.pipeline import Pipeline

__all__ = ["CountOnlyPipeline", "Notes", "Pipeline", "fast_stats_of", "read"]
