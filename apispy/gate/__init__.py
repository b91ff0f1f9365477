"""What may be done to a request before it is passed on: faults that the user wants, web pages turned away. Sans-IO.

A ``Gate`` decides about one request, for the proxy and for a replay alike. A ``Way`` finds the requests in what one
client sends, for the proxy: a ``Turnstile`` with faults, else a ``Passage``.
When anything goes wrong in deciding, the request is not passed on.
"""

from apispy.gate.acts import Act, Answer, Decision, DropAfter, Garbage, Reset
from apispy.gate.answers import GARBAGE, json_answer
from apispy.gate.cut import AnswerCut
from apispy.gate.gate import Gate
from apispy.gate.pages import PageGuard
from apispy.gate.passage import Passage
from apispy.gate.remarks import Remarks
from apispy.gate.rule import Rule, parse
from apispy.gate.turnstile import Turnstile
from apispy.gate.way import Step, Way

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
    "Passage",
    "Remarks",
    "Reset",
    "Rule",
    "Step",
    "Turnstile",
    "Way",
    "json_answer",
    "parse",
]
