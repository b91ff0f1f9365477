"""What may be done to a request before it is passed on: faults that the user wants, web pages turned away. Sans-IO.

A ``Gate`` decides about one request, for the proxy and for a replay alike. ``Turnstile`` finds the requests in what one
client sends, for the proxy. When anything goes wrong in deciding, the request is not passed on.
"""

from apispy.gate.acts import Act, Answer, Decision, DropAfter, Garbage, Reset
from apispy.gate.answers import GARBAGE, json_answer
from apispy.gate.cut import AnswerCut
from apispy.gate.gate import Gate
from apispy.gate.pages import PageGuard
from apispy.gate.remarks import Remarks
from apispy.gate.rule import Rule, parse
from apispy.gate.turnstile import Turnstile

__all__ = [
    "GARBAGE",
    "Act",
    "Answer",
    "AnswerCut",
    "Decision",
    "DropAfter",
    "Garbage",
    "Gate",
    "PageGuard",
    "Remarks",
    "Reset",
    "Rule",
    "Turnstile",
    "json_answer",
    "parse",
]
