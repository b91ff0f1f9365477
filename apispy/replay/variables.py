"""What differs from run to run and stands for the same: names that a client made up, ports, times, hidden secrets.

A recorded text may hold variables: ``<name:1>``, ``<port:1>``, ``<time:...>`` of a fixture, tokens of hidden secrets,
and in plain captures the made-up texts themselves. The first live text in the place of a variable is bound to it, and
from then on the two stand for each other wherever they appear.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apispy.model import is_redacted

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

PLACEHOLDER = re.compile(r"<(name|port|time):[^<>\s]{1,200}>|<(redacted):[0-9a-f]{8}>")
"""What a fixture says of itself to be variable, and the tokens of secrets."""

MADE_UP = re.compile(rf"(?<![0-9A-Za-z])(?:{_UUID}|(?=[0-9a-f]*\d)[0-9a-f]{{6,40}})(?![0-9A-Za-z])")
"""The part of a name that looks random: a UUID, or 6 and more hexadecimal digits with a decimal one among them."""

UUID = re.compile(rf"(?<![0-9A-Za-z]){_UUID}(?![0-9A-Za-z])")

EPHEMERAL = 32768
"""From here on a port is one that the system gave to a client that asked for any."""

_LIVE = {
    "name": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*"),
    "port": re.compile(r"[0-9]{1,5}"),
    "time": re.compile(r"[0-9][0-9T:.Z+-]*"),
    "redacted": re.compile(r"<redacted:[0-9a-f]{8}>"),
    "uuid": re.compile(_UUID),
    "random": re.compile(r"[0-9a-f]{6,40}"),
    "text": re.compile(r"[^\s/]{1,200}"),
}
"""What may stand for a variable of each kind."""


@dataclass(frozen=True, slots=True)
class Span:
    """A variable in a text."""

    start: int
    stop: int
    kind: str  # a name in _LIVE


class Variables:
    """Knows the variables in recorded texts. *made_up*: the texts of a plain capture that its client made up."""

    def __init__(self, made_up: Iterable[str] = ()) -> None:
        self._made_up = frozenset(made_up)

    def spans(self, text: str) -> list[Span]:
        """Where variables stand in a recorded *text*, in order."""
        found = (
            [Span(*hit.span(), hit[1] or hit[2]) for hit in PLACEHOLDER.finditer(text)] if "<" in text else []
        )
        if self._made_up:
            found += [
                Span(*hit.span(), "uuid" if "-" in hit[0] else "random")
                for hit in MADE_UP.finditer(text)
                if hit[0] in self._made_up and not any(one.start <= hit.start() < one.stop for one in found)
            ]
        return sorted(found, key=lambda span: span.start)


class Bindings:
    """Which live text stands for which recorded one; one for one, both ways."""

    def __init__(self, above: "Bindings | None" = None) -> None:
        self._above = above
        self._live: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def trial(self) -> "Bindings":
        """One on top of this, to be kept with ``keep`` or thrown away."""
        return Bindings(self)

    def keep(self) -> None:
        """What was bound in this trial is bound below it too."""
        assert self._above is not None
        self._above._live |= self._live
        self._above._recorded |= self._recorded

    def live(self, recorded: str) -> str | None:
        return self._live.get(recorded) or (self._above.live(recorded) if self._above else None)

    def recorded(self, live: str) -> str | None:
        return self._recorded.get(live) or (self._above.recorded(live) if self._above else None)

    def bind(self, recorded: str, live: str) -> bool:
        """Whether *live* may stand for *recorded*; from now on it does.

        A secret may have several tokens: each file that was recorded has its own.
        """
        known = self.live(recorded)
        if known is not None:
            return known == live
        if self.recorded(live) is not None and not is_redacted(recorded):
            return False
        self._live[recorded] = live
        self._recorded[live] = recorded
        return True

    def items(self) -> Iterator[tuple[str, str]]:
        """(recorded, live) of all."""
        if self._above:
            yield from self._above.items()
        yield from self._live.items()


@dataclass(frozen=True, slots=True)
class Unifier:
    """Compares recorded texts with live ones, and binds variables on the way."""

    variables: Variables
    bindings: Bindings

    def same(self, recorded: str, live: str) -> bool:
        """Whether they are the same but for what variables stand for."""
        spans = self.variables.spans(recorded)
        if not spans:
            return recorded == live
        values = _values(recorded, spans, live)
        if values is None:
            return False
        texts = [recorded[span.start : span.stop] for span in spans]
        return all(self.bindings.bind(text, value) for text, value in zip(texts, values, strict=True))

    def stands_for(self, kind: str, recorded: str, live: str) -> bool:
        """Whether *live* may stand in the place of a whole text of that *kind*, whatever was recorded there."""
        return _LIVE[kind].fullmatch(live) is not None and self.bindings.bind(recorded, live)


def _values(recorded: str, spans: list[Span], live: str) -> list[str] | None:
    """What stands in *live* in the places of the variables; None if it does not fit.

    Not one regular expression: a hostile record could make that search for ever. What is between two variables is
    looked for once, from the left.
    """
    edges = [0, *(edge for span in spans for edge in (span.start, span.stop)), len(recorded)]
    plain = [recorded[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]
    end = len(live) - len(plain[-1])
    if not live.startswith(plain[0]) or not live.endswith(plain[-1]) or end < len(plain[0]):
        return None
    values, at = [], len(plain[0])
    for span, after in zip(spans, plain[1:], strict=True):
        stop = end if span is spans[-1] else _stop(live, at, end, span, after)
        if stop < 0 or not _LIVE[span.kind].fullmatch(live, at, stop):
            return None
        values.append(live[at:stop])
        at = stop + len(after)
    return values


def _stop(live: str, at: int, end: int, span: Span, after: str) -> int:
    """Where the value of a variable ends that *after* follows, and another variable; -1 if it cannot."""
    if after:
        return live.find(after, at + 1, end)
    found = _LIVE[span.kind].match(live, at, end)
    return found.end() if found else -1
