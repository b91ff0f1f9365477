"""The Docker Engine API as data: operations, parameters, shapes, versions. No I/O."""

from apispy.engine.lookup import lookup, with_form
from apispy.engine.operation import Call, Operation
from apispy.engine.operations import OPERATIONS, UNKNOWN

__all__ = ["OPERATIONS", "UNKNOWN", "Call", "Operation", "lookup", "with_form"]
