"""``apispy doctor``: check what apispy and its clients need."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.cli.help import CONNECTION, Command, is_typed, option
from apispy.cli.options import CERTS_DIR, daemon_options

if TYPE_CHECKING:
    from apispy.app.doctor import Finding
    from apispy.endpoints import Endpoint

COLORS = {"ok": "green", "note": "yellow", "problem": "red"}
LABELS = 23
"""Columns of the state and the name of a check. The longest are "problem" and "API versions"."""


@click.command(cls=Command, short_help="Check the installation, the daemon and the clients.")
@daemon_options
@option("--listen", default="2377", show_default=True, metavar="ADDRESS", section=CONNECTION,
        help="Address where apispy would listen.")  # fmt: skip
@CERTS_DIR
@option("--json", "as_json", is_flag=True, help="Print a list of JSON objects instead of lines.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    daemon: "Callable[[], Endpoint]",
    listen: str,
    certs_dir: Path | None,
    as_json: bool,
) -> int:
    """Check Python, mitmproxy, certificates, sockets, the daemon, docker CLIs, versions, clocks and the environment.

    Nothing is changed. The exit code is 1 if there is a problem; notes do not affect it.
    """
    from apispy import certs, endpoints
    from apispy.app import doctor

    where = endpoints.listen(listen)
    found: list[tuple[str, Finding]] = []
    context = doctor.CheckContext(
        os.environ, Path.home(), certs_dir or certs.default_dir(), where, daemon,
        typed=_is_daemon_typed(ctx), encoding=sys.stdout.encoding or "utf-8",
    )  # fmt: skip
    for name, finding in doctor.run_checks(context):
        found.append((name, finding))
        if not as_json:
            click.echo("\n".join(_lines(name, finding)))
    if as_json:
        click.echo(json.dumps([_row(name, finding) for name, finding in found], indent=2))
    return int(any(finding.state == "problem" for _, finding in found))


def _is_daemon_typed(ctx: click.Context) -> bool:
    names = {parameter.name for parameter in ctx.command.params} - {"listen", "certs_dir", "as_json"}
    return any(is_typed(ctx, parameter) for parameter in ctx.command.params if parameter.name in names)


def _row(name: str, finding: "Finding") -> dict[str, str | None]:
    return {
        "check": name,
        "state": finding.state,
        "text": finding.text,
        "cure": finding.remedy or None,
        "command": finding.command or None,
    }


def _lines(name: str, finding: "Finding") -> Iterator[str]:
    from apispy.outputs.escaping import escape

    width = max(shutil.get_terminal_size().columns - LABELS, 30)
    label = click.style(f"{finding.state:8}", COLORS[finding.state]) + f" {name:13} "
    for text in filter(None, [finding.text, finding.remedy]):
        for line in textwrap.wrap(escape(text), width, break_long_words=False, break_on_hyphens=False):
            yield label + line
            label = " " * LABELS
    if finding.command:  # not wrapped, so that it can be pasted
        yield f"{label}  {escape(finding.command)}"
