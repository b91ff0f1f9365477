"""``apispy import``: the calls in a file of another program, as lines or as a capture of apispy's."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from apispy.cli.files import FORMATS, imported, readings, say_notices
from apispy.cli.options import FILE, takes_view
from apispy.cli.view import View

if TYPE_CHECKING:
    from apispy.outputs import ThreadWriter


@click.command(short_help="Read a file of tcpdump, socat, mitmproxy or a browser.")
@click.argument("file", type=FILE)
@click.option("--from", "form", type=click.Choice(FORMATS), help="What FILE is.  [default: by its content]")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="NUMBER",
    help="pcap: only connections to this port.  [default: all that carry Docker's API]",
)
@takes_view
def command(file: Path, form: str | None, port: int | None, view: View) -> int:  # fmt: skip
    """Read the calls in FILE, which another program recorded, and show them as apispy shows its own.

    \b
    tcpdump -i lo -s 0 -w docker.pcap port 2375
    apispy import docker.pcap

    \b
    socat -v -x UNIX-LISTEN:/tmp/x,fork UNIX-CONNECT:/var/run/docker.sock 2> docker.log
    apispy import docker.log
    """
    found = imported(file, form, port=port or 0, limit=view.body_limit)
    say_notices(found)
    outputs = view.outputs(cast("ThreadWriter", sys.stdout), sys.stdout)
    notes = "off" if view.quiet else view.notes
    for reading in readings(found.exchanges, show_secrets=view.show_secrets, notes=notes):
        for output in outputs:
            output.write(reading)
    for output in outputs:
        output.close()
    return 0
