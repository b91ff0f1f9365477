"""Applies a policy to requests before they are forwarded. What cannot be read for sure is refused."""

from collections import Counter
from collections.abc import Callable, Sequence

from apispy import engine, units
from apispy.filters.policy import Policy, Rule, Verdict
from apispy.gate.actions import PASS, Decision, RespondWith
from apispy.gate.strict_request import Doubt, check_head, json_body
from apispy.model import Direction, Exchange, Item
from apispy.outputs.base import DecodedCall

FORBIDDEN = 403
"""The status of a refusal."""

Aliases = Callable[[str], tuple[str, ...]]

ADVICE = "the daemon did not get the request"


class PolicyCheck:
    """Decides by *rules*. With *audit*, what would be refused is forwarded, and the call says so."""

    def __init__(self, rules: Sequence[Rule], *, audit: bool = False) -> None:
        self.rules, self.audit = rules, audit
        self._policy = Policy(rules)
        self._requests = 0
        self._refused: Counter[Rule | None] = Counter()  # by the rule that refuses, None for no rule

    def judge(self, exchange: Exchange, aliases: Aliases, *, complete: bool) -> Verdict | None:
        """Judge a request; None if its body is needed. With *complete*, the exchange has all that there will be.

        *aliases* returns all names of a container or image that the session has learned.
        """
        request = exchange.request
        call = engine.lookup(request.method, request.target)
        try:
            check_head(request, call)
            found = self._policy.decide(DecodedCall(exchange, call, {}, aliases=aliases))
            if found is not None or not complete:
                return found
            items: dict[Direction, tuple[Item, ...]] = {"request": (_read_body(exchange),)}
            found = self._policy.decide(DecodedCall(exchange, call, items, aliases=aliases))
        except Doubt as doubt:
            return Verdict(f"refused: {doubt}")
        return found or Verdict("refused: a rule needs more than its body")

    def decision(self, verdict: Verdict) -> Decision:
        """Make the decision of a verdict, and count it. One about a request that may pass is one that passes."""
        self._requests += 1
        if verdict.allowed:
            return PASS
        self._refused[verdict.rule] += 1
        if self.audit:
            return Decision(reason=f"would be {verdict.reason}")
        return Decision(RespondWith(FORBIDDEN, f"apispy: {verdict.reason}; {ADVICE}"), reason=verdict.reason)

    def decide_unreadable(self, reason: str) -> Decision:
        """Decide about bytes that are not a request of HTTP/1: refuse them, unless this is an audit."""
        self._requests += 1
        self._refused[None] += 1
        if self.audit:
            return Decision(reason=f"would be refused: {reason}")
        return Decision(RespondWith(400, reason, closes=True), reason=reason)

    def announcement(self) -> list[str]:
        """Return a sentence for each rule."""
        suffix = " (audit: what it would refuse is forwarded)" if self.audit else ""
        return [f"rule: {rule}{suffix}" for rule in self.rules]

    def report(self) -> list[str]:
        """Return a sentence for each rule that refused something, and one for other refusals."""
        verb = "would have been refused" if self.audit else "refused"
        if not self._refused:
            return [f"no request {verb}" if self.audit else "no request refused by a rule"]
        others = "no rule allows them, or they can be read in two ways"
        return [
            f"{units.count(number, 'requests')} {verb}: {rule or others}"
            for rule, number in self._refused.most_common()
        ]


def _read_body(exchange: Exchange) -> Item:
    """Read the body of a request as an item of JSON. Raises Doubt."""
    body = exchange.request.body
    if body.cut:
        raise Doubt("a rule needs its body, which is over 1 MiB or waits for a 100 Continue")
    return Item("json", "body", json_body(body.data) if body.size else None, (0, body.size))
