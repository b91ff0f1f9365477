"""The output that reports on calls when a session ends."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from apispy.app.call_reports import CALL_REPORTS, Collector, Parts
from apispy.outputs import Output
from apispy.outputs.escaping import escape
from apispy.outputs.style import Piece, paint

if TYPE_CHECKING:
    from apispy.outputs import DecodedCall


class ReportsOutput(Output):
    """An output that writes the reports *names* when the session ends, or *no_calls*."""

    takes_chunks = takes_heads = False

    def __init__(
        self,
        names: Iterable[str],
        write: Callable[[str], None],
        *,
        as_json: bool,
        color: bool,
        columns: int,
        no_calls: str,
    ) -> None:
        loaded = [CALL_REPORTS[name].load() for name in names]
        self._reports: list[tuple[Parts[Any], Collector]] = [(parts, parts.collector()) for parts in loaded]
        self._write, self._as_json, self._color, self._columns = write, as_json, color, columns
        self._no_calls = no_calls
        self._any_call = False

    def write(self, decoded: "DecodedCall") -> None:
        self._any_call = True
        for _, collector in self._reports:
            collector.add(decoded)

    def notice(self, text: str, at: float) -> None:
        if not self._as_json:
            self._write(f"apispy: {escape(text)}\n")

    def summarize(self) -> None:
        """Write the reports on the calls so far."""
        self.close()

    def close(self) -> None:
        if not (self._any_call or self._as_json):
            self._write(f"{self._no_calls}\n")
            return
        for number, (parts, collector) in enumerate(self._reports):
            if number and not self._as_json:
                self._write("\n")
            for text in self._text(parts, collector):
                self._write(text)

    def _text(self, parts: Parts[Any], collector: Collector) -> Iterator[str]:
        if self._as_json:
            yield json.dumps(parts.as_json(collector), indent=2) + "\n"  # ASCII only
            return
        for line in parts.lines(collector, self._columns):
            yield f"{paint([Piece(escape(line.text), line.style)], self._color)}\n"
