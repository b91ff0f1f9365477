"""A finished call is freed when it was shown, and not by a later garbage collection, during which traffic waits.

Some decoders refer to themselves. They have small parts of a call, and are not in many calls.
"""

import gc
from collections import Counter
from pathlib import Path

import pytest

from apispy.capture import read
from apispy.capture.events import tap_events
from apispy.model import Exchange
from apispy.outputs import Console
from apispy.pipeline import Pipeline

SAMPLES = Path(__file__).parents[3] / "samples"
DECODERS = ("apispy.decoders.", "apispy.http2")


def in_cycles(exchanges: list[Exchange]) -> Counter[str]:
    """Count the objects of apispy, by module, that only a collection frees after the calls were shown."""
    pipeline = Pipeline([Console(lambda _: None)])
    gc.freeze()  # of what is there already, which is much in a run of all tests, nothing is looked at
    gc.disable()
    try:
        for exchange in exchanges:
            for _, event in tap_events(exchange):
                pipeline.feed(event)
        pipeline.close()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        modules = (type(one).__module__ for one in gc.garbage)
        return Counter(
            name for name in modules if name.startswith("apispy.") and not name.startswith(DECODERS)
        )
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_calls_of_a_session_are_in_no_cycle(path: Path) -> None:
    assert in_cycles([one for one in read(path, pytest.fail) if isinstance(one, Exchange)]) == {}
