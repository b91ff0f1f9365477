"""``make bench`` and ``make bench-quick``: measure, print, and write RESULTS.md or check the limits."""

import argparse
import compileall
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import apispy
from bench import report
from bench.addresses import Transport
from bench.goals import GOALS
from bench.measures import MEASURES, Measure
from bench.results import RESULTS, Results, machine, versions
from bench.setups import SETUPS
from bench.testbed import FULL, QUICK, Testbed

README = Path(__file__).parents[1] / "README.md"
NOT_WITH_MITMDUMP = ("hijack echo p50", "memory of an open logs -f")
"""Measures that stock mitmdump cannot do, because it waits for the end of a response."""

TOOLS = ("nginx", "haproxy", "socat", "wrk", "h2load", "nghttpd", "dockerd", "docker")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="takes less than two minutes; fails if a figure is far off"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="only measures whose name contains TEXT")
    parser.add_argument("--rounds", type=int, default=0)
    given = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing and not (given.quick and set(missing) <= {"dockerd", "docker"}):
        parser.error(
            f"not installed: {' '.join(missing)}; on Debian: apt-get install nginx-light haproxy socat wrk "
            "nghttp2-client nghttp2-server"
        )
    chosen = [one for one in MEASURES.values() if given.only in one.name and (one.quick or not given.quick)]
    write_byte_code()
    results = Results(time.strftime("%Y-%m-%d"), machine(), versions())
    run(chosen, results, quick=given.quick, rounds=given.rounds)
    print(report.measure_tables(results), report.goals_table(results), sep="\n\n")
    if given.quick:
        return check_goals(results)
    if not given.only:
        results.save()
        write(results)
    return 0


def write_byte_code() -> None:
    """Compile apispy, as pip does when it installs a package.

    Without that, every process compiles it again if PYTHONDONTWRITEBYTECODE is set.
    """
    compileall.compile_dir(Path(apispy.__file__).parent, quiet=1)


def write(results: Results) -> None:
    """Write RESULTS.md, and the table in the README."""
    RESULTS.with_suffix(".md").write_text(report.page(results))
    README.write_text(report.with_table(README.read_text(), results))


def run(chosen: list[Measure], results: Results, *, quick: bool, rounds: int) -> None:
    """Run all measures, one after another; within each, the setups take turns."""
    effort = QUICK if quick else FULL
    where = Path(tempfile.mkdtemp(prefix="apispy-bench-"))
    where.chmod(0o755)  # nginx's workers run as another user
    testbed = Testbed(where, effort)
    try:
        for measure in chosen:
            for transport in measure.transports[: 1 if quick else None]:
                for _ in range(1 if measure.once else rounds or effort.rounds):
                    run_round(testbed, measure, transport, results)
    finally:
        testbed.close()
        shutil.rmtree(where, ignore_errors=True)


def run_round(testbed: Testbed, measure: Measure, transport: Transport, results: Results) -> None:
    for name, setup in SETUPS.items():
        if transport not in setup.transports or (measure.setups and name not in measure.setups):
            continue
        if not setup.takes_part(measure.name):
            continue
        if name == "mitmdump" and measure.name in NOT_WITH_MITMDUMP:
            continue
        value = measure.run(testbed, testbed.route(name, measure.upstream, transport))
        results.add(measure.name, transport, name, value)
        print(f"{measure.name}, {transport}, {name}: {report.number(value)} {measure.unit}", file=sys.stderr)


def check_goals(results: Results) -> int:
    """Return 0, or 1 if a figure exceeds limits that are wide enough for any machine."""
    failed = [goal for goal in GOALS if goal.met(results, slack=True) is False]
    for goal in failed:
        print(
            f"bench: {goal.title} ({goal.measure}, {goal.setup}): {goal.found(results):.3g}, "
            f"beyond even the quick limit: {goal.words(goal.slack or 0)}",
            file=sys.stderr,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.pop("DOCKER_HOST", None)
    sys.exit(main())
