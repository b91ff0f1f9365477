"""What is done to an exchange between the tap and the outputs. Redaction is always first."""

from apispy.steps.errors import errors_of, said_in
from apispy.steps.heads import without_quotes
from apispy.steps.policy import Policy
from apispy.steps.redact import Cleaning, Redactor
from apispy.steps.rules import Rules, parse

__all__ = ["Cleaning", "Policy", "Redactor", "Rules", "errors_of", "parse", "said_in", "without_quotes"]
