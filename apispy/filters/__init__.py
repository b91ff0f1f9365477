"""The filter language that selects calls; docs/filters.md describes it.

``parser`` parses ``op:Container* and status>=400`` into the expression of a ``Filter``. ``fields`` defines the fields,
and ``value_types`` the types of their values.
"""

from apispy.filters.filter import Filter
from apispy.filters.subject import Part, Subject

__all__ = ["Filter", "Part", "Subject"]
