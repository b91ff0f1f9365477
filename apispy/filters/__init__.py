"""Which calls are meant: the filter language, described in docs/filters.md.

``op:Container* and status>=400`` is read by ``parser``, from the fields in ``fields``, whose values are of the kinds in
``kinds``, and becomes the expression of a ``Filter``.
"""

from apispy.filters.filter import Filter
from apispy.filters.subject import Part, Subject

__all__ = ["Filter", "Part", "Subject"]
