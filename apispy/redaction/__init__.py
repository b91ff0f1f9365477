"""Removes secrets from exchanges before any output sees them."""

from apispy.redaction.header_fields import without_quotes
from apispy.redaction.policy import Policy
from apispy.redaction.redactor import ExchangeRedactor, Redactor
from apispy.redaction.user_rules import Rules, parse

__all__ = [
    "ExchangeRedactor",
    "Policy",
    "Redactor",
    "Rules",
    "parse",
    "without_quotes",
]
