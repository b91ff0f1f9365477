"""A short soak, without a dying daemon; the long one is `make soak`. What it would find is tested in tests/unit/test_soak.py."""

from pathlib import Path

from tests.soak.accounts import growth
from tests.soak.load import CONTAINER
from tests.soak.rounds import start

from .combining import listener, upstream
from .daemon import Daemons


def test_mixed_load_leaves_nothing_open_and_every_call_is_in_the_capture_once(
    place: Path, daemons: Daemons
) -> None:
    where = place / "soak"
    soak = start(where, upstream("tls", daemons), listener("tls", where), daemons.tls, 20)
    try:
        accounts = list(soak.rounds(3, 2.0, lambda _: False))
        assert accounts[-1].calls > 50
        assert not growth(accounts)
        assert not soak.faults()
        assert not soak.ledger.troubles
    finally:
        soak.spy.kill()
        daemons.tls.docker("rm", "-f", CONTAINER)
