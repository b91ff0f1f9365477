"""Variables in recorded text: values that differ from run to run and are treated as equal.

Variables are the placeholders of a fixture (``<name:1>``, ``<port:1>``, ``<time:...>``), redaction tokens, and in plain
captures the values that the client generated. The first live text in the place of a variable is bound to it; from then
on the two are equal wherever they appear.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from apispy.engine.generated_names import GENERATED, UUID_FORM, WORD_END, WORD_START
from apispy.model import is_redacted
from apispy.structs import Struct

PLACEHOLDER = re.compile(r"<(name|port|time):[^<>\s]{1,200}>|<(redacted):[0-9a-f]{8}>")
"""A fixture's placeholder for a variable value, or a redaction token."""

FIRST_EPHEMERAL_PORT = 32768
"""The lowest port number that the system assigns to a client that asks for any free port."""

_LIVE_FORMS = {
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*"),
    "port": re.compile(r"[0-9]{1,5}"),
    "time": re.compile(r"[0-9][0-9T:.Z+-]*"),
    "redacted": re.compile(r"<redacted:[0-9a-f]{8}>"),
    "uuid": re.compile(UUID_FORM),
    "random": re.compile(r"[0-9a-f]{6,64}|[0-9a-z]{25}"),
    "text": re.compile(r"[^\s/]{1,200}"),
}
"""By kind of variable: the form of a live value."""


class Span(Struct, frozen=True):
    """The place of a variable in a text."""

    start: int
    stop: int
    kind: str  # a key of _LIVE_FORMS


class Variables:
    """Finds variables in recorded texts. *generated*: the texts that the client of a plain capture generated."""

    def __init__(self, generated: Iterable[str] = ()) -> None:
        self._generated = frozenset(generated)
        unlike = sorted(text for text in self._generated if not GENERATED.fullmatch(text))
        # BuildKit draws 25 letters and digits; one ID of 3,400 has letters only, which GENERATED takes for a word.
        self._unlike = _words(unlike) if unlike else None

    def spans(self, text: str) -> list[Span]:
        """The variables in a recorded *text*, in order."""
        found = (
            [Span(*hit.span(), hit[1] or hit[2]) for hit in PLACEHOLDER.finditer(text)] if "<" in text else []
        )
        if self._generated:
            hits = (hit for hit in GENERATED.finditer(text) if hit[0] in self._generated)
            for hit in chain(hits, self._unlike.finditer(text) if self._unlike else ()):
                if not any(one.start <= hit.start() < one.stop for one in found):
                    found.append(Span(*hit.span(), "uuid" if "-" in hit[0] else "random"))
        return sorted(found, key=lambda span: span.start)


def _words(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern for these texts, but not inside a longer word."""
    return re.compile(rf"{WORD_START}(?:{'|'.join(map(re.escape, texts))}){WORD_END}")


class Bindings:
    """A one-to-one mapping between recorded and live texts."""

    def __init__(self, parent: "Bindings | None" = None) -> None:
        self._parent = parent
        self._live: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def trial(self) -> "Bindings":
        """A layer on top of this one: ``commit`` it, or drop it."""
        return Bindings(self)

    def commit(self) -> None:
        """Copy the bindings of this trial to its parent."""
        assert self._parent is not None
        self._parent._live |= self._live
        self._parent._recorded |= self._recorded

    def live_for(self, recorded: str) -> str | None:
        return self._live.get(recorded) or (self._parent.live_for(recorded) if self._parent else None)

    def recorded_for(self, live: str) -> str | None:
        return self._recorded.get(live) or (self._parent.recorded_for(live) if self._parent else None)

    def bind(self, recorded: str, live: str) -> bool:
        """Bind the two texts. False if one of them is bound to another text.

        Several tokens may be bound to one secret, because each recorded file has its own tokens.
        """
        known = self.live_for(recorded)
        if known is not None:
            return known == live
        if self.recorded_for(live) is not None and not is_redacted(recorded):
            return False
        self._live[recorded] = live
        self._recorded[live] = recorded
        return True

    def items(self) -> Iterator[tuple[str, str]]:
        """All (recorded, live) pairs."""
        if self._parent:
            yield from self._parent.items()
        yield from self._live.items()


class Unifier(Struct, frozen=True):
    """Compares recorded texts with live ones and binds the variables it finds."""

    variables: Variables
    bindings: Bindings

    def matches(self, recorded: str, live: str) -> bool:
        """Whether the texts are equal apart from their variables. Binds these."""
        spans = self.variables.spans(recorded)
        if not spans:
            return recorded == live
        values = _values(recorded, spans, live)
        if values is None:
            return False
        texts = [recorded[span.start : span.stop] for span in spans]
        return all(self.bindings.bind(text, value) for text, value in zip(texts, values, strict=True))

    def bind_value(self, kind: str, recorded: str, live: str) -> bool:
        """Bind the whole text *recorded* to *live*. False if *live* is not a value of *kind* or is bound already."""
        return _LIVE_FORMS[kind].fullmatch(live) is not None and self.bindings.bind(recorded, live)


def _values(recorded: str, spans: list[Span], live: str) -> list[str] | None:
    """The texts in *live* in the places of the variables; None if *live* does not fit.

    This is not one regular expression, because a hostile recording could make that backtrack without end. The text
    between two variables is searched for once, from the left.
    """
    edges = [0, *(edge for span in spans for edge in (span.start, span.stop)), len(recorded)]
    plain = [recorded[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]
    end = len(live) - len(plain[-1])
    if not live.startswith(plain[0]) or not live.endswith(plain[-1]) or end < len(plain[0]):
        return None
    values, at = [], len(plain[0])
    for span, after in zip(spans, plain[1:], strict=True):
        stop = end if span is spans[-1] else _value_end(live, at, end, span, after)
        if stop < 0 or not _LIVE_FORMS[span.kind].fullmatch(live, at, stop):
            return None
        values.append(live[at:stop])
        at = stop + len(after)
    return values


def _value_end(live: str, at: int, end: int, span: Span, after: str) -> int:
    """The end of the value at *at*, which the text *after* and another variable follow; -1 if there is none."""
    if after:
        return live.find(after, at + 1, end)
    found = _LIVE_FORMS[span.kind].match(live, at, end)
    return found.end() if found else -1
