"""Rules that allow and refuse requests, as they are typed and as a file has them.

A file has a rule in each line: ``read-only``, ``allow FILTER``, ``deny FILTER`` or ``confirm FILTER``; "#" begins a
comment. A rule that refuses comes before all that allow. If there is a rule that allows, what none allows is refused.
About what is allowed, the user is asked if a rule says so.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from apispy.engine import lookup
from apispy.engine.effects import READ, TUNNEL
from apispy.engine.tables.grpc_methods import GRPC_CALL, GRPC_METHODS
from apispy.errors import UsageError
from apispy.filters.expression import tests_of
from apispy.filters.fields import FIELDS
from apispy.filters.filter import Filter
from apispy.filters.rule_matching import may_match, surely_matches
from apispy.filters.subject import Asked, Subject
from apispy.structs import Struct, replace
from apispy.suggestions import most_similar

Verb = Literal["allow", "deny", "confirm"]
VERBS: tuple[Verb, ...] = ("allow", "deny", "confirm")
READ_ONLY = "read-only"


class Rule(Struct, frozen=True):
    """A rule about requests. ``text`` is the rule as the file has it."""

    verb: Verb
    filter: Filter
    text: str

    def __str__(self) -> str:
        return self.text


READS = Rule("allow", Filter.parse(f"effect:{READ}"), READ_ONLY)
"""What ``read-only`` stands for."""


def parse_rule(verb: Verb, text: str) -> Rule:
    """Parse the filter of a rule. Raises UsageError, which says what is wrong and what to type."""
    found = Filter.parse_typed(text)
    if words := [test.value for test in tests_of(found.expression) if not test.field.name]:
        near = most_similar(words[0].lower(), FIELDS)
        hint = f"; did you mean {near}?" if near else ""
        raise UsageError(
            f"{_quoted(words[0])} alone is a word to search for, which is too weak for a rule{hint} "
            "Type for example op:ContainerExec, effect:exec or privileged"
        )
    found.check_request_only("a rule")
    return Rule(verb, found, f"{verb} {' '.join(text.split())}")


def parse_line(line: str) -> Rule | None:
    """Parse a line of a file; None for an empty line and a comment. Raises UsageError."""
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    if text == READ_ONLY:
        return READS
    word, _, rest = text.partition(" ")
    for verb in VERBS:
        if word == verb and rest.strip():
            return parse_rule(verb, rest.strip())
    near = most_similar(word, (*VERBS, READ_ONLY))
    hint = f"; did you mean {near}?" if near and near != word else ""
    raise UsageError(
        f"expected {READ_ONLY}, or allow, deny or confirm and a filter, found {_quoted(text)}{hint}"
    )


def parse_policy(text: str) -> list[Rule]:
    """Parse the text of a file. Raises UsageError, with the number of the line."""
    rules = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            rule = parse_line(line)
        except UsageError as error:
            raise UsageError(f"line {number}: {error}") from None
        if rule is not None:
            rules.append(rule)
    if not rules:
        raise UsageError(f"it has no rule: expected a line such as {READ_ONLY} or deny privileged")
    return rules


def _quoted(text: str) -> str:
    return ascii(text[:80])


class Verdict(Struct, frozen=True):
    """What rules say about a request. ``reason`` says why it is refused; "" if it is allowed."""

    reason: str = ""
    rule: Rule | None = None  # that decided; None if no rule matches
    asks: bool = False  # whether the user decides
    granted: Rule | None = None  # the rule that allows it; None if nothing refuses it

    @property
    def allowed(self) -> bool:
        return not self.reason


NO_RULE = "no rule allows it"
UNKNOWN_CALL = "apispy does not know this operation, and no rule allows it"
NESTED = "apispy does not look into a session in a tunnel, and no rule allows it"
NO_METHOD = "no rule allows a call in this tunnel"
SESSION_METHOD = "Control/Session"
UNKNOWN_METHOD = "/some.Service/Method"
"""The path of a method that apispy does not know."""

Matching = Callable[[Filter, Subject], bool | None]


class Policy:
    """Decides about requests by *rules*."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: Sequence[Rule] = tuple(rules)
        self._denying = [rule for rule in self.rules if rule.verb == "deny"]
        self._allowing = [rule for rule in self.rules if rule.verb == "allow"]
        self._asking = [rule for rule in self.rules if rule.verb == "confirm"]

    def decide(self, subject: Subject, granted: Rule | None = None) -> Verdict | None:
        """Decide about a request; None if its body is needed, and is not known.

        An operation that apispy does not know is refused unless a rule allows it. BuildKit's tunnel is allowed if a
        call in it may be; each is decided in turn, and what a rule says of effects is about them. *granted*: the rule
        that allowed the tunnel of a call by its name, and with it all calls that no rule denies.
        """
        denying, may_deny = _first(_about(subject, self._denying), may_match, subject)
        if denying is not None:
            return Verdict(f"refused by {denying}", denying)
        allowing, may_allow = (granted, False) if granted else _first(self._allowing, surely_matches, subject)
        if allowing is None and not may_allow and (reason := self._default(subject)):
            return Verdict(f"refused: {reason}")
        asking, may_ask = _first(_about(subject, self._asking), may_match, subject)
        if may_deny or (allowing is None and may_allow) or (asking is None and may_ask):
            return None
        if asking:
            return Verdict(rule=asking, asks=True, granted=allowing)
        return Verdict(rule=allowing, granted=allowing)

    def looks_inside(self, tunnel: Subject, granted: Rule | None) -> bool:
        """Whether a call in a tunnel may be refused or asked about, so that each must be decided."""
        rules = [*self._denying, *self._asking]
        by_path = any(
            test.field.name == "path" for rule in rules for test in tests_of(rule.filter.expression)
        )
        matched = (_first(rules, may_match, call) != (None, False) for call in _calls_in(tunnel))
        return granted is None or by_path or any(matched)

    def _default(self, subject: Subject) -> str:
        """Say why a request that no rule allows is refused; "" if it is not."""
        if subject.call.operation.id == TUNNEL:
            inside = map(self.decide, _calls_in(subject))
            return "" if any(verdict is None or verdict.allowed for verdict in inside) else NO_METHOD
        if self._allowing == [READS]:
            return f"{READ_ONLY} allows only operations that change nothing"
        if self._allowing:
            return NO_RULE
        if not subject.call.known or subject.call.operation.id == GRPC_CALL.id:
            return UNKNOWN_CALL
        return NESTED if subject.call.operation.id == SESSION_METHOD else ""


def _about(subject: Subject, rules: list[Rule]) -> list[Rule]:
    """Return the rules that hold for a request: for a tunnel, which does nothing by itself, not those about effects."""
    if subject.call.operation.id != TUNNEL:
        return rules
    fields = [{test.field.name for test in tests_of(rule.filter.expression)} for rule in rules]
    return [rule for rule, names in zip(rules, fields, strict=True) if names != {"effect"}]


def _calls_in(tunnel: Subject) -> Iterator[Subject]:
    """Yield the calls of each method that a client may make in a tunnel, without their messages."""
    exchange = tunnel.exchange
    for path in (*(method.path for method in GRPC_METHODS if method is not GRPC_CALL), UNKNOWN_METHOD):
        request = replace(exchange.request, method="POST", target=path)
        yield Asked(replace(exchange, request=request), lookup("POST", path), {}, tunnel.aliases)


def _first(rules: Iterable[Rule], matches: Matching, subject: Subject) -> tuple[Rule | None, bool]:
    """Return the first of *rules* that matches, and whether one before it may match once more is known."""
    undecided = False
    for rule in rules:
        decided = matches(rule.filter, subject)
        if decided:
            return rule, undecided
        undecided = undecided or decided is None
    return None, undecided
