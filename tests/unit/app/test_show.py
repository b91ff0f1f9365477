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


def test_an_interrupt_raises_at_once() -> None:
    with noted_interrupt() as was_interrupted:
        assert not was_interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert was_interrupted()


def test_another_handler_stays() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with noted_interrupt() as was_interrupted:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            signal.raise_signal(signal.SIGINT)
        assert not was_interrupted()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
