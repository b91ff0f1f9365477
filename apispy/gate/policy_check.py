"""Applies a policy to requests before they are forwarded. What cannot be read for sure is refused."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from apispy import engine, units
from apispy.decoders.json import first_json
from apispy.engine.effects import TUNNEL
from apispy.filters.expression import tests_of
from apispy.filters.policy import Policy, Rule, Verdict
from apispy.gate.actions import PASS, Ask, AskUser, Decision, RespondWith
from apispy.gate.strict_request import Doubt, check_head, check_tunnel, json_body
from apispy.model import Direction, Exchange, Item, Request
from apispy.outputs.base import DecodedCall
from apispy.structs import Struct, replace

FORBIDDEN = 403
"""The status of a refusal."""

Aliases = Callable[[str], tuple[str, ...]]

LEARNED = frozenset(("container", "image"))
"""Fields whose values depend on what earlier calls have shown."""

VARYING = LEARNED | {"client", "time"}
"""Fields whose values depend on more than the request."""

ADVICE = "the daemon did not get the request"


class Judged(Struct, frozen=True):
    """A verdict, and the request as far as it was read for it."""

    verdict: Verdict
    subject: DecodedCall
    looks_inside: bool = False  # whether the calls in the tunnel that it opens are to be decided


def question(subject: DecodedCall) -> tuple[str, ...]:
    """Describe a request in lines: the client, the operation, what it does, and what makes it dangerous."""
    from apispy.learn.permissions.dangers import dangers  # few sessions ask, and it imports much

    operation, request = subject.call.operation, subject.exchange.request
    path = request.target.partition("?")[0]
    body = first_json(subject.items.get("request", ()))
    lines = [f"apispy: {subject.exchange.client} asks for {operation.id or '?'}, {request.method} {path}"]
    lines += [f"  {operation.does}"] if operation.does else []
    return (*lines, *(f"  ! {reason}" for reason in dangers(subject.call, body)), "apispy")


class PolicyCheck:
    """Decides by *rules*. With *audit*, what would be refused is forwarded, and the call says so.

    *ask* asks the user; without it, what a rule asks about is refused.
    """

    def __init__(self, rules: Sequence[Rule], *, audit: bool = False, ask: Ask | None = None) -> None:
        self.rules, self.audit = rules, audit
        self._ask = ask
        self._policy = Policy(rules)
        self._requests = 0
        self._asked: Counter[Rule | None] = Counter()
        self._refused: Counter[Rule | None] = Counter()  # by the rule that refuses, None for no rule

    @property
    def needs_names(self) -> bool:
        """Whether a rule depends on names that the session learns from earlier calls."""
        return not LEARNED.isdisjoint(self._fields())

    @property
    def repeatable(self) -> bool:
        """Whether the same request always gets the same verdict."""
        return VARYING.isdisjoint(self._fields())

    def _fields(self) -> set[str]:
        """The names of the fields that the rules test."""
        return {test.field.name for rule in self.rules for test in tests_of(rule.filter.expression)}

    def judge(self, exchange: Exchange, aliases: Aliases, *, complete: bool) -> Judged | None:
        """Judge a request; None if its body is needed. With *complete*, the exchange has all that there will be.

        *aliases* returns all names of a container or image that the session has learned.
        """
        request = exchange.request
        call = engine.lookup(request.method, request.target)
        subject = DecodedCall(exchange, call, {}, aliases=aliases)
        try:
            check_head(request, call)
            verdict = self._policy.decide(subject)
            if verdict is None and not complete:
                return None
            if verdict is None:
                items: dict[Direction, tuple[Item, ...]] = {"request": (_read_body(exchange),)}
                subject = DecodedCall(exchange, call, items, aliases=aliases)
                verdict = self._policy.decide(subject)
            looks_inside = verdict is not None and verdict.allowed and self._looks_inside(subject, verdict)
        except Doubt as doubt:
            verdict, looks_inside = Verdict(f"refused: {doubt}"), False
        return Judged(verdict or Verdict("refused: a rule needs more than its body"), subject, looks_inside)

    def _looks_inside(self, subject: DecodedCall, verdict: Verdict) -> bool:
        """Whether the calls in the tunnel that a request opens are to be decided. Raises Doubt if they cannot be."""
        if subject.call.operation.id != TUNNEL or not self._policy.looks_inside(subject, verdict.granted):
            return False
        check_tunnel(subject.exchange.request)
        return True

    def judge_call(
        self, exchange: Exchange, aliases: Aliases, granted: Rule | None, message: Any
    ) -> Judged | None:
        """Judge a call in a tunnel; None if its *message* is needed. *granted*: the rule that allows the tunnel."""
        request = exchange.request
        call = engine.lookup(request.method, request.target)
        items: dict[Direction, tuple[Item, ...]] = {}
        if message is not None:
            items["request"] = (Item("json", "message", message, (0, 0)),)
        subject = DecodedCall(exchange, call, items, aliases=aliases)
        verdict = self._policy.decide(subject, granted)
        return Judged(verdict, subject) if verdict else None

    def decision(self, judged: Judged) -> Decision:
        """Make the decision of a verdict, and count it. One about a request that may pass is one that passes."""
        verdict = judged.verdict
        self._requests += 1
        if not verdict.allowed:
            return self.refused(verdict)
        found = self._asking(judged) if verdict.asks else PASS
        if not judged.looks_inside:
            return found
        subject = judged.subject
        return replace(found, inside=CallsOfTunnel(self, subject.exchange, subject.aliases, verdict.granted))

    def refused(self, verdict: Verdict) -> Decision:
        """Make the decision of a verdict that refuses, and count it."""
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

    def _asking(self, judged: Judged) -> Decision:
        rule = judged.verdict.rule
        self._asked[rule] += 1
        if self.audit:
            return Decision(reason=f"would be asked about by {rule}")
        refusal = RespondWith(FORBIDDEN, f"apispy: refused by the user, who was asked by {rule}; {ADVICE}")
        if self._ask is None:
            return Decision(refusal, reason=f"refused by {rule}: there is nobody to ask")
        return Decision(AskUser(question(judged.subject), self._ask, refusal), reason=f"asked by {rule}")

    def announcement(self) -> list[str]:
        """Return a sentence for each rule."""
        suffix = " (audit: what it would refuse is forwarded)" if self.audit else ""
        return [f"rule: {rule}{suffix}" for rule in self.rules]

    def report(self) -> list[str]:
        """Return a sentence for each rule that refused something, and one for other refusals."""
        verb = "would have been refused" if self.audit else "refused"
        asked = [
            f"the user was asked about {units.count(number, 'requests')}: {rule}"
            for rule, number in self._asked.most_common()
            if not self.audit
        ]
        if not self._refused:
            return asked or [f"no request {verb}" if self.audit else "no request refused by a rule"]
        others = "no rule allows them, or they can be read in two ways"
        return asked + [
            f"{units.count(number, 'requests')} {verb}: {rule or others}"
            for rule, number in self._refused.most_common()
        ]


class CallsOfTunnel(Struct, frozen=True):
    """Decides about the calls in the tunnel that *exchange* opened. *granted*: the rule that allowed it by its name."""

    check: PolicyCheck
    exchange: Exchange
    aliases: Aliases
    granted: Rule | None

    @property
    def audit(self) -> bool:
        return self.check.audit

    def decide(self, request: Request, message: dict[str, Any] | None) -> Decision | None:
        exchange = replace(self.exchange, request=request)
        judged = self.check.judge_call(exchange, self.aliases, self.granted, message)
        return self.check.decision(judged) if judged else None

    def refuse(self, reason: str) -> Decision:
        return self.check.refused(Verdict(reason))


def _read_body(exchange: Exchange) -> Item:
    """Read the body of a request as an item of JSON. Raises Doubt."""
    body = exchange.request.body
    if body.cut:
        raise Doubt("a rule needs its body, which is over 1 MiB or waits for a 100 Continue")
    return Item("json", "body", json_body(body.data) if body.size else None, (0, body.size))
