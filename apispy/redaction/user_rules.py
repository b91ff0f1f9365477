"""The user's own rules, ``--redact RULE``: a header, a place in JSON bodies, or a pattern anywhere."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apispy.errors import UsageError
from apispy.redaction import json_paths
from apispy.redaction.json_paths import Path

if TYPE_CHECKING:
    import regex

PATTERN_LIMIT = 1000
"""Characters of a pattern."""

PATIENCE = 0.1
"""Seconds that one pattern may take for one text. If it takes longer, the whole text is hidden."""

LATE = 5
"""How often a pattern may take longer, before it is searched for no more, and hides all it is to look at."""

EXAMPLES = "json:$.Config.Labels.x, header:X-Foo or re:corp-[0-9]+"


class Pattern:
    """A pattern of the user, which cannot take long: neither once nor in all."""

    def __init__(self, pattern: "regex.Pattern[str]") -> None:
        self._pattern = pattern
        self._late = 0

    @property
    def text(self) -> str:
        return self._pattern.pattern

    def substituted(self, text: str, hide: Callable[[str], str]) -> str:
        """*text* with all that is found in it hidden."""
        if self._late >= LATE:
            return hide(text)
        parts, end = [], 0
        try:
            for match in self._pattern.finditer(text, timeout=PATIENCE):
                start, stop = match.span()
                if stop > start:
                    parts += [text[end:start], hide(text[start:stop])]
                    end = stop
        except TimeoutError:
            self._late += 1
            return hide(text)
        return "".join(parts) + text[end:]


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a session, by what they look at."""

    headers: frozenset[str] = frozenset()  # in lower case
    paths: tuple[Path, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.headers or self.paths or self.patterns)

    @property
    def look_into_bodies(self) -> bool:
        return bool(self.paths or self.patterns)


NO_RULES = Rules()


def parse(texts: Iterable[str]) -> Rules:
    """The rules that were typed. Raises UsageError, which says what is wrong and shows a right one."""
    found: dict[str, list[Any]] = {name: [] for name in _KINDS}
    for text in texts:
        name, _, rest = text.partition(":")
        if name not in _KINDS:
            raise UsageError(f"--redact {text!r}: expected json:, header: or re:, as in {EXAMPLES}.")
        try:
            found[name].append(_KINDS[name](rest))
        except ValueError as error:
            raise UsageError(f"--redact {text!r}: {error}. Right ones are {EXAMPLES}.") from None
    return Rules(frozenset(found["header"]), tuple(found["json"]), tuple(found["re"]))


def _header(name: str) -> str:
    if not name.strip() or any(sign in name for sign in " :\t"):
        raise ValueError("expected the name of a header field, without a colon")
    return name.lower()


def _pattern(text: str) -> Pattern:
    import regex  # only those who give a pattern wait for it

    if len(text) > PATTERN_LIMIT:
        raise ValueError(f"a pattern of {len(text)} characters, the limit is {PATTERN_LIMIT}")
    try:
        pattern = regex.compile(text)
    except regex.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    if pattern.search("") is not None:
        raise ValueError("the pattern also fits nothing at all, so it would be found everywhere")
    return Pattern(pattern)


_KINDS: dict[str, Callable[[str], Any]] = {"json": json_paths.parse, "header": _header, "re": _pattern}
