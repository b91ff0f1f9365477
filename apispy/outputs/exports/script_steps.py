"""What the exported scripts have in common: the calls in the order in which they began, which of them must not be
waited for, and which ids are to be taken from an answer because another daemon gives another one."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apispy.model import REDACTED
from apispy.outputs.base import Reading
from apispy.outputs.escaping import escape
from apispy.outputs.exports.columns import time_text
from apispy.outputs.outcome import outcome
from apispy.outputs.reading_values import json_of

ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|[0-9a-z]{25}")
"""An id as the daemon gives it; the short ones are those of swarm."""

_WORD = re.compile(r"(?:sha256:)?[0-9a-z]{12,}")

WATCHED = 10
"""Seconds for which a script watches a stream at most that the client had ended; and more than it took, of others."""


HIDDEN = REDACTED.rstrip(">")
"""What stands in the place of a secret begins so, whether or not a token follows."""


@dataclass(frozen=True, slots=True)
class Step:
    reading: Reading
    background: bool  # it waited for something that later calls caused
    seconds: int  # to stop it after; 0: it ends by itself
    gives: str  # the variable that is to take the id in its answer; "" for none

    @property
    def hides(self) -> bool:
        """Whether something stands in the request for a secret."""
        request = self.reading.exchange.request
        values = [value for _, value in request.headers]
        said = [request.target.encode("latin-1", "replace"), request.body.data, *values]
        return any(HIDDEN.encode() in text for text in said)

    @property
    def title(self) -> str:
        """ "#2 22:13:20.006 ContainerCreate -> 201 id web (c12250feba24)", on one line."""
        exchange = self.reading.exchange
        status = exchange.response.status if exchange.response else "no answer"
        words = "; ".join(self.reading.errors) or outcome(self.reading)
        name = self.reading.call.operation.id or "?"
        title = f"#{exchange.id} {time_text(exchange.started)[11:23]} {name} -> {status} {words}".strip()
        return escape(title if exchange.end == "complete" else f"{title}, {exchange.end}")


@dataclass(frozen=True, slots=True)
class Script:
    steps: tuple[Step, ...]
    names: dict[str, str]  # the variable that holds an id, by the id

    def pieces(self, text: str) -> Iterator[tuple[str, bool]]:
        """*text* in pieces: (what stands there, False) or (the variable for an id that stands there, True)."""
        at = 0
        for match in _WORD.finditer(text):
            if name := self._name(match[0]):
                yield text[at : match.start()], False
                yield name, True
                at = match.end()
        yield text[at:], False

    def _name(self, word: str) -> str:
        """The variable for a known id or its beginning."""
        if word in self.names:
            return self.names[word]
        word = word.removeprefix("sha256:")
        known = (
            name for number, name in self.names.items() if number.removeprefix("sha256:").startswith(word)
        )
        return next(known, "")


def script(readings: Iterable[Reading]) -> Script:
    """All the calls of a script; they are held, because which of them gives an id is known at the end only."""
    calls = sorted(readings, key=lambda reading: (reading.exchange.started, reading.exchange.id))
    givers = _givers(calls)
    names = {number: f"id_{count}" for count, number in enumerate(givers.values(), 1)}
    steps = []
    for place, reading in enumerate(calls):
        gives = names.get(givers.get(place, ""), "")
        overlapped = place + 1 < len(calls) and calls[place + 1].exchange.started < _end(reading)
        background = _waits(reading) and overlapped and not gives
        steps.append(Step(reading, background, _seconds(reading), gives))
    return Script(tuple(steps), names)


def _end(reading: Reading) -> float:
    return reading.exchange.started + reading.exchange.duration


def _waits(reading: Reading) -> bool:
    return reading.call.stays_open or reading.exchange.tunnel is not None


def _seconds(reading: Reading) -> int:
    """A stream may have no end of its own, or wait for what a script does not do. Only transfers take their time."""
    took = math.ceil(min(reading.exchange.duration, 1e6))
    if reading.exchange.end != "complete" and reading.exchange.response is not None:
        return max(1, min(took, WATCHED))
    transfers = reading.call.operation.response == "progress"
    return took + WATCHED if _waits(reading) and not transfers else 0


def _givers(calls: list[Reading]) -> dict[int, str]:
    """By the place of a call, the id that it was the first to tell and that a later call uses."""
    last_use = {start: place for place, reading in enumerate(calls) for start in _mentioned(reading)}
    found: dict[int, str] = {}
    for place, reading in enumerate(calls):
        number = _id_told(reading)
        used = last_use.get(_start(number), -1) > place and _start(number) not in _mentioned(reading)
        if number and used and number not in found.values():
            found[place] = number
    return found


def _id_told(reading: Reading) -> str:
    """The id at the top of a good answer."""
    response, answer = reading.exchange.response, json_of(reading, "response")
    if response is None or response.status >= 300 or not isinstance(answer, dict):
        return ""
    number = answer.get("Id") or answer.get("ID")
    return number if isinstance(number, str) and ID.fullmatch(number) else ""


def _mentioned(reading: Reading) -> set[str]:
    """The beginnings of what may be ids in a request: in its target, and in its body if that is JSON."""
    request = reading.exchange.request
    body = request.body.data.decode("latin-1") if reading.call.operation.request == "json" else ""
    return {_start(word) for text in (request.target, body) for word in _WORD.findall(text)}


def _start(number: str) -> str:
    """The 12 digits that people type."""
    return number.removeprefix("sha256:")[:12]


def filled(text: str, names: Script, quote: Callable[[str], str], variable: Callable[[str], str]) -> str:
    """*text* with its ids as variables: the rest through *quote*, the names through *variable*, put together."""
    return "".join(
        variable(piece) if is_name else quote(piece) for piece, is_name in names.pieces(text) if piece
    )
