"""``apispy export``: write the calls of a capture in another program's format."""

import sys
from pathlib import Path

import click

from apispy.app.export import choose_exporter, export, exporters
from apispy.app.output_files import STDOUT
from apispy.cli.help import Command, option
from apispy.cli.options import FILE, parse_filter
from apispy.cli.progress import Progress
from apispy.cli.types import NewFile
from apispy.errors import UsageError


class ExportCommand(Command):
    """A command whose help lists the formats."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Formats"):
            formatter.write_dl(
                [(one.name, f"{one.description} ({one.suffix})") for one in exporters().values()]
            )


@click.command(
    cls=ExportCommand, short_help="Export a capture as curl, Python, HAR, pcapng, Markdown and other formats."
)
@click.argument("file", type=FILE)
@option(
    "--to", "name", metavar="FORMAT", help="One of the formats below.  [default: by the name of the --output]"
)
@option(
    "-o",
    "--output",
    type=NewFile(stdout=True),
    metavar="FILE",
    help="Write to FILE (0600) instead of standard output.",
)
@option("--filter", "expression", metavar="EXPR",
        help="Write only the calls that match, as in `apispy show --filter EXPR FILE`.")  # fmt: skip
@option("--force", is_flag=True, help="Replace an existing FILE of --output.")
@option("--show-secrets", is_flag=True, help="Include the secrets that the capture contains.")
def command(
    file: Path, name: str | None, output: Path | None, expression: str | None, force: bool, show_secrets: bool
) -> int:
    """Write the calls of the capture FILE ("-" is standard input) in another program's format.

    \b
    apispy export calls.jsonl --to curl -o again.sh
    apispy export calls.jsonl -o calls.har
    apispy export calls.jsonl --to pcapng | tshark -r - -d tcp.port==2375,http
    """
    output = None if output == STDOUT else output
    exporter = choose_exporter(name, output)
    if output is None and exporter.binary and _is_terminal():
        raise UsageError(
            f"{exporter.name} is a binary format. Type -o calls{exporter.suffix}, or pipe it to a program."
        )
    export(
        file,
        exporter,
        output,
        force=force,
        show_secrets=show_secrets,
        call_filter=parse_filter(expression),
        progress=Progress,
    )
    return 0


def _is_terminal() -> bool:
    return sys.stdout.isatty()
