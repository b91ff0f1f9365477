"""What is done to an exchange between the tap and the outputs. ``redact`` is always first."""

from apispy.steps.errors import errors_of, said_in
from apispy.steps.redact import redact, withholds

__all__ = ["errors_of", "redact", "said_in", "withholds"]
