"""What may be done to a request before it is passed on: faults that the user wants, web pages turned away. Sans-IO.

A ``Gate`` decides about one request, for the proxy and for a replay alike. For the proxy, a ``RequestForwarder`` finds
the requests in what one client sends: a ``HoldingForwarder`` with faults, else a ``PassThrough``.
When anything goes wrong in deciding, the request is not passed on.
"""

from apispy.gate.actions import Action, Decision, DropAfter, Garbage, Reset, RespondWith
from apispy.gate.annotations import Annotations
from apispy.gate.answers import GARBAGE, json_answer
from apispy.gate.browser_guard import BrowserGuard
from apispy.gate.cut import AnswerCut
from apispy.gate.forwarder import ForwarderOutput, RequestForwarder
from apispy.gate.gate import Gate
from apispy.gate.holding import HoldingForwarder
from apispy.gate.pass_through import PassThrough
from apispy.gate.rule import FaultRule, parse

__all__ = [
    "GARBAGE",
    "Action",
    "Annotations",
    "AnswerCut",
    "BrowserGuard",
    "Decision",
    "DropAfter",
    "FaultRule",
    "ForwarderOutput",
    "Garbage",
    "Gate",
    "HoldingForwarder",
    "PassThrough",
    "RequestForwarder",
    "Reset",
    "RespondWith",
    "json_answer",
    "parse",
]
