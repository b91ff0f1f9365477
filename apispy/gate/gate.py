"""The gate: decides about each request with what one session has: browser guard, policy, faults and their counters."""

import random
from collections.abc import Callable, Iterable, Sequence

from apispy import decoders, engine, units
from apispy.gate.actions import PASS, Decision, RespondWith
from apispy.gate.browser_guard import BrowserGuard
from apispy.gate.passed_heads import PassedHeads
from apispy.gate.policy_check import PolicyCheck
from apispy.gate.request_framing import Head
from apispy.gate.rules import FaultRule
from apispy.model import Exchange, Item
from apispy.outputs.base import DecodedCall

NOT_HTTP1 = (
    "apispy cannot read this as HTTP/1, and forwards only requests that it can read while --fault or rules such as "
    "--deny are used"
)

NOT_HTTP2 = (
    "apispy refuses HTTP/2 while --fault or rules such as --deny are used, because it can hold only requests that come "
    "one at a time; use HTTP/1.1"
)

HTTP2_BEGINS = b"PRI * HTTP/2.0\r\n"


class CountedRule:
    """A fault rule, with the number of requests that matched it and that it hit."""

    def __init__(self, rule: FaultRule, chance: Callable[[], float]) -> None:
        self.rule = rule
        self.matched = self.hit = 0
        self._chance = chance

    def applies(self) -> bool:
        """Count a request that matches, and return whether the rule hits it."""
        rule = self.rule
        self.matched += 1
        if self.matched % rule.every or (rule.times is not None and self.hit >= rule.times):
            return False
        if rule.probability < 1 and self._chance() >= rule.probability:
            return False
        self.hit += 1
        return True


class Gate:
    """Decides about requests: *guard* checks every one, then *policy*, then the first of *rules* that hits it decides.

    *aliases* returns all names of a container that the session has learned. *chance* returns random numbers in [0, 1).
    """

    def __init__(
        self,
        rules: Sequence[FaultRule] = (),
        guard: BrowserGuard | None = None,
        policy: PolicyCheck | None = None,
        *,
        aliases: Callable[[str], tuple[str, ...]] = lambda name: (name,),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.guard, self.policy = guard, policy
        self._rules = [CountedRule(rule, chance) for rule in rules]
        self._aliases = aliases
        self._passed = PassedHeads()
        self._repeatable = not rules and (policy is None or policy.repeatable)

    @property
    def holds(self) -> bool:
        """Whether each request must wait for its decision: there are faults or a policy."""
        return bool(self._rules) or self.policy is not None

    @property
    def needs_names(self) -> bool:
        """Whether a decision depends on what earlier calls have shown, so that their events must not wait."""
        return bool(self._rules) or (self.policy is not None and self.policy.needs_names)

    def decide(self, exchange: Exchange, *, complete: bool = True) -> Decision | None:
        """Decide about the request of *exchange*.

        With *complete* False, the exchange has only the request's head; None then means that the body is needed too.
        Take only one decision about each request, because it is counted.
        """
        request = exchange.request
        if refused := self.refuse(request.headers):
            return refused
        judged = self.policy.judge(exchange, self._aliases, complete=complete) if self.policy else None
        if self.policy:
            if judged is None:
                return None
            if not judged.verdict.allowed or judged.verdict.asks or not self._rules:
                return self.policy.decision(judged)
        reading = self._reading(exchange, complete)
        matches = [one.rule.filter.early(reading) if one.rule.filter else True for one in self._rules]
        if None in matches and not complete:
            return None
        for counted, match in zip(self._rules, matches, strict=True):
            if match and counted.applies():
                rule = counted.rule
                inside = self.policy.decision(judged).inside if self.policy and judged else None
                return Decision(rule.action, rule.delay, f"fault {rule}", inside)
        return self.policy.decision(judged) if self.policy and judged else PASS

    def passes_again(self, head: Head) -> bool:
        """Whether a request passes because it repeats one that passed: a new decision would be the same."""
        return head.raw in self._passed

    def passed(self, head: Head) -> None:
        """Note that the request with *head* was decided to pass. Requests that repeat it may need no decision."""
        if self._repeatable:
            self._passed.add(head)

    def refuse(self, fields: Iterable[tuple[bytes, bytes]]) -> Decision | None:
        """Return the guard's refusal of a request with the header *fields*; None if it may pass."""
        reason = self.guard.refusal(fields) if self.guard else None
        return _refusal(reason) if reason else None

    def decide_unreadable(self, data: bytes) -> Decision:
        """Decide about bytes that cannot be read as a request.

        The guard lets HTTP/2 pass: browsers speak it under TLS only.
        """
        is_http2 = data.startswith(HTTP2_BEGINS)
        if not is_http2 and (reason := self.guard.refusal_of_bytes(data) if self.guard else None):
            return _refusal(reason)
        reason = NOT_HTTP2 if is_http2 else NOT_HTTP1
        if self.policy and (decision := self.policy.decide_unreadable(reason)) and not decision.passes:
            return decision
        if not self._rules:
            return PASS
        return Decision(RespondWith(400, reason, closes=True), reason=reason)

    def report(self) -> list[str]:
        """Return a sentence for each rule: how many requests matched it, and how many of them it hit or refused."""
        return [
            *(self.policy.report() if self.policy else ()),
            *self._of_faults(),
        ]

    def _of_faults(self) -> list[str]:
        return [
            f"fault {one.rule}: hit {one.hit} of {units.count(one.matched, 'matching requests')}"
            if one.matched
            else f"fault {one.rule}: no request matched"
            for one in self._rules
        ]

    def _reading(self, exchange: Exchange, complete: bool) -> DecodedCall:
        call = engine.lookup(exchange.request.method, exchange.request.target)
        body = exchange.request.body
        items: tuple[Item, ...] = ()
        if complete and call.operation.request == "json" and body.size and not body.cut:
            decoder = decoders.make("json")
            items = (*decoder.feed(body.data), *decoder.close())
        return DecodedCall(exchange, call, {"request": items}, aliases=self._aliases)


def _refusal(reason: str) -> Decision:
    """Build the decision about a web page's request."""
    return Decision(RespondWith(403, f"apispy: refused: {reason}", closes=True), reason=f"refused: {reason}")


def internal_error(error: Exception) -> Decision:
    """Build the decision for a request about which the gate failed to decide: it is not forwarded."""
    return Decision(
        RespondWith(500, "apispy: an internal error in apispy; the request was not forwarded", closes=True),
        reason=f"an internal error in apispy: {error!r}",
    )
