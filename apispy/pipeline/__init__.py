"""The way of one exchange: tap event -> redact -> lookup -> live decoders -> outputs."""

from apispy.pipeline.counting import Counting
from apispy.pipeline.finish import Notes, read
from apispy.pipeline.glance import glance
from apispy.pipeline.pipeline import Pipeline

__all__ = ["Counting", "Notes", "Pipeline", "glance", "read"]
