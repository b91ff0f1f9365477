"""The user's redaction rules (``--redact RULE``): a header, a path in JSON bodies, or a pattern anywhere."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from apispy.errors import UsageError
from apispy.redaction import json_paths
from apispy.redaction.json_paths import Path
from apispy.structs import Struct

if TYPE_CHECKING:
    import regex

PATTERN_LIMIT = 1000
"""Characters of a pattern."""

PATTERN_TIMEOUT = 0.1
"""Seconds for one pattern on one text. After that, the whole text is hidden."""

MAX_TIMEOUTS = 5
"""Timeouts of a pattern; after that it is no longer searched, and every text it would be searched in is hidden."""

EXAMPLES = "json:$.Config.Labels.x, header:X-Foo or re:corp-[0-9]+"


class Pattern:
    """A user's pattern with a bound on its time, for each text and in total."""

    def __init__(self, pattern: "regex.Pattern[str]") -> None:
        self._pattern = pattern
        self._late = 0

    @property
    def text(self) -> str:
        return self._pattern.pattern

    def substituted(self, text: str, hide: Callable[[str], str]) -> str:
        """Replace the matches in *text*."""
        if self._late >= MAX_TIMEOUTS:
            return hide(text)
        parts, end = [], 0
        try:
            for match in self._pattern.finditer(text, timeout=PATTERN_TIMEOUT):
                start, stop = match.span()
                if stop > start:
                    parts += [text[end:start], hide(text[start:stop])]
                    end = stop
        except TimeoutError:
            self._late += 1
            return hide(text)
        return "".join(parts) + text[end:]


class Rules(Struct, frozen=True):
    """The rules of a session, by what they apply to."""

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
    """Parse rules. Raises UsageError, which says what is wrong and shows a valid rule."""
    found: dict[str, list[Any]] = {name: [] for name in _KINDS}
    for text in texts:
        name, _, rest = text.partition(":")
        if name not in _KINDS:
            raise UsageError(f"--redact {text!r}: expected json:, header: or re:, as in {EXAMPLES}.")
        try:
            found[name].append(_KINDS[name](rest))
        except ValueError as error:
            raise UsageError(f"--redact {text!r}: {error}. Valid rules are {EXAMPLES}.") from None
    return Rules(frozenset(found["header"]), tuple(found["json"]), tuple(found["re"]))


def _header(name: str) -> str:
    if not name.strip() or any(sign in name for sign in " :\t"):
        raise ValueError("expected the name of a header field, without a colon")
    return name.lower()


def _pattern(text: str) -> Pattern:
    import regex  # a slow import, needed only for patterns

    if len(text) > PATTERN_LIMIT:
        raise ValueError(f"a pattern of {len(text)} characters, the limit is {PATTERN_LIMIT}")
    try:
        pattern = regex.compile(text)
    except regex.error as error:
        raise ValueError(f"not a valid regular expression: {error}") from None
    if pattern.search("") is not None:
        raise ValueError("the pattern matches the empty text, so it would match everywhere")
    return Pattern(pattern)


_KINDS: dict[str, Callable[[str], Any]] = {"json": json_paths.parse, "header": _header, "re": _pattern}
