"""A filter expression that selects calls."""

from typing import Self

from apispy.errors import UsageError
from apispy.filters.expression import Expression, Test, tests_of
from apispy.filters.fields import TABLE
from apispy.filters.parser import parse
from apispy.filters.subject import ALL, Part, Subject, known_parts
from apispy.filters.value_types import glob
from apispy.model import Direction, Item
from apispy.structs import Struct
from apispy.suggestions import most_similar


class Filter(Struct, frozen=True):
    """A parsed filter. ``str`` gives its canonical text, which parses to an equal filter."""

    expression: Expression

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse *text*. Raises UsageError, which points at the place of the error."""
        return cls(parse(text))

    @classmethod
    def parse_typed(cls, text: str) -> Self:
        """Parse *text* that a user typed. Raises UsageError also for a value that its field never has: `op:Kontainer*`.

        A filter in a file of another version of apispy may know more operations, so ``parse`` accepts them.
        """
        found = cls(parse(text))
        if problem := found.problem():
            raise UsageError(f"filter: {problem}\n  {text if text.isprintable() else ascii(text)}")
        return found

    def problem(self) -> str:
        """What a test of this filter cannot match, and a suggestion; "" if there is no such test."""
        return next(filter(None, map(_unknown_value, tests_of(self.expression))), "")

    def matches(self, subject: Subject) -> bool:
        """Whether the filter selects a finished call. Never raises."""
        return self.expression.decide(subject, ALL) is True

    def early(self, subject: Subject) -> bool | None:
        """Whether the filter selects an open call; None while that is undecided. Never raises."""
        return self.expression.decide(subject, known_parts(subject))

    def items(self, subject: Subject) -> list[tuple[Direction, Item]]:
        """The items for which the filter selects a finished call: of gRPC methods and of steps of a build."""
        return self.expression.items(subject)

    @property
    def needs(self) -> Part:
        """The parts of a call that may be needed to decide; some calls need fewer."""
        return self.expression.needs

    @property
    def needs_response(self) -> bool:
        """Whether the request alone is not enough to decide every call."""
        return bool(self.needs & (Part.RESPONSE | Part.END))

    def check_request_only(self, what: str) -> None:
        """Check that the request decides. Raises UsageError for *what*, "a fault" or "a rule", that needs more."""
        if self.needs_response:
            later = ", ".join(field.name for field in TABLE if field.known & (Part.RESPONSE | Part.END))
            raise UsageError(
                f"{what} is decided on the request; it cannot use {later}, which are known only later"
            )

    def __str__(self) -> str:
        return str(self.expression)


def _unknown_value(test: Test) -> str:
    field, value = test.field, test.value
    if field.known_values is None or not test.operator:
        return ""
    known = sorted(field.known_values())
    matches = glob("", value)
    if any(map(matches, known)):
        return ""
    near = most_similar(value.strip("*?"), known)
    hint = f"did you mean {field.name}:{near}?" if near else f"as in {field.example}"
    return f"no {field.name} of Docker's API matches {value}; {hint}"
