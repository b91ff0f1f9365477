"""``apispy import``: the calls in a file of another program, as lines or as a capture of apispy's."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.input_files import FORMATS, imported, play, readings, whole_or_none
from apispy.app.messages import info
from apispy.app.view import View
from apispy.cli.options import FILE, takes_view
from apispy.errors import ApispyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from apispy.importers import Imported
    from apispy.outputs import DecodedCall, Target
    from apispy.pipeline import Notes

SOCKET = "/var/run/docker.sock"


@click.command(short_help="Read a file of tcpdump, socat, mitmproxy or a browser.")
@click.argument("file", type=FILE)
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="Write a capture of apispy's instead of showing the calls.",
)
@click.option("--from", "form", type=click.Choice(FORMATS), help="What FILE is.  [default: by its content]")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="NUMBER",
    help="pcap: only connections to this port.  [default: all that carry Docker's API]",
)
@takes_view
def command(file: Path, output: Path | None, form: str | None, port: int | None, view: View) -> int:  # fmt: skip
    """Read the calls in FILE, which another program recorded, and show them as apispy shows its own.

    \b
    tcpdump -i lo -s 0 -w docker.pcap port 2375
    apispy import docker.pcap

    \b
    socat -v -x UNIX-LISTEN:/tmp/x,fork UNIX-CONNECT:/var/run/docker.sock 2> docker.log
    apispy import docker.log -o docker.jsonl
    """
    if output and output.exists():
        raise UsageError(f"-o {output}: there is such a file, and nothing is overwritten. Name another one.")
    found = imported(file, form, port=port or 0, limit=view.body_limit)
    if output:
        _save(found, output, view)
        return 0
    from apispy.app.show import Paper
    from apispy.cli.progress import Progress

    outputs = view.outputs(Paper(sys.stdout).write, sys.stdout, _curl(view) if view.curl else None)
    notes: Notes = "off" if view.quiet else view.notes
    play(found, outputs, policy=view.policy, notes=notes, paper=sys.stdout, progress=Progress)
    return 0


def _save(found: "Imported", output: Path, view: View) -> None:
    """Raises ApispyError."""
    from dataclasses import asdict

    from apispy import __version__
    from apispy.capture import Header, Notice, Writer

    calls = [reading.exchange for reading in readings(found, policy=view.policy)]
    started = min((call.started for call in calls), default=0.0)
    redacted = found.redacted or not view.show_secrets
    upstream = calls[0].upstream if calls else ""
    direct = {"direct": asdict(_target(upstream))}
    try:
        with Writer(output) as writer, whole_or_none(output):
            writer.header(Header(__version__, started, redacted, upstream, view.body_limit, direct))
            for call in calls:
                writer.exchange(call)
            for notice in found.notices:
                writer.notice(Notice(started, notice))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ApispyError(f"{output} cannot be written: {why}. Name another file with -o.") from None
    info(f"{len(calls)} calls are in {output} now")


def _curl(view: View) -> "Callable[[DecodedCall], str]":
    from apispy.app.curl_targets import BodyFiles
    from apispy.outputs.curl import curl

    keep = BodyFiles(view.bodies).keep if view.bodies else None

    return lambda reading: curl(reading, _target(reading.exchange.upstream), keep)


def _target(upstream: str) -> "Target":
    """The daemon that the file names, or the one of this machine."""
    from apispy.outputs import Target

    there = upstream.startswith("tcp://")
    return Target(base=f"http{upstream.removeprefix('tcp')}") if there else Target(socket=SOCKET)
