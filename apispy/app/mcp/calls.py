"""The calls that the tools read: those of a capture file, or those that pass through a proxy."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from apispy.app.decoded_calls import read_files
from apispy.capture.format import FORMAT
from apispy.capture.lines import encode_line, read_line
from apispy.capture.raw_lines import STDIN
from apispy.errors import UsageError
from apispy.learn import NameRegistry
from apispy.model import Exchange
from apispy.outputs import DecodedCall, Output
from apispy.outputs.escaping import escape

if TYPE_CHECKING:
    from apispy.outputs.filtered import CallFilter

MAX_CALLS = 1000
"""Calls of a live session that are kept."""

MAX_BYTES = 64 << 20
"""Bytes of these, as lines of a capture."""


class Calls(Protocol):
    """Calls that can be read again and again."""

    about: str
    """What the calls are, in sentences for an assistant."""

    def read(self, call_filter: "CallFilter | None") -> Iterator[DecodedCall]:
        """Yield the calls that match, in the order in which they ended. Raises ApispyError."""
        ...

    def remark(self) -> str:
        """Say what an answer about the calls cannot show; "" for nothing."""
        ...


class FileCalls:
    """The calls of the capture *file*, which is read again each time, so that a file that grows is current.

    Raises UsageError if it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        if file == STDIN:
            raise UsageError(
                "the requests come on standard input, so the capture cannot. Save it in a file, and name that."
            )
        try:
            file.open("rb").close()
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}; name a capture that you may read") from None
        self._file = file
        self.about = "A recording of calls between a Docker client and a Docker daemon."

    def read(self, call_filter: "CallFilter | None") -> Iterator[DecodedCall]:
        return (decoded for decoded, _ in read_files((self._file,), call_filter))

    def remark(self) -> str:
        return ""


class LiveCalls(Output):
    """An output that keeps the last calls, as lines of a capture, for threads that read them.

    *write* writes the notices about the session.
    """

    takes_chunks = takes_heads = False

    def __init__(self, write: Callable[[str], None]) -> None:
        self.about = ""  # known once the proxy listens
        self._write = write
        self._lines: deque[bytes] = deque()
        self._size = 0  # bytes of the lines
        self._passed = 0  # calls, kept or not
        self._lock = threading.Lock()

    def write(self, decoded: DecodedCall) -> None:
        line = encode_line(decoded.exchange)
        with self._lock:
            self._passed += 1
            self._lines.append(line)
            self._size += len(line)
            while len(self._lines) > MAX_CALLS or self._size > MAX_BYTES:
                self._size -= len(self._lines.popleft())

    def notice(self, text: str, at: float) -> None:
        self._write(f"apispy: {escape(text)}\n")

    def read(self, call_filter: "CallFilter | None") -> Iterator[DecodedCall]:
        from apispy import pipeline
        from apispy.redaction import Policy, Redactor

        with self._lock:
            lines = list(self._lines)
        names, redactor = NameRegistry(), Redactor(Policy(show_secrets=True))  # the lines are redacted
        for data in lines:
            exchange = read_line(data, FORMAT)
            assert isinstance(exchange, Exchange)
            decoded = pipeline.read(exchange, names, redactor=redactor, notes="off")
            if call_filter is None or call_filter.matches(decoded):
                yield decoded

    def remark(self) -> str:
        with self._lock:
            passed, kept = self._passed, len(self._lines)
        if not passed:
            return "No call has ended yet."
        return f"Of the {passed} calls so far, only the last {kept} are kept." if kept < passed else ""
