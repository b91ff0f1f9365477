"""``apispy fixture``: tidy, check and prune the files that ``apispy record`` writes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.cli.options import FILE, REDACT, REDACT_ENV

if TYPE_CHECKING:
    from apispy.redaction.policy import Env

PLAYED = click.option(
    "--played",
    type=FILE,
    metavar="REPORT",
    help="What was played, as `apispy replay --report REPORT` wrote it.",
)


@click.group(short_help="Tidy, check and prune fixtures.")
def command() -> None:
    """Tidy, check and prune fixtures, which `apispy record` writes: docs/fixtures.md"""


@command.command(short_help="Make a fixture of a capture, or lay out one anew.")
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write it there instead of in place.")
@click.option("--force", is_flag=True, help="Replace the file of -o.")
@REDACT
@REDACT_ENV
def tidy(file: Path, output: Path | None, force: bool, redact: tuple[str, ...], redact_env: "Env") -> int:
    """Make a fixture of FILE: a capture, a fixture that was edited, or any file that `apispy import` reads.

    \b
    apispy fixture tidy calls.jsonl -o tests/fixtures/up.json
    apispy fixture tidy tests/fixtures/up.json
    """
    from apispy.app import fixtures

    return fixtures.tidy_file(file, output, force=force, redact=redact, redact_env=redact_env)


@command.command(short_help="Say what is wrong with fixtures.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@PLAYED
@REDACT_ENV
def check(files: tuple[Path, ...], played: Path | None, redact_env: "Env") -> int:
    """Say what is wrong with fixtures: their form, secrets, what cannot be played, and with --played what was not.

    The exit code is 1 if anything is. Calls that stand there twice are told too, and are no fault.
    """
    from apispy.app import fixtures

    return fixtures.check_files(files, played, redact_env)


@command.command(short_help="Drop the calls that were not played.")
@click.argument("file", type=FILE)
@click.option("--played", type=FILE, metavar="REPORT", required=True,
              help="What was played, as `apispy replay --report REPORT` wrote it.")  # fmt: skip
def prune(file: Path, played: Path) -> int:
    """Drop the calls of FILE that were not played.

    \b
    apispy replay up.json --report played.json -- make test
    apispy fixture prune up.json --played played.json
    """
    from apispy.app import fixtures

    return fixtures.prune_file(file, played)
