"""A policy compared with calls: which would be refused, and which rules no call needs."""

from collections import Counter

from apispy.decoders.json import first_json
from apispy.engine import lookup
from apispy.engine.operation import Operation
from apispy.learn.permissions.paths import Request
from apispy.learn.permissions.targets.base import Decision, Policy, TunnelPolicy
from apispy.learn.permissions.usage import MAX_PERMISSIONS, messages_in, methods_in
from apispy.learn.read_call import ReadCall
from apispy.structs import Struct


class Refused(Struct):
    """Calls that a policy refuses for one reason."""

    name: str  # operation, or the method for an unknown one
    method: str
    template: str  # of the operation; the path of the first call for an unknown one
    path: str  # of the first call, without version
    reason: str
    first: str
    calls: int = 0


class Check:
    """Applies a policy to calls, one at a time. Memory does not grow with their number."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.calls = 0
        self.refused_calls = 0
        self._refused: dict[tuple[str, str, str], Refused] = {}
        self._used: Counter[int] = Counter()

    def add(self, decoded: ReadCall, source: str = "") -> None:
        """Decide about a call. *source* is the name of its file if there are several."""
        self.calls += 1
        sent = decoded.exchange.request
        request = Request.of_call(
            decoded.call, sent.method, sent.target, first_json(decoded.items.get("request", ()))
        )
        number = f"{source} #{decoded.exchange.id}".lstrip()
        allowed = self._note(self.policy.decide(request), decoded.call.operation, request, number)
        if allowed and isinstance(self.policy, TunnelPolicy):
            messages = {call.path: message for call, message in messages_in(decoded)}
            for path in methods_in(decoded):
                inside = Request("POST", path, path)
                decision = self.policy.decide_call(path, messages.get(path))
                allowed &= self._note(decision, lookup("POST", path).operation, inside, number)
        self.refused_calls += not allowed

    def _note(self, decision: Decision, operation: Operation, request: Request, number: str) -> bool:
        """Count a decision; return whether it allows."""
        self._used.update(decision.rules)
        if decision.allowed:
            return True
        name = operation.id or "unknown operation"
        key = request.method, name, decision.reason
        if key in self._refused or len(self._refused) < MAX_PERMISSIONS:
            template = operation.path or request.path
            found = self._refused.setdefault(
                key, Refused(name, request.method, template, request.path, decision.reason, number)
            )
            found.calls += 1
        return False

    @property
    def refused(self) -> list[Refused]:
        """The calls that are refused, by operation and reason; those with the most calls first."""
        return sorted(self._refused.values(), key=lambda one: (-one.calls, one.name, one.method))

    @property
    def unused(self) -> list[str]:
        """The rules that no call needs."""
        return [rule for number, rule in enumerate(self.policy.rules) if not self._used[number]]

    @property
    def used(self) -> list[tuple[str, int]]:
        """Every rule that a call needs, with the number of these calls."""
        return [
            (rule, self._used[number]) for number, rule in enumerate(self.policy.rules) if self._used[number]
        ]
