"""The readable view: one line per call, and under it, when asked for, everything else.

Calls that stay open have a line at their beginning too, ending in ``...``; their number (``#7``) stands on
both lines and on all that flows in between. At -vvv every call has one, above its first chunk.
"""

from collections.abc import Callable, Iterable

from apispy.model import Chunk, Direction, Item
from apispy.outputs import call_line, details, grpc, units
from apispy.outputs.base import Output, Reading
from apispy.outputs.escaping import lines
from apispy.outputs.rate_limit import RateLimiter
from apispy.outputs.stream_lines import StreamLines
from apispy.outputs.style import Piece, paint, width, wrap

INDENT = "    "
NOTES = 10_000
"""Notes that are remembered, so as to be made once in a session."""

PREVIEW = 256  # bytes of a chunk that its line may show, more or less
STREAM_STYLES = {"stderr": "warn", "daemon": "bad", "error": "bad", "problem": "bad"}
ANSWERS: tuple[Direction, ...] = ("response", "to_server", "to_client")


class Console(Output):
    """Writes text for people.

    *verbosity*: 1 adds heads and the decoded query, 2 bodies (at most *body_limit* characters of each), 3
    chunks and frames. *columns* tells the terminal's width: the line of a call that is longer is broken, before
    its ``->`` at first; 0 never breaks one. *curl* gives the command that repeats a call, shown below it.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        verbosity: int = 0,
        color: bool = False,
        body_limit: int = 1 << 20,
        columns: Callable[[], int] = lambda: 0,
        curl: Callable[[Reading], str] | None = None,
    ) -> None:
        self._write = write
        self._verbosity = verbosity
        self._color = color
        self._body_limit = body_limit
        self._columns = columns
        self._curl = curl
        self._allowances: dict[int, RateLimiter] = {}
        self._noted: set[str] = set()
        self._begun: set[int] = set()  # the calls that have a line at their beginning
        self._flows: dict[int, StreamLines] = {}  # of those among them that are shown as they flow

    @property
    def takes_chunks(self) -> bool:
        return self._verbosity > 2

    def opened(self, reading: Reading) -> None:
        exchange = reading.exchange
        if exchange.id in self._flows:
            return
        self._flows[exchange.id] = StreamLines(reading.call.operation, self._verbosity, reading.label)
        if exchange.id not in self._begun:
            self._begin(reading)
        if not exchange.request.announces_body:  # else it is not known yet
            self._repeat(reading)
        self._request(reading)

    def item(self, reading: Reading, direction: Direction, item: Item) -> None:
        flow = self._flows.get(reading.exchange.id)
        if flow is None or not flow.shows(item) or (direction == "request" and self._verbosity < 2):
            return
        if not self._may_show(reading, grpc.LINE if item.kind == "h2c" else item.span[1] - item.span[0]):
            return
        if self._verbosity > 2:
            self._under(reading, [details.frame(direction, item)])
        self._stream(reading, flow.item(direction, item))

    def chunk(self, reading: Reading, direction: Direction, offset: int, chunk: Chunk) -> None:
        if self._verbosity > 2 and self._may_show(reading, min(len(chunk.data), PREVIEW)):
            if reading.exchange.id not in self._begun:
                self._begin(reading)
            self._under(reading, [details.chunk(direction, offset, chunk.at, chunk.data)])

    def write(self, reading: Reading) -> None:
        exchange = reading.exchange
        flow = self._flows.pop(exchange.id, None)
        if flow is not None:
            self._stream(reading, flow.flush())
        allowance = self._allowances.pop(exchange.id, None)
        short = allowance is not None and allowance.short
        if allowance is not None:
            self._tell_skipped(reading, allowance)
        number = f"#{exchange.id}" if exchange.id in self._begun or self._verbosity > 2 else ""
        self._begun.discard(exchange.id)
        head = call_line.begin(reading, exchange.started + exchange.duration, number)
        self._call(head, call_line.end(reading))
        self._note(reading)
        if flow is None or exchange.request.announces_body:
            self._repeat(reading)
        if flow is None:
            self._request(reading)
        self._response(reading, flowed=flow is not None and not short)

    def notice(self, text: str, at: float) -> None:
        for part in lines(text):
            self._wrapped([Piece("apispy: ", "dim"), Piece(part)], len("apispy: "))

    # -- parts --

    def _begin(self, reading: Reading) -> None:
        exchange = reading.exchange
        self._begun.add(exchange.id)
        head = call_line.begin(reading, exchange.started, f"#{exchange.id}")
        self._wrapped([*head, Piece(" ...", "dim")], call_line.TIME_WIDTH)

    def _may_show(self, reading: Reading, size: int) -> bool:
        allowance = self._allowances.setdefault(reading.exchange.id, RateLimiter())
        if not allowance.take(size, reading.at):
            return False
        self._tell_skipped(reading, allowance)
        return True

    def _tell_skipped(self, reading: Reading, allowance: RateLimiter) -> None:
        if skipped := allowance.settle():
            self._under(reading, [f"({units.size(skipped)} came too fast to be shown here)"])

    def _call(self, head: list[Piece], tail: list[Piece]) -> None:
        """One line if it fits; else the outcome begins a new one."""
        columns = self._columns()
        if not columns or width(head) + 1 + width(tail) <= columns:
            self._say([*head, Piece(" "), *tail])
        else:
            self._say(wrap(head, columns, call_line.TIME_WIDTH))
            self._say(
                wrap([Piece(" " * call_line.TIME_WIDTH), *tail], columns, call_line.TIME_WIDTH + len("-> "))
            )

    def _wrapped(self, pieces: list[Piece], indent: int) -> None:
        columns = self._columns()
        self._say(wrap(pieces, columns, indent) if columns else pieces)

    def _note(self, reading: Reading) -> None:
        """What was not remarked before: on the tenth call alike it would be noise."""
        for note in reading.notes:
            if note not in self._noted and len(self._noted) < NOTES:
                self._noted.add(note)
                for text in lines(reading.label(note)):
                    self._wrapped([Piece(f"{INDENT}note: ", "dim"), Piece(text, "warn")], len(INDENT) + 2)

    def _repeat(self, reading: Reading) -> None:
        if self._curl:
            self._block([f"$ {self._curl(reading)}"])

    def _request(self, reading: Reading) -> None:
        if self._verbosity:
            self._block(details.request_head(reading))
        if self._verbosity > 1:
            self._block(details.body(reading, "request", self._body_limit))

    def _response(self, reading: Reading, *, flowed: bool) -> None:
        """The answer's head and bodies, without what was shown as it flowed."""
        if self._verbosity:
            self._block(details.response_head(reading))
        if self._verbosity > 1:
            for direction, stream in reading.exchange.streams.items():
                if direction in ANSWERS and not (flowed and stream.shown):
                    self._block(details.body(reading, direction, self._body_limit, whole=self._verbosity > 2))
        if self._verbosity > 2 and not flowed:
            self._block(details.frames(reading))

    def _block(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._say([Piece(f"{INDENT}{text}", "dim")])

    def _under(self, reading: Reading, texts: Iterable[str]) -> None:
        for text in texts:
            self._say([Piece(f"{INDENT}#{reading.exchange.id} {text}", "dim")])

    def _stream(self, reading: Reading, pairs: Iterable[tuple[str, str]]) -> None:
        for label, text in pairs:
            prefix = Piece(f"{INDENT}#{reading.exchange.id} {label:6}| ", "dim")
            self._say([prefix, Piece(text, STREAM_STYLES.get(label, ""))])

    def _say(self, pieces: list[Piece]) -> None:
        self._write(paint(pieces, self._color) + "\n")
