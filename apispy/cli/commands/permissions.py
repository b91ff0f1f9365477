"""``apispy permissions``: the permissions that the calls of captures need."""

import json
import shutil
import sys
from pathlib import Path

import click

from apispy.app.messages import print_lines, result
from apispy.app.view import use_color
from apispy.cli.help import Command, option
from apispy.cli.options import COLOR, FILE, parse_filter
from apispy.errors import UsageError

TARGETS = ("tecnativa", "linuxserver", "wollomatic", "cetusguard", "sockguard", "opa", "apispy")
"""The values of --for and --as."""


@click.command(
    cls=Command, short_help="List the permissions a program needs, or write a socket proxy's rules."
)
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@option("--for", "target", type=click.Choice(TARGETS),
        help="Write the rules of this socket proxy, or authorization plugin, that allow these calls.")  # fmt: skip
@option("--check", "config", type=FILE, metavar="FILE",
        help="List the calls that the rules in this FILE refuse, and the rules that no call needs.")  # fmt: skip
@option(
    "--as", "config_target", type=click.Choice(TARGETS), help="The program that the rules of --check are for."
)
@option("--filter", "expression", metavar="EXPR", help="Consider only the calls that match.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@COLOR
def command(
    files: tuple[Path, ...],
    target: str | None,
    config: Path | None,
    config_target: str | None,
    expression: str | None,
    as_json: bool,
    color: str,
) -> int:
    """List the permissions that the calls in FILE... use: operations, clients, and what is dangerous and why.

    FILEs are captures, or any files that `apispy import` reads. With --check, the exit code is 1 if a call would be
    refused. See `apispy help permissions`.

    \b
    apispy permissions calls.jsonl
    apispy permissions --for wollomatic calls.jsonl
    apispy permissions --check compose.yaml --as tecnativa calls.jsonl
    """
    from apispy.app.permissions import check_files, usage_of
    from apispy.cli.progress import Progress
    from apispy.learn import permissions

    _check_options(target, config, config_target, as_json)
    call_filter, width = parse_filter(expression), shutil.get_terminal_size().columns
    if config is not None and config_target is not None:
        check = check_files(files, config, config_target, call_filter, Progress)
        if as_json:
            click.echo(json.dumps(permissions.check_json(check), indent=2))  # ASCII only
        else:
            print_lines(permissions.check_lines(check, width), use_color(color, sys.stdout))
        return 1 if check.refused_calls else 0
    usage = usage_of(files, call_filter, Progress)
    if target is not None:
        result("\n".join(permissions.write_rules(permissions.TARGETS[target], usage)))
    elif as_json:
        click.echo(json.dumps(permissions.usage_json(usage), indent=2))  # ASCII only
    else:
        print_lines(permissions.usage_lines(usage, width), use_color(color, sys.stdout))
    return 0


def _check_options(target: str | None, config: Path | None, config_target: str | None, as_json: bool) -> None:
    if (config is None) != (config_target is None):
        missing = "--as TARGET" if config_target is None else "--check FILE"
        raise UsageError(f"--check and --as belong together: add {missing}")
    if target is not None and (config is not None or as_json):
        other = "--check" if config is not None else "--json"
        raise UsageError(f"--for and {other} cannot be combined: leave out one of them")
