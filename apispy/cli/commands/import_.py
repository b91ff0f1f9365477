"""``apispy import``: show or convert a recording of another program."""

import sys
from pathlib import Path

import click

from apispy.app.input_files import FORMATS, curl_formatter, read_calls, save_capture, show_calls
from apispy.app.messages import info
from apispy.app.view import View
from apispy.cli.help import Command, option
from apispy.cli.options import FILE, NEW_FILE, view_options
from apispy.cli.types import Whole
from apispy.errors import UsageError
from apispy.outputs.escaping import escape
from apispy.units import count


@click.command(cls=Command, short_help="Import a recording of tcpdump, VCR, curl, a browser or others.")
@click.argument("file", type=FILE)
@option(
    "-o",
    "--output",
    type=NEW_FILE,
    metavar="FILE",
    help="Write the calls to FILE, a new capture, instead of showing them.",
)
@option(
    "--from", "form", type=click.Choice(FORMATS), help="Format of FILE.  [default: detected from its content]"
)
@option("--port", type=Whole(1, 65535), metavar="NUMBER",
        help="pcap, tshark: read only connections to this port.  [default: all that carry Docker's API]")  # fmt: skip
@view_options
def command(file: Path, output: Path | None, form: str | None, port: int | None, view: View) -> int:
    """Read the API calls in FILE, a recording of another program, and show them as if they were live.

    \b
    tcpdump -i lo -s 0 -w docker.pcap port 2375
    apispy import docker.pcap

    \b
    socat -v -x UNIX-LISTEN:/tmp/x,fork UNIX-CONNECT:/var/run/docker.sock 2> docker.log
    apispy import docker.log -o docker.jsonl
    """
    if output and output.exists():
        raise UsageError(
            f"-o {output}: there is a file already, and it is not overwritten. Name another one."
        )
    found = read_calls(file, form, port=port or 0, limit=view.body_limit)
    if output:
        info(f"wrote {count(save_capture(found, output, view), 'calls')} to {output}")
        return 0
    from apispy.app.show import OutputStream
    from apispy.cli.progress import Progress

    no_calls = f"No calls in {escape(str(file))}."
    out = OutputStream(sys.stdout)
    outputs = view.outputs(out.write, sys.stdout, curl_formatter(view), no_calls)
    show_calls(
        found, outputs, policy=view.policy, notes=view.wanted_notes, stream=sys.stdout, progress=Progress
    )
    out.close()
    return 0
