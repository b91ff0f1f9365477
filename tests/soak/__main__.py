"""`python -m tests.soak --minutes 5`: print a table row per round; exit with 1 if anything grew or was lost."""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.e2e.daemon import Daemons
from tests.e2e.endpoints import without_proxies
from tests.e2e.options import listen_options, upstream_options
from tests.soak.metrics import HEADINGS, growth
from tests.soak.rounds import start

ROUND = 20.0
"""Seconds of a round; a short soak has shorter rounds."""

ROTATE = 5
"""Seconds between two rotations of the capture."""

MIN_ROUNDS = 6
"""Minimum number of rounds."""


def soak(where: Path, minutes: float, clients: int, kind: str) -> list[str]:
    """Run the soak and list its faults."""
    daemons = Daemons.start(where)
    daemon = daemons.tls if kind == "tls" else daemons.plain
    spied = None
    try:
        spied = start(
            where / "soak",
            upstream_options(kind, daemons),
            listen_options(kind, where / "soak"),
            daemon,
            clients,
            ROTATE,
        )
        count = max(MIN_ROUNDS, int(minutes * 60 / ROUND))
        print("  ".join(HEADINGS), flush=True)
        metrics = []
        for measured in spied.rounds(count, minutes * 60 / count, lambda number: number % 3 == 1):
            metrics.append(measured)
            print(measured.row(), flush=True)
        faults = growth(metrics) + spied.faults()
        errors = ", ".join(f"{count} {message}" for message, count in spied.ledger.errors.most_common())
        print(f"client errors while the daemon was down: {errors or 'none'}")
        return faults
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the daemons are stopped too
    where = Path(tempfile.mkdtemp(prefix="as-", dir="/tmp"))
    try:
        faults = soak(where, chosen.minutes, chosen.clients, chosen.kind)
    finally:
        shutil.rmtree(where, ignore_errors=True)
    print("\n".join(faults) or "nothing grew, and no call was lost")
    return 1 if faults else 0


sys.exit(main())
