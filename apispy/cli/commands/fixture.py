"""``apispy fixture``: tidy, check and prune the files that ``apispy record`` writes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.cli.completion import complete_engine, complete_library_fixture
from apispy.cli.help import FILES, Group, option
from apispy.cli.options import FILE, NEW_FILE, REDACT, REDACT_ENV
from apispy.cli.types import NewFile

if TYPE_CHECKING:
    from apispy.redaction.policy import Env

ENGINE = option("--engine", metavar="VERSION", shell_complete=complete_engine,
                help="The one that was recorded with this engine.  [default: the newest]")  # fmt: skip
PLAYED_HELP = "The report that `apispy replay --report REPORT` wrote."


@click.group(cls=Group, short_help="Tidy, check and prune test fixtures, or get ready ones.")
def command() -> None:
    """Tidy, check and prune the fixtures that `apispy record` writes, or get ready ones. See `apispy help fixtures`."""


@command.command(short_help="Make a fixture from a capture, or reformat an edited one.")
@click.argument("file", type=FILE)
@option(
    "-o",
    "--output",
    type=NEW_FILE,
    metavar="FILE",
    section=FILES,
    help="Write the fixture to FILE instead of replacing the input.",
)
@option("--force", is_flag=True, section=FILES, help="Replace an existing FILE of --output.")
@REDACT
@REDACT_ENV
def tidy(file: Path, output: Path | None, force: bool, redact: tuple[str, ...], redact_env: "Env") -> int:
    """Make a fixture from FILE: a capture, a fixture that was edited, or any file that `apispy import` reads.

    \b
    apispy fixture tidy calls.jsonl -o tests/fixtures/up.json
    apispy fixture tidy tests/fixtures/up.json
    """
    from apispy.app import fixtures

    fixtures.tidy_file(file, output, force=force, redact=redact, redact_env=redact_env)
    return 0


@command.command(short_help="Check fixtures for problems.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@option("--played", type=FILE, metavar="REPORT", help=PLAYED_HELP)
@REDACT_ENV
def check(files: tuple[Path, ...], played: Path | None, redact_env: "Env") -> int:
    """Check fixtures for format errors, secrets and calls that cannot be played; with --played, for unplayed calls.

    The exit code is 1 if there is a problem. Duplicate calls are reported, but are not a problem.
    """
    from apispy.app import fixtures

    return 0 if fixtures.check_files(files, played, redact_env) else 1


@command.command(short_help="Drop the calls that were not played.")
@click.argument("file", type=FILE)
@option("--played", type=FILE, metavar="REPORT", required=True, help=PLAYED_HELP)
def prune(file: Path, played: Path) -> int:
    """Drop the calls of FILE that were not played.

    \b
    apispy replay up.json --report played.json -- make test
    apispy fixture prune up.json --played played.json
    """
    from apispy.app import fixtures

    fixtures.prune_file(file, played)
    return 0


@command.command("list", short_help="List the fixtures that are packaged with apispy.")
def list_() -> int:
    """List the fixtures that are packaged with apispy: recorded from real daemons, ready to be replayed.

    \b
    apispy fixture get ps
    apispy replay ps.json -- docker ps -a
    """
    from apispy.app import library

    library.print_list()
    return 0


@command.command(short_help="Write a fixture that is packaged with apispy to a file.")
@click.argument("name", shell_complete=complete_library_fixture)
@ENGINE
@option("-o", "--output", type=NewFile(stdout=True), metavar="FILE", section=FILES,
        help="Write to FILE; - is standard output.  [default: NAME.json]")  # fmt: skip
@option("--force", is_flag=True, section=FILES, help="Replace an existing FILE.")
def get(name: str, engine: str | None, output: Path | None, force: bool) -> int:
    """Write a fixture that is packaged with apispy to a file. `apispy fixture list` lists them.

    \b
    apispy fixture get compose
    apispy fixture get run --engine 20.10 -o tests/fixtures/run.json
    """
    from apispy.app import library

    library.write(name, engine, output, force=force)
    return 0
