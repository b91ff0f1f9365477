"""The view for people: one line per call, with details below it on request.

A call that stays open also gets a line when it begins, ending in ``...``. Its number (``#7``) is on both lines and
on everything in between. At -vvv every call gets such a line, above its first chunk.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from textwrap import shorten
from typing import Any

from apispy import units
from apispy.decoders.grpc_messages import CARRIERS
from apispy.model import Chunk, Direction, Item
from apispy.outputs import call_line, details, grpc
from apispy.outputs.base import DecodedCall, Output
from apispy.outputs.call_stats import READ_METHODS
from apispy.outputs.escaping import escape_lines
from apispy.outputs.outcome import outcome
from apispy.outputs.rate_limit import RateLimiter
from apispy.outputs.repeats import MAX_GAP
from apispy.outputs.stream_lines import StreamLines
from apispy.outputs.style import Piece, paint, width, wrap
from apispy.structs import Struct

INDENT = "    "
MAX_NOTES = 10_000
"""Notes that are remembered, so that each is shown once per session."""

OWN_ERROR = "apispy: "
"""The beginning of the messages in responses that apispy makes itself."""

MAX_REPEATED_ERROR = 80
"""Characters of an error message that are shown again and again."""

PREVIEW = 256  # bytes that the line of a chunk counts for, at most
STREAM_STYLES = {"stderr": "warn", "warning": "warn", "daemon": "bad", "error": "bad", "problem": "bad"}
WRAPPED_LABELS = ("event", "stats")
"""Labels of lines in apispy's own words, which may be broken between words."""

RESPONSE_DIRECTIONS: tuple[Direction, ...] = ("response", "to_server", "to_client")


class Repeat(Struct):
    """A call, and how often an equal one followed."""

    line: tuple[object, ...]  # what its line shows, without times and sizes
    at: float  # Unix seconds of the start of the last equal one
    times: int = 0


class Console(Output):
    """Writes text for people.

    *verbosity*: 1 adds heads and the decoded query, 2 adds bodies (at most *body_limit* characters of each), 3 adds
    chunks and frames. *columns* returns the terminal's width: longer call lines are wrapped, before the ``->``
    first; 0 never wraps. *curl* returns the command that repeats a call, which is shown below it. Without *streams*,
    what flows in an open call is not shown below it; the end of the session then says so with *streams_hint*, if any.
    *defer* writes a text later, unless
    another one replaces it; if it is given, equal reads that follow each other closely are counted on one line. With
    *relative*, the time column has the seconds since the start of the call on the line before. *shown_errors* are the
    error messages that the user has already seen; the caller may add to them. With *client_prints_errors*, a message of
    apispy itself has its first sentence only: the client prints the whole response on the same stream.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        verbosity: int = 0,
        color: bool = False,
        body_limit: int = 1 << 20,
        columns: Callable[[], int] = lambda: 0,
        curl: Callable[[DecodedCall], str] | None = None,
        streams: bool = True,
        streams_hint: str = "",
        relative: bool = False,
        defer: Callable[[str], None] | None = None,
        shown_errors: set[str] | None = None,
        client_prints_errors: bool = False,
    ) -> None:
        self._write = write
        self._shows_streams = streams
        self._streams_hint = streams_hint
        self._relative = relative
        self._defer = defer
        self._repeat: Repeat | None = None  # of the last line, if that is a call and may be repeated
        self._line_at: float | None = None  # the start of the call on the line before, in Unix seconds
        self._silent: set[int] = set()  # open calls of which something was not shown
        self._silent_calls = 0
        self._verbosity = verbosity
        self._color = color
        self._body_limit = body_limit
        self._columns = columns
        self._curl = curl
        self._limiters: dict[int, RateLimiter] = {}
        self._shown_notes: set[str] = set()
        self._shown_errors = set() if shown_errors is None else shown_errors
        self._client_prints_errors = client_prints_errors
        self._announced: set[int] = set()  # open calls whose first line is written
        self._streams: dict[int, StreamLines] = {}  # open calls whose streams are shown live

    @property
    def takes_chunks(self) -> bool:
        return self._verbosity > 2

    def opened(self, decoded: DecodedCall) -> None:
        exchange = decoded.exchange
        if exchange.id in self._streams:
            return
        self._streams[exchange.id] = StreamLines(decoded.call.operation, self._verbosity, decoded.label)
        if exchange.id not in self._announced:
            self._announce(decoded)
        if not exchange.request.announces_body:  # otherwise the body is not complete yet
            self._write_curl(decoded)
        self._write_request(decoded)

    def item(self, decoded: DecodedCall, direction: Direction, item: Item) -> None:
        stream = self._streams.get(decoded.exchange.id)
        is_body = direction == "request" and item.kind not in CARRIERS
        if stream is None or not stream.shows(item) or (is_body and self._verbosity < 2):
            return
        if not self._shows_streams:
            self._silent.add(decoded.exchange.id)
            return
        lines: Iterable[tuple[str, str]] = stream.item(direction, item)
        size = item.span[1] - item.span[0]
        if item.kind in CARRIERS:
            lines = list(lines)  # also if they are not shown: later lines depend on the messages
            size = max(grpc.FRAME_LINE_SIZE, sum(len(text) for _, text in lines))
        if not self._within_rate(decoded, size):
            return
        if self._verbosity > 2:
            self._write_numbered(decoded, [details.frame(direction, item)])
        self._write_stream(decoded, lines)

    def chunk(self, decoded: DecodedCall, direction: Direction, offset: int, chunk: Chunk) -> None:
        if not self._shows_streams:
            return
        if self._verbosity > 2 and self._within_rate(decoded, min(len(chunk.data), PREVIEW)):
            if decoded.exchange.id not in self._announced:
                self._announce(decoded)
            self._write_numbered(decoded, [details.chunk(direction, offset, chunk.at, chunk.data)])

    def write(self, decoded: DecodedCall) -> None:
        if decoded.memo is not None and self._write_repeat(decoded, decoded.memo):
            return
        exchange = decoded.exchange
        stream = self._streams.pop(exchange.id, None)
        if stream is not None:
            self._write_stream(decoded, stream.close())
        limiter = self._limiters.pop(exchange.id, None)
        is_silent = exchange.id in self._silent
        self._silent.discard(exchange.id)
        self._silent_calls += is_silent
        truncated = is_silent or (limiter is not None and limiter.truncated)
        if limiter is not None:
            self._report_skipped(decoded, limiter)
        number = f"#{exchange.id}" if exchange.id in self._announced or self._verbosity > 2 else ""
        self._announced.discard(exchange.id)
        repeatable = None if number else self._repeatable(decoded)
        if repeatable is not None and self._counted_as_repeat(repeatable):
            return
        request = call_line.request_pieces(decoded, self._time(exchange.started), number)
        self._write_call(request, call_line.result_pieces(decoded, self._shorten_error))
        self._write_notes(decoded)
        if stream is None or exchange.request.announces_body:
            self._write_curl(decoded)
        if stream is None:
            self._write_messages(decoded)
            self._write_request(decoded)
            self._write_sample(decoded)
        self._write_response(decoded, shown_live=stream is not None and not truncated)
        self._repeat = repeatable

    def notice(self, text: str, at: float) -> None:
        for part in escape_lines(text):
            self._write_wrapped([Piece("apispy: ", "dim"), Piece(part)], len("apispy: "))

    def summarize(self) -> None:
        """Count no more repeats on the last line: what other outputs write is below it."""
        self._repeat = None

    def close(self) -> None:
        if self._silent_calls and self._streams_hint:
            one = self._silent_calls == 1
            what = "the stream of 1 call is" if one else f"the streams of {self._silent_calls} calls are"
            self.notice(f"{what} not shown: {self._streams_hint}", 0)

    # -- parts --

    def _write_repeat(self, decoded: DecodedCall, memo: dict[Any, Any]) -> bool:
        """Write the line of a call that repeats another one, from what both have in common, if it is all there is."""
        known = memo.get(self)
        if known is None:
            if self._verbosity or self._curl or self._has_more_lines(decoded):
                return False
            if (line := call_line.line_of_repeats(decoded)) is None:
                return False
            known = memo[self] = (line, self._repeatable(decoded))
        line, repeatable = known
        exchange = decoded.exchange
        if repeatable is not None:
            repeatable = Repeat(repeatable.line, exchange.started)
            if self._counted_as_repeat(repeatable):
                return True
        request = line.request_pieces(self._time(exchange.started))
        self._write_call(request, line.result_pieces(exchange.duration))
        self._repeat = repeatable
        return True

    def _has_more_lines(self, decoded: DecodedCall) -> bool:
        """Whether a short call has notes that were not shown yet, or anything else below its line."""
        if any(note not in self._shown_notes for note in decoded.notes):
            return True
        items = chain.from_iterable(decoded.items.values())
        return any(item.kind in CARRIERS or item.label == "stats" for item in items)

    def _repeatable(self, decoded: DecodedCall) -> "Repeat | None":
        """Return what makes a call equal to another; None if each has a line of its own, as in a file or with -v."""
        exchange = decoded.exchange
        if (
            self._defer is None
            or self._verbosity
            or self._curl
            or exchange.request.method not in READ_METHODS
        ):
            return None
        if not all(note in self._shown_notes for note in decoded.notes):
            return None
        status = exchange.response.status if exchange.response else None
        line = (
            exchange.request.target,
            status,
            outcome(decoded),
            decoded.errors,
            exchange.end,
            exchange.problems,
        )
        return Repeat((exchange.request.method, *line), exchange.started)

    def _counted_as_repeat(self, call: "Repeat") -> bool:
        """Count a call on the line before if that is an equal one; return whether it was."""
        last = self._repeat
        if last is None or self._defer is None or last.line != call.line or abs(call.at - last.at) > MAX_GAP:
            return False
        last.at, last.times = call.at, last.times + 1
        times = "once" if last.times == 1 else f"{last.times} times"
        self._defer(paint([Piece(f"{INDENT}(repeated {times})", "dim")], self._color) + "\n")
        return True

    def _time(self, at: float) -> str:
        """Format the time column of a call that began *at*, in Unix seconds."""
        before, self._line_at = self._line_at, at
        if not self._relative:
            return call_line.time_of_day(at)
        return call_line.time_since(at, at if before is None else before)

    def _announce(self, decoded: DecodedCall) -> None:
        exchange = decoded.exchange
        self._announced.add(exchange.id)
        request = call_line.request_pieces(decoded, self._time(exchange.started), f"#{exchange.id}")
        self._write_wrapped([*request, Piece(" ...", "dim")], call_line.TIME_WIDTH)

    def _within_rate(self, decoded: DecodedCall, size: int) -> bool:
        limiter = self._limiters.setdefault(decoded.exchange.id, RateLimiter())
        if not limiter.allow(size, decoded.at):
            return False
        self._report_skipped(decoded, limiter)
        return True

    def _report_skipped(self, decoded: DecodedCall, limiter: RateLimiter) -> None:
        if skipped := limiter.take_skipped():
            self._write_numbered(decoded, [f"({units.size(skipped)} not shown here: too fast)"])

    def _write_call(self, request: list[Piece], result: list[Piece]) -> None:
        """Write one line if it fits; otherwise put the result on a new one."""
        columns = self._columns()
        if not columns or width(request) + 1 + width(result) <= columns:
            self._write_line([*request, Piece(" "), *result])
            return
        indent = call_line.TIME_WIDTH
        self._write_line(wrap(request, columns, indent))
        self._write_line(wrap([Piece(" " * indent), *result], columns, indent + len("-> ")))

    def _write_wrapped(self, pieces: list[Piece], indent: int) -> None:
        columns = self._columns()
        self._write_line(wrap(pieces, columns, indent) if columns else pieces)

    def _write_notes(self, decoded: DecodedCall) -> None:
        """Write the notes that were not shown before; repeating them on every similar call would be noise."""
        for note in decoded.notes:
            if note not in self._shown_notes and len(self._shown_notes) < MAX_NOTES:
                self._shown_notes.add(note)
                for text in escape_lines(decoded.label(note)):
                    pieces = [Piece(f"{INDENT}note: ", "dim"), Piece(text, "warn")]
                    self._write_wrapped(pieces, len(INDENT) + 2)

    def _shorten_error(self, error: str) -> str:
        """Return a long error message in full the first time only: without a daemon, every call has the same one."""
        if len(error) <= MAX_REPEATED_ERROR:
            return error
        if self._client_prints_errors and error.startswith(OWN_ERROR):
            return error.partition(". ")[0]
        if error in self._shown_errors:
            sentence = error.partition(". ")[0]
            return f"{shorten(sentence, MAX_REPEATED_ERROR, placeholder=' ...')} (as above)"
        if len(self._shown_errors) < MAX_NOTES:
            self._shown_errors.add(error)
        return error

    def _write_curl(self, decoded: DecodedCall) -> None:
        if self._curl:
            self._write_block([f"$ {self._curl(decoded)}"])

    def _write_request(self, decoded: DecodedCall) -> None:
        if self._verbosity:
            self._write_block(details.request_head(decoded))
        if self._verbosity > 1:
            self._write_block(details.body(decoded, "request", self._body_limit, whole=self._verbosity > 2))

    def _write_messages(self, decoded: DecodedCall) -> None:
        """Write what the messages of a gRPC call say that ended at once."""
        if decoded.exchange.tunnel is not None or decoded.call.stays_open:
            return
        messages = [
            (direction, item)
            for direction, items in decoded.items.items()
            for item in items
            if item.kind in CARRIERS
        ]
        if not messages:
            return
        stream = StreamLines(decoded.call.operation, self._verbosity, decoded.label)
        for direction, item in messages:
            if stream.shows(item):
                self._write_pairs(stream.item(direction, item), "")
        self._write_pairs(stream.close(), "")

    def _write_sample(self, decoded: DecodedCall) -> None:
        """Write the figures of a single sample of statistics, unless the body with its description follows."""
        samples = [item for item in decoded.items.get("response", ()) if item.label == "stats"]
        if len(samples) == 1 and self._verbosity < 2:
            for line in details.descriptions(decoded, samples[0]):
                self._write_wrapped([Piece(f"{INDENT}stats: ", "dim"), Piece(line)], len(INDENT) + 2)

    def _write_response(self, decoded: DecodedCall, *, shown_live: bool) -> None:
        """Write the response head and the bodies, except what was shown live."""
        if self._verbosity:
            self._write_block(details.response_head(decoded))
        if self._verbosity > 1:
            whole = self._verbosity > 2
            for direction, stream in decoded.exchange.streams.items():
                if direction in RESPONSE_DIRECTIONS and not (shown_live and stream.shown):
                    self._write_block(details.body(decoded, direction, self._body_limit, whole=whole))
        if self._verbosity > 2 and not shown_live:
            self._write_block(details.frames(decoded))

    def _write_block(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._write_line([Piece(f"{INDENT}{text}", "dim")])

    def _write_numbered(self, decoded: DecodedCall, texts: Iterable[str]) -> None:
        for text in texts:
            self._write_line([Piece(f"{INDENT}#{decoded.exchange.id} {text}", "dim")])

    def _write_stream(self, decoded: DecodedCall, pairs: Iterable[tuple[str, str]]) -> None:
        self._write_pairs(pairs, f"#{decoded.exchange.id} ")

    def _write_pairs(self, pairs: Iterable[tuple[str, str]], number: str) -> None:
        for label, text in pairs:
            prefix = Piece(f"{INDENT}{number}{label:6}| ", "dim")
            pieces = [prefix, Piece(text, STREAM_STYLES.get(label, ""))]
            if label in WRAPPED_LABELS:
                self._write_wrapped(pieces, width([prefix]))
            else:
                self._write_line(pieces)

    def _write_line(self, pieces: list[Piece]) -> None:
        self._repeat = None
        self._write(paint(pieces, self._color) + "\n")
