"""Redaction of the messages in the progress of POST /build, which are in base64 in JSON.

A message is decoded, redacted field by field as in BuildKit's tunnels, and encoded again if that changes it, so that a
client can still read it. What cannot be decoded is withheld.
"""

import json
from collections.abc import Callable
from typing import Any

from apispy.decoders.build_trace import MESSAGE, decode_trace, encode_trace
from apispy.decoders.grpc_messages import is_complete
from apispy.engine.operation import Call
from apispy.model import REDACTED
from apispy.redaction import categories
from apispy.redaction.grpc_messages import MessageRedactor
from apispy.redaction.tokens import SecretReplacer


class TraceRedactor:
    """Redacts the lines of one stream, in order: a secret may be divided between two of them."""

    def __init__(self, make: Callable[[], MessageRedactor]) -> None:
        """*make* makes the redactor of the messages; few streams have any."""
        self._make = make
        self._messages: MessageRedactor | None = None

    def __call__(self, replacer: SecretReplacer, coded: Any, place: str) -> str:
        """Return the base64 to show, REDACTED if it cannot be decoded; a change is among what the replacer found."""
        if coded == REDACTED:
            return REDACTED
        before = len(replacer.found)
        message = decode_trace(coded)
        self._messages = self._messages or self._make()
        shown = None if message is None else self._messages.message(replacer, MESSAGE, message, place)
        if message is not None and shown == message and is_complete(MESSAGE, message):
            return str(coded)
        if len(replacer.found) == before:
            replacer.withhold(place, categories.TRACE)
        return REDACTED if shown is None else encode_trace(shown)


def remember_arguments(replacer: SecretReplacer, messages: MessageRedactor, call: Call) -> None:
    """Remember the hidden build arguments of POST /build: the names of steps repeat them."""
    try:
        arguments = json.loads(call.value("buildargs") or "{}")
    except (ValueError, RecursionError):
        return
    for name, value in arguments.items() if isinstance(arguments, dict) else ():
        if isinstance(value, str) and replacer.policy.hides_variable(name, value):
            messages.remember(value)
