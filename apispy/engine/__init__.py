"""What is known of the Docker Engine API. Pure: data and functions on it, no I/O."""

from apispy.engine.lookup import lookup, with_form
from apispy.engine.operation import Call, Operation
from apispy.engine.operations import OPERATIONS, UNKNOWN

__all__ = ["OPERATIONS", "UNKNOWN", "Call", "Operation", "lookup", "with_form"]
