"""``apispy coverage``: which parts of Docker's API the calls of captures touch."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.messages import info, print_lines, result
from apispy.app.view import use_color
from apispy.cli.help import Command, option
from apispy.cli.options import COLOR, FILE, parse_filter
from apispy.cli.types import Number
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.learn.coverage import Report


@click.command(cls=Command, short_help="Show which operations, parameters, fields and statuses calls cover.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@option("--api", "version", metavar="VERSION",
        help="Measure the coverage of this API version.  [default: the version that most calls name]")  # fmt: skip
@option("-v", "--verbose", is_flag=True, help="List what the covered operations miss, too.")
@option("--fail-under", type=Number(0, 100), metavar="N",
        help="Exit with 1 if less than N percent of the operations are covered.")  # fmt: skip
@option("--baseline", type=FILE, metavar="FILE",
        help="Compare with FILE, which --json wrote. Exit with 1 if an operation is no longer covered.")  # fmt: skip
@option("--filter", "expression", metavar="EXPR", help="Consider only the calls that match.")
@option("--markdown", is_flag=True, help="Print Markdown, for the summary of a job of GitHub Actions.")
@option("--html", is_flag=True, help="Print an HTML page with everything that is covered and missing.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@COLOR
def command(
    files: tuple[Path, ...],
    version: str | None,
    verbose: bool,
    fail_under: float | None,
    baseline: Path | None,
    expression: str | None,
    markdown: bool,
    html: bool,
    as_json: bool,
    color: str,
) -> int:
    """Show how much of Docker's API the calls in FILE... cover: operations, parameters, body fields and statuses.

    FILEs are captures of a test suite, or any files that `apispy import` reads. See `apispy help coverage`.

    \b
    apispy coverage calls.jsonl
    apispy coverage --fail-under 40 *.jsonl
    apispy coverage --markdown calls.jsonl >> "$GITHUB_STEP_SUMMARY"
    """
    from apispy.app.coverage import coverage_of
    from apispy.cli.progress import Progress

    if markdown + html + as_json > 1:
        raise UsageError("--markdown, --html and --json cannot be combined: leave out all but one")
    report = coverage_of(files, _known(version), baseline, parse_filter(expression), Progress)
    form = "markdown" if markdown else "html" if html else "json" if as_json else "text"
    _print(report, form, verbose, color)
    if fail_under is not None and report.percent < fail_under:
        info(f"coverage of {report.percent:.1f} % is under {fail_under:g} % (--fail-under)")
        return 1
    return 1 if report.lost else 0


def _known(version: str | None) -> str | None:
    from apispy.engine.versions import NEWEST, VERSIONS

    if version is None or (version := version.removeprefix("v")) in VERSIONS:
        return version
    raise UsageError(f"--api {version}: expected a version of Docker's API, {VERSIONS[0]} to {NEWEST}")


def _print(report: "Report", form: str, verbose: bool, color: str) -> None:
    from apispy.learn import coverage

    match form:
        case "markdown":
            result("\n".join(coverage.markdown_lines(report)))
        case "html":
            click.echo(coverage.html_page(report), nl=False)  # all text in it is from Docker's reference
        case "json":
            click.echo(json.dumps(coverage.report_json(report), indent=2))
        case _:
            width = shutil.get_terminal_size().columns
            print_lines(coverage.report_lines(report, width, verbose=verbose), use_color(color, sys.stdout))
