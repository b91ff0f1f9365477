"""Decides about requests, with all that a session knows: its faults, its guard against pages, what was hit so far."""

import random
from collections.abc import Callable, Iterable, Sequence

from apispy import decoders, engine
from apispy.gate.actions import PASS, Decision, RespondWith
from apispy.gate.browser_guard import BrowserGuard
from apispy.gate.rule import FaultRule
from apispy.model import Exchange, Item
from apispy.outputs.base import DecodedCall

UNREAD = "this is no HTTP/1 that apispy can read, and with --fault nothing passes unread"


class Hits:
    """One rule, and how often it was asked and did something."""

    def __init__(self, rule: FaultRule, chance: Callable[[], float]) -> None:
        self.rule = rule
        self.matched = self.hit = 0
        self._chance = chance

    def strikes(self) -> bool:
        """Whether the request that matches now is to be hit; counts it."""
        rule = self.rule
        self.matched += 1
        if self.matched % rule.every or (rule.times is not None and self.hit >= rule.times):
            return False
        if rule.probability < 1 and self._chance() >= rule.probability:
            return False
        self.hit += 1
        return True


class Gate:
    """*guard* looks at every request, then the first of *rules* that hits it decides.

    *aliases* gives all that a container goes by, as the session has learned it; *chance* numbers from 0 to below 1.
    """

    def __init__(
        self,
        rules: Sequence[FaultRule] = (),
        guard: BrowserGuard | None = None,
        *,
        aliases: Callable[[str], tuple[str, ...]] = lambda name: (name,),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.guard = guard
        self._hits = [Hits(rule, chance) for rule in rules]
        self._aliases = aliases

    @property
    def has_rules(self) -> bool:
        return bool(self._hits)

    def decide(self, exchange: Exchange, *, whole: bool = True) -> Decision | None:
        """About the request of *exchange*. *whole* False: only its head is there; then None asks for the body.

        Each request is to be decided once: it counts.
        """
        request = exchange.request
        if refused := self.refuse(request.headers):
            return refused
        reading = self._reading(exchange, whole)
        found = [hits.rule.which.early(reading) if hits.rule.which else True for hits in self._hits]
        if None in found and not whole:
            return None
        for hits, matches in zip(self._hits, found, strict=True):
            if matches and hits.strikes():
                return Decision(hits.rule.act, hits.rule.delay, f"fault {hits.rule}")
        return PASS

    def refuse(self, fields: Iterable[tuple[bytes, bytes]]) -> Decision | None:
        """What the guard alone says of a request; None if it may pass."""
        why = self.guard.refusal(fields) if self.guard else None
        return denied(why) if why else None

    def unread(self, data: bytes) -> Decision:
        """About bytes that are no request that can be read."""
        if why := self.guard.in_text(data) if self.guard else None:
            return denied(why)
        if not self._hits:
            return PASS
        return Decision(RespondWith(400, f"apispy: {UNREAD}", closes=True), why=UNREAD)

    def report(self) -> list[str]:
        """How often each rule matched and hit, in sentences."""
        return [
            f"fault {hits.rule}: hit {hits.hit} of {hits.matched} requests that matched"
            if hits.matched
            else f"fault {hits.rule}: no request matched"
            for hits in self._hits
        ]

    def _reading(self, exchange: Exchange, whole: bool) -> DecodedCall:
        call = engine.lookup(exchange.request.method, exchange.request.target)
        body = exchange.request.body
        items: tuple[Item, ...] = ()
        if whole and call.operation.request == "json" and body.size and not body.cut:
            decoder = decoders.make("json")
            items = (*decoder.feed(body.data), *decoder.close())
        return DecodedCall(exchange, call, {"request": items}, aliases=self._aliases)


def denied(why: str) -> Decision:
    """A web page's request."""
    return Decision(
        RespondWith(403, f"apispy: refused, because {why}", closes=True), why=f"refused, because {why}"
    )


def failed(error: Exception) -> Decision:
    """What is decided when deciding failed."""
    return Decision(
        RespondWith(500, "apispy: a fault in apispy; the request was not passed on", closes=True),
        why=f"a fault in apispy: {error!r}",
    )
