"""Matchers: each compares one named aspect of a live request with a recorded one.

To add a matcher, write a function with ``@matcher`` in a file that is imported below, and its line in
``apispy.replay.aspects``.
"""

from apispy.replay.matching.matcher import MATCHERS, Difference, Matcher, RequestPair, choose_matchers

# The matchers register themselves, in this order:
# isort: off
from apispy.replay.matching import request_line  # noqa: F401
from apispy.replay.matching import headers  # noqa: F401
from apispy.replay.matching import body  # noqa: F401
from apispy.replay.matching import stdin  # noqa: F401

# isort: on

__all__ = ["MATCHERS", "Difference", "Matcher", "RequestPair", "choose_matchers"]
