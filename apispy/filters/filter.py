"""A filter expression that selects calls."""

from dataclasses import dataclass
from typing import Self

from apispy.filters.expression import Expression
from apispy.filters.parser import parse
from apispy.filters.subject import ALL, Part, Subject, known_parts


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter. ``str`` gives its canonical text, which parses to an equal filter."""

    expression: Expression

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse *text*. Raises UsageError, which points at the place of the error."""
        return cls(parse(text))

    def matches(self, subject: Subject) -> bool:
        """Whether the filter selects a finished call. Never raises."""
        return self.expression.decide(subject, ALL) is True

    def early(self, subject: Subject) -> bool | None:
        """Whether the filter selects an open call; None while that is undecided. Never raises."""
        return self.expression.decide(subject, known_parts(subject))

    @property
    def needs(self) -> Part:
        """The parts of a call that may be needed to decide; some calls need fewer."""
        return self.expression.needs

    @property
    def needs_response(self) -> bool:
        """Whether the request alone is not enough to decide every call."""
        return bool(self.needs & (Part.RESPONSE | Part.END))

    def __str__(self) -> str:
        return str(self.expression)
