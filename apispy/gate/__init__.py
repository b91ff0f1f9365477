"""Requests are checked here before they are forwarded: by the user's rules and faults, and for web pages. Sans-IO.

A ``Gate`` decides about one request, for the proxy and for a replay alike. For the proxy, a ``RequestForwarder`` finds
the requests in one client's bytes: a ``HoldingForwarder`` if there are faults or rules, else a ``PassThrough``.
If deciding fails, the request is not forwarded.
"""

from apispy.gate.actions import (
    GARBAGE,
    Action,
    Annotations,
    Ask,
    AskUser,
    Decision,
    DropAfter,
    Garbage,
    Reset,
    RespondWith,
    ResponseTruncator,
    TunnelAnswer,
    error_response,
)
from apispy.gate.browser_guard import BrowserGuard
from apispy.gate.gate import Gate, internal_error
from apispy.gate.policy_check import PolicyCheck
from apispy.gate.request_forwarder import ForwarderOutput, HoldingForwarder, PassThrough, RequestForwarder
from apispy.gate.rules import FaultRule, parse
from apispy.gate.tunnel_answers import DaemonFrames

__all__ = [
    "GARBAGE",
    "Action",
    "Annotations",
    "Ask",
    "AskUser",
    "BrowserGuard",
    "DaemonFrames",
    "Decision",
    "DropAfter",
    "FaultRule",
    "ForwarderOutput",
    "Garbage",
    "Gate",
    "HoldingForwarder",
    "PassThrough",
    "PolicyCheck",
    "RequestForwarder",
    "Reset",
    "RespondWith",
    "ResponseTruncator",
    "TunnelAnswer",
    "error_response",
    "internal_error",
    "parse",
]
