"""`python -m tests.soak --minutes 5`: prints a table with a row a round; ends with 1 if anything grew or was lost."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.e2e.combining import listener, upstream
from tests.e2e.daemon import Daemons
from tests.e2e.endpoints import without_proxies
from tests.soak.accounts import HEADINGS, growth
from tests.soak.rounds import start

ROUND = 20.0
"""Seconds of a round; a short soak has shorter ones."""

FEWEST = 6
"""Rounds, at least."""


def soak(where: Path, minutes: float, clients: int, kind: str) -> list[str]:
    """What is wrong at the end."""
    daemons = Daemons.start(where)
    daemon = daemons.tls if kind == "tls" else daemons.plain
    spied = None
    try:
        spied = start(
            where / "soak", upstream(kind, daemons), listener(kind, where / "soak"), daemon, clients
        )
        count = max(FEWEST, int(minutes * 60 / ROUND))
        print("  ".join(HEADINGS), flush=True)
        accounts = []
        for account in spied.rounds(count, minutes * 60 / count, lambda number: number % 3 == 1):
            accounts.append(account)
            print(account.row(), flush=True)
        wrong = growth(accounts) + spied.faults()
        told = ", ".join(f"{count} {words}" for words, count in spied.ledger.troubles.most_common())
        print(f"troubles of the clients, by the dying daemon: {told or 'none'}")
        return wrong
    finally:
        if spied:
            spied.spy.kill()
        daemons.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--clients", type=int, default=50, help="connections at a time")
    parser.add_argument(
        "--kind", choices=["tls", "tcp", "unix"], default="tls", help="of listener and daemon"
    )
    chosen = parser.parse_args()
    without_proxies()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the daemons have to be ended all the same
    where = Path(tempfile.mkdtemp(prefix="as-", dir="/tmp"))
    try:
        wrong = soak(where, chosen.minutes, chosen.clients, chosen.kind)
    finally:
        shutil.rmtree(where, ignore_errors=True)
    print("\n".join(wrong) or "nothing grew, and nothing was lost")
    return 1 if wrong else 0


sys.exit(main())
