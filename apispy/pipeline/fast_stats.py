"""The statistics of a saved call, without reading more of it than they need."""

from functools import lru_cache

from apispy import engine
from apispy.capture.exchange_summary import ExchangeSummary
from apispy.engine.operation import Call
from apispy.learn import NameRegistry
from apispy.outputs.base import ENDED_EARLY
from apispy.outputs.call_stats import CallStats, repeat_key
from apispy.pipeline.final_reading import read
from apispy.pipeline.success_check import proves_failure, proves_success
from apispy.redaction import Policy, Redactor
from apispy.structs import replace

NO_LATE_ERRORS = ("", "json", "text", "raw", "tar")
"""Formats of responses that cannot report an error after a successful status."""

UNREDACTED = Redactor(Policy(show_secrets=True))
"""For code that returns only statistics."""

MAX_CACHED, MAX_CACHED_LENGTH = 4096, 2048
"""The size of the cache of targets, and the length of the longest target in it: a client may send a megabyte."""


def fast_stats_of(summary: ExchangeSummary) -> CallStats:
    """The statistics of a call, many times as fast as by ``read``.

    Bodies are decoded only if the response may report an error after a successful status; damage in other bodies is not
    noticed. Raises Malformed if a decoded body does not fit the line.
    """
    status = summary.status
    if status is not None and status < 400 and may_fail_late(summary.method, summary.target):
        call, *_ = look_up(summary.method, summary.target)
        if not _proves_success(summary, call):
            failed = _proves_failure(summary) or read(summary.exchange(), NameRegistry(), notes="off").failed
            return replace(stats_from_head(summary), failed=failed)  # the sizes stay those on the wire
    return stats_from_head(summary)


def may_fail_late(method: str, target: str) -> bool:
    """Whether the response to such a call may report an error after a successful status."""
    return look_up(method, target)[2]


def stats_from_head(summary: ExchangeSummary) -> CallStats:
    """The statistics of a call by its request and response heads."""
    call, stays_open, _, key = look_up(summary.method, summary.target)
    status = summary.status
    return CallStats(
        call.operation.id,
        call.operation.tag,
        summary.method,
        summary.started,
        summary.duration,
        None if status is None else summary.response_at if stays_open else summary.duration,
        (status is not None and status >= 400)
        or (summary.end in ENDED_EARLY and not (stays_open and status is not None)),
        summary.sent,
        summary.received,
        key,
    )


LookedUp = tuple[Call, bool, bool, int | None]
"""The call, whether it stays open, whether it may fail after a successful status, and the key of repeats."""


def look_up(method: str, target: str) -> LookedUp:
    """Find what a request line says of its call. It is remembered."""
    return (_look_up_cached if len(method) + len(target) <= MAX_CACHED_LENGTH else _look_up)(method, target)


def _look_up(method: str, target: str) -> LookedUp:
    call = engine.lookup(method, target)
    stays_open = call.stays_open
    late = call.operation.response not in NO_LATE_ERRORS or call.operation.id == "ContainerWait"
    return call, stays_open, late, repeat_key(method, target, stays_open)


_look_up_cached = lru_cache(MAX_CACHED)(_look_up)


def _proves_failure(summary: ExchangeSummary) -> bool:
    try:
        return proves_failure(summary.line)
    except (LookupError, TypeError, AttributeError):
        return False


def _proves_success(summary: ExchangeSummary, call: Call) -> bool:
    try:
        return proves_success(summary.line, call.operation.response)
    except (ValueError, LookupError, TypeError, AttributeError):  # the full path decides about unusual lines
        return False
