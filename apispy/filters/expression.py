"""What a filter consists of. Each part decides about a call, and says itself in the language."""

import dataclasses
import functools
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from apispy.filters.fields import FIELDS, Field
from apispy.filters.subject import Part, Subject

KEYWORDS = ("and", "or", "not")

VALUE = re.compile(r"""[^\s()"]+""")
"""What may stand after an operator without quotes."""

_BARE = re.compile(r"""[^\s()"<>:=!]+""")


@dataclass(frozen=True, slots=True)
class Test:
    """One field compared; with no ``operator`` a flag, or with no name a bare word."""

    field: Field
    operator: str
    value: str
    holds: Callable[[Subject], bool] = dataclasses.field(compare=False, repr=False)

    @property
    def needs(self) -> Part:
        return self.field.known

    def decide(self, subject: Subject, known: Part) -> bool | None:
        """Whether it holds, None when *known* is too little to say."""
        return self.holds(subject) if self.field.known in known else None

    def __str__(self) -> str:
        if not self.field.name:
            plain = _BARE.fullmatch(self.value) and self.value.lower() not in (*KEYWORDS, *FIELDS)
            return self.value if plain else _quoted(self.value)
        if not self.operator:
            return self.field.name
        value = self.value if VALUE.fullmatch(self.value) else _quoted(self.value)
        return f"{self.field.name}{self.operator}{value}"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expression"

    @property
    def needs(self) -> Part:
        return self.part.needs

    def decide(self, subject: Subject, known: Part) -> bool | None:
        decided = self.part.decide(subject, known)
        return None if decided is None else not decided

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, Several) else f"not {self.part}"


@dataclass(frozen=True, slots=True)
class Several:
    """Parts joined by ``and`` or by ``or``; two at least, and none of them joined by the same."""

    word: str
    parts: tuple["Expression", ...]

    @property
    def needs(self) -> Part:
        return functools.reduce(operator.or_, (part.needs for part in self.parts))

    def decide(self, subject: Subject, known: Part) -> bool | None:
        """One part that is known may settle it: a false one of ``and``, a true one of ``or``."""
        settles, verdict = self.word == "or", True
        for part in self.parts:
            decided = part.decide(subject, known)
            if decided is settles:
                return settles
            verdict = verdict and decided is not None
        return not settles if verdict else None

    def __str__(self) -> str:
        texts = [
            f"({part})" if isinstance(part, Several) and part.word == "or" else str(part)
            for part in self.parts
        ]
        return f" {self.word} ".join(texts)


Expression = Test | Not | Several


def joined(word: str, parts: list[Expression]) -> Expression:
    """*parts* as one; what is joined by the same word already becomes part of it."""
    flat: list[Expression] = []
    for part in parts:
        flat += part.parts if isinstance(part, Several) and part.word == word else [part]
    return flat[0] if len(flat) == 1 else Several(word, tuple(flat))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
