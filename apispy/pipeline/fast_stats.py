"""As much of a saved call as statistics need."""

from dataclasses import replace
from functools import lru_cache

from apispy import engine
from apispy.capture.exchange_summary import ExchangeSummary
from apispy.engine.operation import Call
from apispy.learn import NameRegistry
from apispy.outputs.call_stats import CallStats, repeat_key, stats_of
from apispy.pipeline.final_reading import read
from apispy.pipeline.success_check import proves_success
from apispy.redaction import Policy, Redactor

SILENT = ("", "json", "text", "raw", "tar")
"""Formats of answers that do not tell of an error after a status of success."""

AS_IT_IS = Redactor(Policy(show_secrets=True))
"""For what gives figures alone."""

KNOWN, LONGEST = 4096, 2048
"""How many targets are remembered with the calls that they make, and how long the longest of them: a client may send
ones of a megabyte."""


def fast_stats_of(gist: ExchangeSummary) -> CallStats:
    """The figures of a call, many times as quickly as from all that ``read`` gives.

    Bodies are looked into only where an answer may tell of an error after a status of success; that another is damaged
    is not seen. Raises Malformed when that look finds a body that is not as the line says.
    """
    status = gist.status
    if status is not None and status < 400 and may_fail_late(gist.method, gist.target):
        call, *_ = _asked(gist.method, gist.target)
        if not _is_harmless(gist, call):
            whole = stats_of(read(gist.exchange(), NameRegistry(), notes="off"))
            return replace(
                whole, again=stats_from_head(gist).again
            )  # a target with a secret must be known again
    return stats_from_head(gist)


def may_fail_late(method: str, target: str) -> bool:
    """Whether the answer to such a call may tell of an error after a status of success."""
    return _asked(method, target)[2]


def stats_from_head(gist: ExchangeSummary) -> CallStats:
    """The figures of a call of whose answer only the head is looked at."""
    call, lasts, _, again = _asked(gist.method, gist.target)
    status = gist.status
    return CallStats(
        call.operation.id,
        gist.method,
        gist.started,
        gist.duration,
        None if status is None else gist.response_at if lasts else gist.duration,
        (status is not None and status >= 400) or (gist.end == "cut" and not (lasts and status is not None)),
        gist.sent,
        gist.received,
        again,
    )


LookedUp = tuple[Call, bool, bool, int | None]
"""The call, whether it stays open, whether it may fail after a status of success, and what a repeat is known by."""


def _asked(method: str, target: str) -> LookedUp:
    return (_asked_again if len(method) + len(target) <= LONGEST else _look_up)(method, target)


def _look_up(method: str, target: str) -> LookedUp:
    call = engine.lookup(method, target)
    lasts = call.stays_open
    late = call.operation.response not in SILENT or call.operation.id == "ContainerWait"
    return call, lasts, late, repeat_key(method, target, lasts)


_asked_again = lru_cache(KNOWN)(_look_up)


def _is_harmless(gist: ExchangeSummary, call: Call) -> bool:
    try:
        return proves_success(gist.line, call.operation.response)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ):  # not as apispy writes it: a whole look tells
        return False
