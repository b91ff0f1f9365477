"""apispy's performance goals, each a relation between two figures of the same run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.results import Results
from bench.setups import SHARE


@dataclass(frozen=True)
class Goal:
    """A goal: the *relation* of *setup*'s figure to that of *other* must be within *limit*."""

    title: str
    measure: str
    setup: str
    relation: str  # a name in RELATIONS
    other: str
    limit: float
    # The limit of `make bench-quick`, which may run on a busy machine; None: not checked there.
    slack: float | None = None
    transport: str = "tcp"
    # Why it is hard to reach; {socat} and {haproxy} are their figures relative to direct.
    hard: str = ""

    def found(self, results: Results) -> float | None:
        """Return the figure to compare with the limit; None if it was not measured."""
        rounds = results.rounds(self.measure, self.transport, self.setup)
        others = results.rounds(self.measure, self.transport, self.other) if self.other else [0.0]
        if not rounds or not others:
            return None
        return RELATIONS[self.relation][0](rounds, others)

    def met(self, results: Results, *, slack: bool = False) -> bool | None:
        found, limit = self.found(results), self.slack if slack else self.limit
        if found is None or limit is None:
            return None
        return found >= limit if RELATIONS[self.relation][1] else found <= limit

    @property
    def target(self) -> str:
        return self.words(self.limit)

    def words(self, limit: float) -> str:
        """The target with another limit: "at least 3 × mitmdump"."""
        shown = f"{limit:.3g}" if limit < 1000 else f"{limit:,.0f}"
        return RELATIONS[self.relation][2].format(limit=shown, other=self.other)


Rounds = Sequence[float]


def _ratio(ones: Rounds, others: Rounds) -> float:
    return median(ones) / (median(others) or 1e-9)


RELATIONS: dict[str, tuple[Callable[[Rounds, Rounds], float], bool, str]] = {
    "times": (_ratio, True, "at least {limit} × {other}"),
    "most times": (_ratio, False, "at most {limit} × {other}"),
    "more by": (lambda ones, others: median(ones) - median(others), False, "at most {other} + {limit}"),
    "most": (lambda ones, _: median(ones), False, "at most {limit}"),
    "least": (lambda ones, _: median(ones), True, "at least {limit}"),
}
"""By relation: how to combine the rounds of two setups, whether more is better, and the text of the target."""

QUIET, CONSOLE, CAPTURE = "apispy -q", "apispy", "apispy --capture"

MACHINE = """
How a program in Python compares with programs in C depends much on the machine: docs/speed.md compares two runs.
"""
COPIES = """
nginx has 164 kB ready and sends them in a tenth of a millisecond. Any proxy copies them through the kernel two more
times: socat, which does nothing else, reaches {socat} of direct. A real dockerd takes milliseconds for a list; the goal
above covers that case.
"""
OBJECTS = """
Every call creates many Python objects: in the tap, the search for secrets, the lookup, the decoders, the line and the
JSON of the capture. No single part dominates any more. A reader process on the second core was measured, and did not
pay for lists and large bodies (docs/speed.md).
"""
WAITS = """
Calls are decoded once the traffic pauses for a millisecond, or after 50 ms without a pause. The request that arrives
then waits for the piece of work that is being done; docs/speed.md has what was done about it, and what would be needed.
"""
SEARCH = """
Each call of a capture is read, checked, redacted, decoded and printed as a live one. No part of that dominates
(docs/speed.md).
"""
STATS = """
Much of the time for 10,000 calls is the start of the program. The rest reads each line, whose bodies are skipped
(docs/speed.md).
"""
LISTS = """
The list is parsed, searched for secrets, compared and written. mitmdump does none of that (docs/speed.md).
"""
CHUNKS = """
Each chunk becomes an event, which is counted, hashed and kept or dropped, while the bytes go on.
"""
TLS_IN_PYTHON = """
OpenSSL does the work of both, but its data takes the way through Python's buffers, a copy more on each side.
"""
ADDONS = """
Nearly all of the time goes to imports: Python's own modules, mitmproxy's connections and TLS, OpenSSL. What is not
needed at the start is imported later (docs/speed.md).
"""
HANDSHAKES = """
There are two handshakes in sequence, because apispy connects to the daemon only after it has verified the client. The
second one resumes an earlier session. HAProxy, whose handshake is written in C, takes {haproxy} times as long as a
direct connection.
"""

METRICS = """
A call costs about 13 function calls more for its counts.
"""

SPANS = """
-q reads only the heads of calls. A span has what a line has, so a call must be known to repeat one that was redacted
and decoded: with the counts, that takes about 18 function calls more on the event loop. A second thread encodes spans
and sends them, and Python runs one thread at a time.
"""

SPANS_WITH_LINES = """
A call costs about 14 function calls more on the event loop, for its span and the counts. A second thread encodes spans
and sends them, and Python runs one thread at a time. The receiver, an nginx that reads and drops spans, takes a part of
the two cores as well.
"""

GOALS = (
    Goal("quiet, requests/s", "_ping/s, 1 connection", QUIET, "times", "mitmdump", 7, 2),
    Goal("quiet, 50 connections", "_ping/s, 50 connections", QUIET, "times", "mitmdump", 7, 2),
    Goal("quiet, requests/s", "_ping/s, 1 connection", QUIET, "times", "direct", 0.3, hard=MACHINE),
    Goal("quiet, lists", "containers/json p50, dockerd", QUIET, "most times", "direct", 1 / 0.85),
    Goal(
        "quiet, lists of nginx",
        "containers/json/s, 1 connection",
        QUIET,
        "times",
        "direct",
        0.85,
        hard=COPIES,
    ),
    Goal("capture, requests/s", "_ping/s, 1 connection", CAPTURE, "times", "mitmdump", 5, 0.8, hard=OBJECTS),
    Goal(
        "capture, lists",
        "containers/json/s, 1 connection",
        CAPTURE,
        "times",
        "mitmdump -w",
        2,
        0.5,
        hard=LISTS,
    ),
    Goal(
        "capture, lists at 100/s", "containers/json p50, 100/s", CAPTURE, "more by", "direct", 1, hard=LISTS
    ),
    Goal(
        "capture, lists at 100/s", "containers/json p99, 100/s", CAPTURE, "more by", "direct", 4, hard=LISTS
    ),
    Goal(
        "capture, lists", "containers/json p50, dockerd", CAPTURE, "most times", "direct", 1.08, hard=OBJECTS
    ),
    Goal("lines, slowest", "_ping p99", CONSOLE, "most times", "direct", 6, hard=WAITS),
    Goal("quiet, added latency", "_ping p50", QUIET, "more by", "direct", 0.15, hard=MACHINE),
    Goal("rules", SHARE, "apispy -q --read-only", "least", "", 0.9, 0.2),
    Goal("metrics", SHARE, "apispy -q --metrics", "least", "", 0.9, 0.2, hard=METRICS),
    Goal("spans, with lines", SHARE, "apispy --otlp", "least", "", 0.9, 0.1, hard=SPANS_WITH_LINES),
    Goal("spans, quiet", SHARE, "apispy -q --otlp", "least", "", 0.9, 0.05, hard=SPANS),
    Goal("1 GB down", "download", QUIET, "times", "socat", 0.6, hard=MACHINE),
    Goal("1 GB down", "download", QUIET, "times", "mitmdump", 2.5, 0.8),
    Goal("1 GB up", "upload", QUIET, "times", "socat", 0.6, hard=MACHINE),
    Goal("1 GB up", "upload", QUIET, "times", "mitmdump", 2.5, 0.8),
    Goal("1 GB down, capture", "download", CAPTURE, "times", "mitmdump", 3, hard=CHUNKS),
    Goal("1 GB up, capture", "upload", CAPTURE, "times", "mitmdump", 3, hard=CHUNKS),
    Goal(
        "1 GB down, mutual TLS", "download", QUIET, "times", "socat", 0.9, transport="tls", hard=TLS_IN_PYTHON
    ),
    Goal("1 GB up, mutual TLS", "upload", QUIET, "times", "socat", 0.9, transport="tls", hard=TLS_IN_PYTHON),
    Goal(
        "new mutual-TLS connection",
        "new connection p50",
        QUIET,
        "most times",
        "direct",
        1.9,
        transport="tls",
        hard=HANDSHAKES,
    ),
    Goal("hijack echo, ms", "hijack echo p50", QUIET, "more by", "direct", 0.3),
    Goal("open logs -f, kB", "memory of an open logs -f", QUIET, "most", "", 100),
    Goal("show", "show, calls/s", CONSOLE, "least", "", 5000, 100, hard=SEARCH),
    Goal("show --stats", "show --stats, calls/s", CONSOLE, "least", "", 20_000, hard=STATS),
    Goal("ready to accept, s", "start: takes connections", CONSOLE, "most", "", 0.4, hard=ADDONS),
    Goal("memory for 1 GB, MB", "memory for a large body", CAPTURE, "most", "", 40, 40),
)
