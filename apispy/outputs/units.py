"""Sizes, durations, counts and IDs in text, as ``apispy.units`` formats them."""

from apispy.units import binary_size, count, duration, short_ids, size

__all__ = ["binary_size", "count", "duration", "short_ids", "size"]
