"""A short soak, without a dying daemon; the long one is `make soak`. What it would find is tested in tests/unit/test_soak.py."""

from pathlib import Path

from tests.soak.load import CONTAINER
from tests.soak.metrics import growth
from tests.soak.rounds import start

from .daemon import Daemons
from .options import listen_options, upstream_options


def test_mixed_load_leaves_nothing_open_and_every_call_is_in_the_capture_once(
    place: Path, daemons: Daemons
) -> None:
    where = place / "soak"
    soak = start(where, upstream_options("tls", daemons), listen_options("tls", where), daemons.tls, 20, 1)
    try:
        metrics = list(soak.rounds(3, 2.0, lambda _: False))
        assert metrics[-1].calls > 50
        assert not growth(metrics)
        assert not soak.faults()
        assert not soak.ledger.errors
    finally:
        soak.spy.kill()
        daemons.tls.docker("rm", "-f", CONTAINER)
