"""A filter that was typed: whether a call is meant by it."""

from dataclasses import dataclass
from typing import Self

from apispy.filters.expression import Expression
from apispy.filters.parser import parse
from apispy.filters.subject import ALL, Part, Subject, so_far


@dataclass(frozen=True, slots=True)
class Filter:
    """``str`` gives its text in one form, which parses to an equal filter."""

    expression: Expression

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UsageError that points at the place in *text*."""
        return cls(parse(text))

    def matches(self, subject: Subject) -> bool:
        """Whether a call that is over is meant. Never raises."""
        return self.expression.decide(subject, ALL) is True

    def early(self, subject: Subject) -> bool | None:
        """Whether a call that is under way is meant; None as long as that cannot be said. Never raises."""
        return self.expression.decide(subject, so_far(subject))

    @property
    def needs(self) -> Part:
        """What must be known to decide any call; less may do for some."""
        return self.expression.needs

    @property
    def needs_answer(self) -> bool:
        """Whether there are calls that the request alone does not decide."""
        return bool(self.needs & (Part.ANSWER | Part.END))

    def __str__(self) -> str:
        return str(self.expression)
