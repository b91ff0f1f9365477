"""The thread that sends spans and metrics: it batches, tries again, and gives up in bounded memory and time."""

import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Literal

from apispy import units
from apispy.app.otlp.encoding import traces
from apispy.app.otlp.repeats import MAX_BYTES, MAX_MEMORY, RECORD, RepeatedCall, Repeats
from apispy.app.otlp.transport import Accepted, SendError, Signal, Transport
from apispy.model import Exchange

MAX_QUEUED = 16 << 20
"""Bytes of spans that may wait; further ones are dropped and counted."""

OVERHEAD = 200
"""Bytes that a waiting span takes beside its own: an estimate."""

MAX_BATCH_SPANS, MAX_BATCH = 2048, MAX_BYTES
"""Spans of one request, or bytes, about; a few more spans come with the last ones. A request takes as long as hundreds
of spans. A collector refuses those over gRPC of more than 4 MiB."""

BATCH_DELAY = 1.0
"""Seconds that the first span of a batch waits for others."""

METRICS_INTERVAL = 10.0
"""Seconds between two requests with metrics."""

TIMEOUT = 10.0
"""Seconds that a receiver may take; the default of OpenTelemetry."""

FIRST_DELAY, MAX_DELAY = 1.0, 30.0
"""Seconds before a request is tried again: about twice as long after each time."""

GIVE_UP_AFTER = 60.0
"""Seconds after which a batch that no receiver takes is dropped, so that newer spans get their turn."""

Loss = Literal["dropped", "refused", "unsent"]

LOSSES: dict[Loss, str] = {
    "dropped": "dropped, because more came than could be sent",
    "refused": "refused by the receiver",
    "unsent": "not sent, because the receiver was not reached",
}

log = logging.getLogger(__name__)


class Sender:
    """Sends what is added over *transport* to a receiver that is called *name*.

    It keeps the order, but sends repeats of a call together.

    *metrics* makes the body of a request with the present metrics, in the thread. *report* gets messages for the user,
    each once, in the thread or in that of ``add``. More than *limit* bytes of spans are dropped.
    """

    def __init__(
        self,
        transport: Transport,
        name: str,
        metrics: Callable[[], bytes],
        report: Callable[[str], None],
        *,
        limit: int = MAX_QUEUED,
    ) -> None:
        self._transport, self._name, self._metrics, self._report = transport, name, metrics, report
        self._limit = limit
        self._queue: deque[tuple[bytes, bytes | Repeats]] = deque()  # resource, and a span or several
        self._spans = 0  # spans in the queue
        self._size = 0  # bytes of memory for them
        self._lost: Counter[Loss] = Counter()
        self._said: set[str] = set()
        self._closing = False
        self._deadline = 0.0  # of time.monotonic, once it closes
        self._sending = 0  # spans that have left the queue, and whose request has not ended
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._run, name="apispy-otlp", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def add(self, resource: bytes, span: bytes) -> None:
        """Queue a span with its resource, both encoded. Never waits for the receiver, never raises."""
        with self._lock:
            admitted = self._admitted(len(span))
            if admitted:
                self._queue.append((resource, span))
                self._spans += 1
        if not admitted:
            self._report_drops()

    def add_repeat(self, call: RepeatedCall, exchange: Exchange) -> None:
        """The same for the span of an exchange that repeats *call*, which the thread encodes."""
        with self._lock:
            repeats = call.waiting
            if repeats is None or len(repeats.records) >= repeats.limit:
                repeats = self._more_repeats(call)
            if repeats is not None:
                repeats.records += RECORD.pack(
                    exchange.started, exchange.connection, exchange.id, exchange.duration
                )
                self._spans += 1
        if repeats is None:
            self._report_drops()

    def _more_repeats(self, call: RepeatedCall) -> Repeats | None:
        """Queue a place for further repeats of *call*; None if there is no room."""
        if not self._admitted(MAX_MEMORY):
            return None
        repeats = call.waiting = Repeats(call)
        self._queue.append((call.resource, repeats))
        return repeats

    def _admitted(self, size: int) -> bool:
        """Make room for *size* bytes more, and wake the thread if it waits for them; False if there is no room."""
        size += OVERHEAD
        if self._size + size > self._limit:
            self._lost["dropped"] += 1
            return False
        self._size += size
        if not self._queue or self._spans >= MAX_BATCH_SPANS - 1:
            self._changed.notify()
        return True

    def _report_drops(self) -> None:
        if self._lost["dropped"] == 1:
            self._report(f"otlp: spans are dropped: more come than {self._name} takes. The traffic continues")

    def close(self, timeout: float) -> list[str]:
        """Send what waits, for at most *timeout* seconds. Returns what to say about the spans that were lost."""
        with self._changed:
            self._closing = True
            self._deadline = time.monotonic() + timeout
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        with self._changed:
            self._lost["unsent"] += self._spans + self._sending
            self._queue.clear()
            self._spans = self._size = 0
            return [
                f"otlp: {units.count(self._lost[loss], 'spans')} {'was' if self._lost[loss] == 1 else 'were'} {why}"
                for loss, why in LOSSES.items()
                if self._lost[loss]
            ]

    # -- the thread --

    def _run(self) -> None:
        next_metrics = time.monotonic() + METRICS_INTERVAL
        while True:
            with self._changed:
                self._wait_for_batch(next_metrics)
                batch = self._next_batch()
                closing = self._closing
            if batch:
                self._send_spans(batch)
            if time.monotonic() >= next_metrics or (closing and not self._spans):
                self._try("metrics", self._metrics)
                next_metrics = time.monotonic() + METRICS_INTERVAL
                if closing and not self._spans:
                    return

    def _wait_for_batch(self, until: float) -> None:
        """Wait for a batch, or until that time."""
        self._changed.wait_for(lambda: self._closing or self._spans, until - time.monotonic())
        if self._spans:
            self._changed.wait_for(self._is_full, BATCH_DELAY)

    def _is_full(self) -> bool:
        """Whether there is no reason to wait for more."""
        return self._closing or self._spans >= MAX_BATCH_SPANS or self._size >= MAX_BATCH

    def _next_batch(self) -> list[tuple[bytes, bytes | Repeats]]:
        batch: list[tuple[bytes, bytes | Repeats]] = []
        count = size = 0
        while self._queue and count < MAX_BATCH_SPANS and size < MAX_BATCH:
            resource, span = self._queue.popleft()
            batch.append((resource, span))
            if isinstance(span, bytes):
                count, size = count + 1, size + len(span)
                self._size -= len(span) + OVERHEAD
            else:
                count, size = count + len(span), size + span.size
                self._size -= MAX_MEMORY + OVERHEAD
                if span.call.waiting is span:
                    span.call.waiting = None  # none joins them from now on
        self._spans -= count
        self._sending = count
        return batch

    def _send_spans(self, batch: list[tuple[bytes, bytes | Repeats]]) -> None:
        answer = self._try("traces", lambda: traces(batch))
        with self._changed:
            if isinstance(answer, Accepted):
                self._lost["refused"] += min(answer.rejected, self._sending)
            else:
                self._lost[answer] += self._sending
            self._sending = 0

    def _try(self, signal: Signal, make: Callable[[], bytes]) -> Accepted | Loss:
        """Make a request and send it. A fault of apispy's own loses that request, and ends nothing."""
        try:
            return self._deliver(signal, make())
        except Exception as fault:
            log.debug(
                "otlp failed", exc_info=True
            )  # a warning would be shown by the event loop, from this thread
            self._say(f"otlp: an internal error in apispy: {fault!r}")
            return "unsent"

    def _deliver(self, signal: Signal, body: bytes) -> Accepted | Loss:
        """Send a request, and try again while that may help. Returns how it was lost if it was not taken."""
        delay, give_up = FIRST_DELAY, time.monotonic() + GIVE_UP_AFTER
        while True:
            try:
                answer = self._transport.send(signal, body, self._timeout())
            except SendError as error:
                self._say_failure(signal, error)
                if not error.retry:
                    return "refused"
                wait = min(max(error.after or 0.0, delay * random.uniform(0.5, 1.5)), MAX_DELAY)
                if time.monotonic() + wait > give_up or not self._may_retry(wait):
                    return "unsent"
                delay = min(2 * delay, MAX_DELAY)
            else:
                if answer.message or answer.rejected:
                    self._say(
                        f"otlp: {self._name} refused {answer.rejected} of the {signal}: {answer.message}"
                    )
                return answer

    def _timeout(self) -> float:
        with self._changed:
            return max(0.1, min(TIMEOUT, self._deadline - time.monotonic())) if self._closing else TIMEOUT

    def _may_retry(self, wait: float) -> bool:
        """Wait before the next try; return False if there is no time for one."""
        with self._changed:
            if self._closing:
                return False
            self._changed.wait_for(lambda: self._closing, wait)
            return True

    def _say_failure(self, signal: Signal, error: SendError) -> None:
        """Report a failure. One that may pass is of the receiver, any other one of what it got."""
        if error.retry:
            then = "apispy tries again; check the receiver and its address"
            self._say(f"otlp: nothing can be sent to {self._name} now: {error}. {then}")
        else:
            self._say(f"otlp: {self._name} takes no {signal}: {error}")

    def _say(self, text: str) -> None:
        if text not in self._said and len(self._said) < MAX_SAID:
            self._said.add(text)
            self._report(text)


MAX_SAID = 10
"""Messages that are reported; a receiver may answer with other ones each time."""
