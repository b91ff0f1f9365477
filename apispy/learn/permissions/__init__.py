"""The permissions that the calls of a capture need, and rules for socket proxies that grant them."""

from apispy.learn.permissions.as_json import check_json, usage_json
from apispy.learn.permissions.as_text import check_lines, usage_lines
from apispy.learn.permissions.check import Check
from apispy.learn.permissions.rules import write_rules
from apispy.learn.permissions.targets import TARGETS
from apispy.learn.permissions.usage import Usage

__all__ = [
    "TARGETS",
    "Check",
    "Usage",
    "check_json",
    "check_lines",
    "usage_json",
    "usage_lines",
    "write_rules",
]
