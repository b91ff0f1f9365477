"""The context of a trace: what is valid, and where it is shown."""

import pytest

from apispy.decoders.grpc import GrpcCalls
from apispy.decoders.grpc_stream import Budget
from apispy.decoders.trace_context import TraceContext, trace_context

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_context() -> None:
    assert trace_context(f"00-{TRACE}-{SPAN}-01") == TraceContext(TRACE, SPAN, 1)


def test_a_later_version_may_have_more() -> None:
    assert trace_context(f"01-{TRACE}-{SPAN}-00-more") == TraceContext(TRACE, SPAN, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_what_is_not_a_context(text: str) -> None:
    assert trace_context(text) is None


@pytest.mark.parametrize(
    ("value", "is_shown"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"01-{TRACE}-{SPAN}-01-hunter2", False),
        ("hunter2", False),
        (f"00-{'0' * 32}-{SPAN}-01", False),
    ],
)
def test_metadata_of_a_grpc_call_shows_a_context_and_nothing_else(value: str, is_shown: bool) -> None:
    described = GrpcCalls(Budget()).headers(1, ((b"traceparent", value.encode()),))
    assert described["headers"] == [["traceparent", value if is_shown else None]]
