"""Parses the filter language. Written by hand: four rules need no library, and pyparsing takes 50 ms to import.

either = both ("or" both)*
both   = one ("and"? one)*
one    = "not" one | "(" either ")" | test
test   = FIELD OPERATOR VALUE | FLAG | WORD
"""

import re

from apispy.errors import UsageError
from apispy.filters import value_types
from apispy.filters.expression import KEYWORDS, VALUE, Expression, Not, Test, joined
from apispy.filters.fields import FIELDS, WORD, Field
from apispy.filters.subject import Subject
from apispy.filters.value_types import Predicate
from apispy.suggestions import most_similar

MAX_DEPTH = 50
"""How deep parentheses and ``not`` may be nested."""

_BLANK = re.compile(r"\s*")
_NAME = re.compile(r"""(?:(?!!=)[^\s()"<>:=])+""")
_OPERATOR = re.compile(r"<=|>=|!=|==|[<>:=]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_KEYWORDS = {word: re.compile(rf'{word}(?=[\s()"]|\Z)', re.IGNORECASE) for word in KEYWORDS}


def parse(text: str) -> Expression:
    """Parse *text*. Raises UsageError, which points at the place of the error and names what was expected."""
    parser = Parser(text)
    found = parser.either()
    if parser.at < len(text):  # only a ) ends an expression before its end
        raise parser.error('")" without "("')
    return found


class Parser:
    """A recursive-descent parser. ``at`` is its position in *text*: at a word or the end, never at white space."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._depth = 0
        self._skip()

    def either(self) -> Expression:
        parts = [self._both()]
        while self._keyword("or"):
            parts.append(self._both())
        return joined("or", parts)

    def take(self, form: re.Pattern[str]) -> re.Match[str] | None:
        found = form.match(self.text, self.at)
        if found:
            self.at = found.end()
            self._skip()
        return found

    def error(self, message: str, at: int | None = None) -> UsageError:
        place = " " * (self.at if at is None else at)
        return UsageError(
            f"filter: {_printable(message)}\n  {_printable(self.text)}\n  {place}^\nThe language: apispy help filters"
        )

    # -- parts --

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._keyword("and") or not self._ends():
            parts.append(self._one())
        return joined("and", parts)

    def _ends(self) -> bool:
        """Whether nothing more is joined by ``and`` here."""
        return self.at == len(self.text) or self.text[self.at] == ")" or bool(self._peeks("or"))

    def _one(self) -> Expression:
        start = self.at
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep")
        if self._keyword("not"):
            found: Expression = Not(self._one())
        elif self.take(re.compile(r"\(")):
            found = self.either()
            if not self.take(re.compile(r"\)")):
                raise self.error('"(" without ")"', start)
        else:
            found = self._test()
        self._depth -= 1
        return found

    def _test(self) -> Test:
        start = self.at
        if (quoted := self._quoted()) is not None:
            return _word(quoted)
        if self._peeks("and") or self._peeks("or") or not (name := self.take(_NAME)):
            raise self.error(f"expected a test, as in {FIELDS['op'].example}, found {self._found()}")
        field = FIELDS.get(name[0].lower())
        sign = self.take(_OPERATOR)
        if sign is None:
            return self._alone(name[0], field, start)
        if field is None:
            raise self.error(_no_field(name[0]), start)
        typed = value_types.IS if sign[0] in ("=", "==") else sign[0]  # as in the settings of --fault
        if typed not in field.kind.operators:
            raise self.error(_no_operator(field, sign[0]), sign.start())
        return self._compared(field, typed)

    def _alone(self, name: str, field: Field | None, start: int) -> Test:
        if field is None:
            return _word(name)
        if field.flag is None:
            signs = " or ".join(field.kind.operators)
            raise self.error(
                f'expected {signs} after {name}, as in {field.example}; to search for the word: "{name}"',
                start,
            )
        return Test(field, "", "", field.flag)

    def _compared(self, field: Field, sign: str) -> Test:
        start, value = self.at, self._quoted()
        if value is None and (found := self.take(VALUE)):
            value = found[0]
        predicate = None if value is None else field.kind.test(sign, value)
        if value is None or predicate is None:
            self.at = start
            expects = f"expected {field.kind.expects} after {sign}"
            raise self.error(f"{expects}, found {self._found()}; as in {field.example}")
        return _test(field, sign, value, predicate)

    def _quoted(self) -> str | None:
        start = self.at
        if found := self.take(_QUOTED):
            return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)
        if self.text[start : start + 1] == '"':
            raise self.error('unterminated "')
        return None

    def _keyword(self, word: str) -> bool:
        return bool(self.take(_KEYWORDS[word]))

    def _peeks(self, word: str) -> bool:
        return bool(_KEYWORDS[word].match(self.text, self.at))

    def _found(self) -> str:
        found = VALUE.match(self.text, self.at)
        return found[0] if found else self.text[self.at : self.at + 1] or "the end"

    def _skip(self) -> None:
        if found := _BLANK.match(self.text, self.at):
            self.at = found.end()


def _test(field: Field, sign: str, value: str, predicate: Predicate) -> Test:
    def holds(subject: Subject) -> bool:
        return any(predicate(found) for found in field.values(subject))

    return Test(field, sign, value, holds, predicate)


def _word(text: str) -> Test:
    return _test(WORD, "", text, value_types.contains("", text))


def _printable(text: str) -> str:
    """Return *text* with spaces for unprintable characters, so that its width is known."""
    return "".join(char if char.isprintable() else " " for char in text)


def _no_field(name: str) -> str:
    near = most_similar(name.lower(), FIELDS)
    meant = f"; did you mean {near}?" if near else "."
    return f"unknown field {name}{meant} Fields: {', '.join(FIELDS)}"


def _no_operator(field: Field, sign: str) -> str:
    name = field.name
    if sign == "!=" and value_types.IS in field.kind.operators:
        return f"!= is not an operator, write not {name}:..., as in {field.example}"
    return f"expected {' or '.join(field.kind.operators)} after {name}, found {sign}; as in {field.example}"
