"""``make bench`` and ``make bench-quick``: measure, print, and write RESULTS.md, or tell whether all is in bounds."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench import report
from bench.goals import GOALS
from bench.lab import FULL, QUICK, Lab
from bench.measures import MEASURES, Measure
from bench.places import Transport
from bench.results import RESULTS, Results, machine, versions
from bench.subjects import SUBJECTS

README = Path(__file__).parents[1] / "README.md"
HELD_BACK = ("hijack echo p50", "memory of an open logs -f")
"""What stock mitmdump cannot do: it waits for an answer's end."""

TOOLS = ("nginx", "haproxy", "socat", "wrk", "dockerd", "docker")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="less than two minutes; fails when a figure is far off"
    )
    parser.add_argument("--only", default="", metavar="WORDS", help="only measures whose name has this in it")
    parser.add_argument("--rounds", type=int, default=0)
    given = parser.parse_args()
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing and not (given.quick and set(missing) <= {"dockerd", "docker"}):
        parser.error(
            f"not installed: {' '.join(missing)}; on Debian: apt-get install nginx-light haproxy socat wrk"
        )
    chosen = [one for one in MEASURES.values() if given.only in one.name and (one.quick or not given.quick)]
    results = Results(time.strftime("%Y-%m-%d"), machine(), versions())
    run(chosen, results, quick=given.quick, rounds=given.rounds)
    print(report.measured(results), report.goals(results), sep="\n\n")
    if given.quick:
        return verdict(results)
    if not given.only:
        results.save()
        write(results)
    return 0


def write(results: Results) -> None:
    """RESULTS.md, and the table in the README."""
    RESULTS.with_suffix(".md").write_text(report.page(results))
    README.write_text(report.with_table(README.read_text(), results))


def run(chosen: list[Measure], results: Results, *, quick: bool, rounds: int) -> None:
    """All measures, one after another; in each, those who stand between take turns."""
    effort = QUICK if quick else FULL
    where = Path(tempfile.mkdtemp(prefix="apispy-bench-"))
    where.chmod(0o755)  # nginx's workers are another user
    lab = Lab(where, effort)
    try:
        for measure in chosen:
            for transport in measure.transports[: 1 if quick else None]:
                for _ in range(rounds or effort.rounds):
                    one_round(lab, measure, transport, results)
    finally:
        lab.close()
        shutil.rmtree(where, ignore_errors=True)


def one_round(lab: Lab, measure: Measure, transport: Transport, results: Results) -> None:
    for name, subject in SUBJECTS.items():
        if transport not in subject.transports or (measure.subjects and name not in measure.subjects):
            continue
        if name == "mitmdump" and measure.name in HELD_BACK:
            continue
        value = measure.take(lab, lab.route(name, measure.upstream, transport))
        results.add(measure.name, transport, name, value)
        print(f"{measure.name}, {transport}, {name}: {report.number(value)} {measure.unit}", file=sys.stderr)


def verdict(results: Results) -> int:
    """0, or 1 if a figure is out of bounds that are wide enough for any machine."""
    failed = [goal for goal in GOALS if goal.met(results, slack=True) is False]
    for goal in failed:
        print(
            f"bench: {goal.what} ({goal.measure}, {goal.subject}): {goal.found(results):.3g} × {goal.other}, "
            f"not even {goal.slack:g}",
            file=sys.stderr,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.pop("DOCKER_HOST", None)
    sys.exit(main())
