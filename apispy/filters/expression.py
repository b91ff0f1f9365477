"""The nodes of a filter expression. Each node evaluates a call; ``str`` gives its text in the language."""

import dataclasses
import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apispy.filters.fields import FIELDS, Field
from apispy.filters.subject import Part, Subject
from apispy.filters.value_types import Predicate
from apispy.model import Direction, Item
from apispy.structs import Struct

KEYWORDS = ("and", "or", "not")

VALUE = re.compile(r"""[^\s()"]+""")
"""An unquoted value after an operator."""

_BARE = re.compile(r"""[^\s()"<>:=!]+""")


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison of one field; without an ``operator`` a flag, without a field name a bare word."""

    field: Field
    operator: str
    value: str
    holds: Callable[[Subject], bool] = dataclasses.field(compare=False, repr=False)
    matches: Predicate | None = dataclasses.field(default=None, compare=False, repr=False)  # of one value

    @property
    def needs(self) -> Part:
        return self.field.known

    def decide(self, subject: Subject, known: Part) -> bool | None:
        """Evaluate the test; None if it needs more than the *known* parts."""
        if self.field.known in known:
            return self.holds(subject)
        return self.field.early(subject, self.matches) if self.field.early and self.matches else None

    def items(self, subject: Subject) -> list[tuple[Direction, Item]]:
        """The items for which a call was selected, if they are the reason."""
        return list(self.field.items(subject, self.matches)) if self.field.items and self.matches else []

    def __str__(self) -> str:
        if not self.field.name:
            plain = _BARE.fullmatch(self.value) and self.value.lower() not in (*KEYWORDS, *FIELDS)
            return self.value if plain else _quoted(self.value)
        if not self.operator:
            return self.field.name
        value = self.value if VALUE.fullmatch(self.value) else _quoted(self.value)
        return f"{self.field.name}{self.operator}{value}"


class Not(Struct, frozen=True):
    """The negation of a part."""

    part: "Expression"

    @property
    def needs(self) -> Part:
        return self.part.needs

    def decide(self, subject: Subject, known: Part) -> bool | None:
        decided = self.part.decide(subject, known)
        return None if decided is None else not decided

    def items(self, subject: Subject) -> list[tuple[Direction, Item]]:
        return []

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, Several) else f"not {self.part}"


class Several(Struct, frozen=True):
    """Two or more parts joined by ``and`` or by ``or``; no part is itself joined by the same word."""

    word: str
    parts: tuple["Expression", ...]

    @property
    def needs(self) -> Part:
        return functools.reduce(operator.or_, (part.needs for part in self.parts))

    def decide(self, subject: Subject, known: Part) -> bool | None:
        """Evaluate the parts."""
        return self.joined(part.decide(subject, known) for part in self.parts)

    def joined(self, parts: Iterable[bool | None]) -> bool | None:
        """Join decisions: a false one decides ``and`` and a true one decides ``or``, whatever the others are."""
        decisive, all_known = self.word == "or", True
        for decided in parts:
            if decided is decisive:
                return decisive
            all_known = all_known and decided is not None
        return not decisive if all_known else None

    def items(self, subject: Subject) -> list[tuple[Direction, Item]]:
        found = (pair for part in self.parts for pair in part.items(subject))
        return list({(direction, item.span): (direction, item) for direction, item in found}.values())

    def __str__(self) -> str:
        texts = [
            f"({part})" if isinstance(part, Several) and part.word == "or" else str(part)
            for part in self.parts
        ]
        return f" {self.word} ".join(texts)


Expression = Test | Not | Several


def tests_of(expression: Expression) -> Iterator[Test]:
    """The tests in *expression*, in order."""
    match expression:
        case Test():
            yield expression
        case Not():
            yield from tests_of(expression.part)
        case Several():
            for part in expression.parts:
                yield from tests_of(part)


def joined(word: str, parts: list[Expression]) -> Expression:
    """Join *parts* by *word*. Parts that are already joined by the same word are merged."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, Several) and part.word == word else [part]
    return flat[0] if len(flat) == 1 else Several(word, tuple(flat))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
