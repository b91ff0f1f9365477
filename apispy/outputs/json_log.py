"""apispy's log in JSON, for journals and log shippers: one object on each line, whose first fields are always the same.

| field   | meaning |
|---------|---|
| time    | when it happened; of a call, when it ended: RFC 3339, UTC, microseconds |
| level   | "info"; "warning" for a notice and for a call that failed; "error" for what apispy cannot do |
| message | the message without the prefix, or the line of the call as the console shows it, without times and notes |
| summary | of a summary: the statistics (``stats``) |

A call has the fields of ``json_lines`` too.
"""

from collections.abc import Callable
from typing import Any, Literal

from apispy import units
from apispy.outputs.base import DecodedCall
from apispy.outputs.call_line import plain_line
from apispy.outputs.decoded_values import ascii_json
from apispy.outputs.json_lines import JsonLines
from apispy.outputs.stats import Stats

Level = Literal["info", "warning", "error"]


def log_line(at: float, level: Level, message: str, fields: dict[str, Any] | None = None) -> str:
    """Format a line of the log in printable ASCII, with its line feed. *at*: Unix seconds."""
    time = f"{units.utc(at):%Y-%m-%dT%H:%M:%S.%f}Z"
    return ascii_json({"time": time, "level": level, "message": message} | (fields or {})) + "\n"


class JsonLog(JsonLines):
    """Writes a line for each notice, for each call if *calls*, and at the end a summary.

    *clock* gives the time of the summary, in Unix seconds. The other parameters are those of ``JsonLines``.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        clock: Callable[[], float],
        calls: bool = True,
        verbosity: int = 0,
        curl: Callable[[DecodedCall], str] | None = None,
    ) -> None:
        super().__init__(write, verbosity=verbosity, curl=curl)
        self._clock, self._shows_calls = clock, calls
        self._stats = Stats(write)

    def notice(self, text: str, at: float) -> None:
        self._write(log_line(at, "warning", text))

    def write(self, decoded: DecodedCall) -> None:
        self._stats.write(decoded)
        if not self._shows_calls:
            return
        exchange = decoded.exchange
        level: Level = "warning" if decoded.failed else "info"
        message = plain_line(decoded, ended=True).partition("\n")[0]
        self._write(log_line(exchange.started + exchange.duration, level, message, self._record(decoded)))

    def summarize(self) -> None:
        """Write a summary of the calls so far."""
        found = self._stats.as_json()
        total = found["total"]
        message = f"{units.count(total['calls'], 'calls')}, {units.count(total['errors'], 'errors')}"
        self._write(log_line(self._clock(), "info", message, {"summary": found}))

    def close(self) -> None:
        self.summarize()
