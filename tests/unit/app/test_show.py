"""``apispy show --follow`` ends at Ctrl-C, whatever Python was doing when it came."""

import signal
import weakref
from io import StringIO
from pathlib import Path

import pytest

from apispy.app.show import noted_interrupt, show
from apispy.app.view import View

SAMPLE = Path(__file__).parents[3] / "samples/run.jsonl"


class Target:
    """Something that a weak reference can refer to."""


class InterruptedOutput(StringIO):
    """Ctrl-C comes in the callback of a weak reference, just after the session's last call was shown."""

    def write(self, text: str) -> int:
        if "ContainerDelete" in text:
            interrupt_in_a_callback()
        return super().write(text)


def interrupt_in_a_callback() -> None:
    target = Target()
    reference = weakref.ref(target, lambda _: signal.raise_signal(signal.SIGINT))
    del target
    assert reference() is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(20)
def test_an_interrupt_that_python_drops_ends_it_too() -> None:
    stream = InterruptedOutput()
    assert show((SAMPLE,), View(), stream, follow=True)
    assert "ContainerDelete" in stream.getvalue()
    assert "total" in stream.getvalue()  # the summary
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class InterruptedCall(StringIO):
    """Ctrl-C comes between the line of the last call and the count of the summary."""

    def write(self, text: str) -> int:
        written = super().write(text)
        if "ContainerDelete" in text and "total" not in text:
            signal.raise_signal(signal.SIGINT)
        return written


def test_the_summary_has_each_call_that_is_shown() -> None:
    whole, interrupted = StringIO(), InterruptedCall()
    assert show((SAMPLE,), View(), whole, follow=False)
    assert show((SAMPLE,), View(), interrupted, follow=True)
    tables = [one.getvalue()[one.getvalue().index("calls  errors") :] for one in (whole, interrupted)]
    assert tables[0] == tables[1]


def test_an_interrupt_raises_at_once() -> None:
    with noted_interrupt() as interrupt:
        assert not interrupt.noted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert interrupt.noted()


def test_while_an_item_is_shown_only_the_second_interrupt_raises_at_once() -> None:
    with noted_interrupt() as interrupt:
        items = interrupt.between(iter(range(9)))
        assert next(items) == 0
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            next(items)
        assert next(interrupt.between([1])) == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_another_handler_stays() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with noted_interrupt() as interrupt:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            signal.raise_signal(signal.SIGINT)
        assert not interrupt.noted()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
