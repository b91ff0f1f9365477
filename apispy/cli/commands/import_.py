"""``apispy import``: the calls in a file of another program, as lines or as a capture of apispy's."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from apispy.cli.options import FILE, takes_view
from apispy.cli.view import View

if TYPE_CHECKING:
    from apispy.model import Exchange
    from apispy.outputs import ThreadWriter

FORMATS = ("pcap", "socat", "har", "flows")


@click.command(short_help="Read a file of tcpdump, socat, mitmproxy or a browser.")
@click.argument("file", type=FILE)
@click.option(
    "--from", "form", type=click.Choice(FORMATS), help="What the file is.  [default: by its content]"
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="NUMBER",
    help="pcap: only connections to this port.  [default: all that carry Docker's API]",
)
@takes_view
def command(file: Path, form: str | None, port: int | None, view: View) -> int:
    """Read the calls in FILE, that another program recorded, and show them as apispy shows its own.

    \b
    tcpdump -i lo -s 0 -w docker.pcap port 2375
    apispy import docker.pcap
    socat -v -x UNIX-LISTEN:/tmp/x,fork UNIX-CONNECT:/var/run/docker.sock 2> docker.log
    apispy import docker.log
    """
    from apispy import importers
    from apispy.outputs.safe import escape

    form = form or importers.recognise(file)
    if form == "flows":
        from apispy.proxy import flow_files  # noqa: F401  # mitmproxy: 0.5 s of imports; it registers itself
    imported = importers.read(file, form, importers.Settings(port or 0, view.body_limit))
    for notice in imported.notices:
        click.echo(f"apispy: {escape(notice)}", err=True)
    _show(imported.exchanges, view)
    return 0


def _show(exchanges: "tuple[Exchange, ...]", view: View) -> None:
    from apispy.learn import Memory
    from apispy.pipeline import read

    memory = Memory()
    outputs = view.outputs(cast("ThreadWriter", sys.stdout), sys.stdout)
    notes = "off" if view.quiet else view.notes
    for exchange in exchanges:
        reading = read(exchange, memory, show_secrets=view.show_secrets, notes=notes)
        for output in outputs:
            output.write(reading)
    for output in outputs:
        output.close()
