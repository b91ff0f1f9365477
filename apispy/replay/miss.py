"""A live request without a recorded response, and how apispy explains it."""

import json
from collections.abc import Iterator
from typing import Any, Protocol

from apispy.outputs.escaping import escape
from apispy.replay.comparable_request import ComparableRequest
from apispy.replay.matching import Difference
from apispy.replay.recorded_calls import RecordedCall
from apispy.structs import Struct, field
from apispy.units import count, short_ids

MAX_DIFFERENCES = 12
"""Differences that are listed one by one."""

MAX_PARTS = 4
"""Parts of an aspect that are proposed for --match one by one."""

MAX_VALUE_LENGTH = 200
"""Characters of a value that are shown."""


class Candidate(Struct, frozen=True):
    """A recorded call of the same operation, and its differences from the live request by matcher."""

    recorded: RecordedCall
    differences: dict[str, list[Difference]]  # an empty list: this matcher passed

    @property
    def count(self) -> int:
        return sum(len(found) for found in self.differences.values())

    @property
    def passed(self) -> list[str]:
        """The matchers without a difference."""
        return [name for name, found in self.differences.items() if not found]


class Miss(Struct, frozen=True):
    """A live request that the recording could not answer."""

    live: ComparableRequest
    nearest: Candidate | None = None  # the most similar recorded call; None if none has the same operation
    failure: str = ""  # why the matching recorded call could not be played to its end
    advice: tuple[str, ...] = field(default=())
    number: int | None = None  # of the live call; None if what was sent is not a whole call, such as input

    @property
    def name(self) -> str:
        return self.live.call.operation.id or "unknown operation"

    @property
    def used_up(self) -> bool:
        """Whether the recorded call is equal, but was already played."""
        return self.nearest is not None and not self.nearest.count and not self.failure

    @property
    def reason(self) -> str:
        """The cause of the miss, in half a sentence."""
        if self.failure:
            return self.failure
        if self.nearest is None:
            return "no such call was recorded"
        number = self.nearest.recorded.number
        if self.used_up:
            times = count(self.nearest.recorded.times_played, "times")
            return f"all matching recorded calls are used up (#{number}, played {times})"
        first = next(one for found in self.nearest.differences.values() for one in found)
        return f"the nearest, #{number}, differs: {first.place}"

    @property
    def message(self) -> str:
        """The error message for the client, on one line."""
        head = f"apispy replay: no recorded response for {self.name} {request_line(self.live)}"
        return escape(f"{head}: {self.reason.rstrip('.')}. See apispy's output for details.")

    def lines(self, options: "MissOptions | None" = None) -> Iterator[tuple[str, str]]:
        """(text, style) of each line for apispy's output; not escaped. *options*: None is COMMAND_LINE."""
        yield f"miss: {self.name} {request_line(self.live)}: {self.reason}", "bad"
        if self.nearest is not None and not self.failure:
            yield from self._nearest_lines(self.nearest)
        for advice in self.advice or self._default_advice(options or COMMAND_LINE):
            yield f"  {advice}", ""

    def _nearest_lines(self, nearest: Candidate) -> Iterator[tuple[str, str]]:
        recorded = nearest.recorded
        times = count(recorded.times_played, "times")
        played = f", already played {times}" if recorded.times_played else ""
        yield f"  nearest: #{recorded.number} {request_line(recorded.request)}{played}", ""
        yield f"  same: {', '.join(nearest.passed) or 'nothing'}", "dim"
        differences = [one for found in nearest.differences.values() for one in found]
        for difference in differences[:MAX_DIFFERENCES]:
            yield f"  {difference.place}" + (f": {difference.reason}" if difference.reason else ""), ""
            yield f"    - {_value_text(difference.recorded)}", "bad"
            yield f"    + {_value_text(difference.live)}", "good"
        if len(differences) > MAX_DIFFERENCES:
            yield f"  and {count(len(differences) - MAX_DIFFERENCES, 'more differences')}", ""

    def _default_advice(self, options: "MissOptions") -> Iterator[str]:
        if self.nearest is None:
            yield options.nothing_recorded
        elif self.used_up:
            yield f"The client sends this request more often than it was recorded. {options.used_up}"
        elif self.nearest.count:
            names = ",".join(f"-{name}" for name in self._differing(self.nearest))
            how = options.differs.format(names=names)
            yield f"- recorded, + sent now. To ignore the difference: {how}. Otherwise record again."

    def _differing(self, nearest: Candidate) -> list[str]:
        """What --match must leave out: the parts that differ; a whole aspect if it has many, or none with a name."""
        found: list[str] = []
        for name, differences in nearest.differences.items():
            parts = list(dict.fromkeys(difference.part for difference in differences))
            found += [name] if "" in parts or len(parts) > MAX_PARTS else parts
        return found


class MissOptions(Struct, frozen=True):
    """What to type after a miss, where it is shown. *differs* has {names}, the value of --match."""

    nothing_recorded: str
    used_up: str
    differs: str


COMMAND_LINE = MissOptions(
    "Record it: apispy run --capture FILE -- COMMAND; or forward it to a daemon: --on-miss forward.",
    "--repeat-last repeats the last response.",
    "--match={names}",
)

PYTHON = MissOptions(
    "Record the fixture again, or another one that has this call.",
    "repeat_last=True repeats the last response.",
    'match="{names}"',
)


class _RequestLine(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def target(self) -> str: ...


def request_line(request: _RequestLine) -> str:
    """``POST /v1.41/containers/create?name=web``, with short ids, truncated if it is long. Not escaped."""
    return _truncated(short_ids(f"{request.method} {request.target}"))


def _value_text(value: Any) -> str:
    """A JSON value, or a matcher's text; "(nothing)" for None."""
    if value is None:
        return "(nothing)"
    return _truncated(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _truncated(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[:MAX_VALUE_LENGTH]}... ({len(text)} characters)"
