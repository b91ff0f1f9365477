"""Filters as rules about requests: one that refuses misses no request, one that allows does not allow too much.

A request may ask for several things at once: three mounts, two capabilities. A filter holds if one of them matches. But
a rule that allows needs all of them: ``bind:/srv/*`` allows a request if every mount is there. And a rule that refuses
holds also for what includes the thing that it names: ``cap:SYS_ADMIN`` for ALL and for a privileged container,
``bind:/etc*`` for a mount of /, ``image:evil`` for a build, whose Dockerfile may begin with any image; and then a rule
that allows does not hold. A ``not`` turns one into the other.
"""

from apispy.filters.expression import Expression, Not, Several, Test
from apispy.filters.filter import Filter
from apispy.filters.subject import Subject, known_parts


def may_match(rule: Filter, subject: Subject) -> bool | None:
    """Whether one thing of the request matches, or something that includes it; None if its body is needed to know."""
    return _decide(rule.expression, subject, wide=True)


def surely_matches(rule: Filter, subject: Subject) -> bool | None:
    """Whether everything of the request matches; None if its body is needed to know."""
    return _decide(rule.expression, subject, wide=False)


def _decide(expression: Expression, subject: Subject, *, wide: bool) -> bool | None:
    match expression:
        case Not(part):
            decided = _decide(part, subject, wide=not wide)
            return None if decided is None else not decided
        case Several():
            return expression.joined(_decide(part, subject, wide=wide) for part in expression.parts)
        case Test():
            return _test(expression, subject, wide=wide)


def _test(test: Test, subject: Subject, *, wide: bool) -> bool | None:
    field, matches = test.field, test.matches
    if field.known not in known_parts(subject):
        return None
    includes = field.includes is not None and field.includes(subject, test.value)
    if matches is None:  # a flag
        return test.holds(subject) or (wide and includes)
    each = field.each(subject) if field.each else (field.values(subject),)
    found = [any(map(matches, names)) for names in each]
    if not wide:
        return bool(found) and all(found) and not includes
    return any(found) or includes
