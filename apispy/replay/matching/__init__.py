"""The matchers: each aspect of a request that is compared has a name, and a file or a function here.

A new one is a function with ``@matcher``, in a file that is imported below.
"""

from apispy.replay.matching.base import MATCHERS, Difference, Matcher, Question

# They register themselves, in this order:
# isort: off
from apispy.replay.matching import request_line  # noqa: F401
from apispy.replay.matching import headers  # noqa: F401
from apispy.replay.matching import body  # noqa: F401
from apispy.replay.matching import stdin  # noqa: F401

# isort: on
from apispy.replay.matching.choice import choose

__all__ = ["MATCHERS", "Difference", "Matcher", "Question", "choose"]
