"""``apispy run -- COMMAND ...``: what a command says to Docker, as strace shows system calls."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.view import View
from apispy.cli.options import CAPTURE, FAULT, FILE, takes_daemon, takes_view

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint
    from apispy.gate import FaultRule


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND ...")
@click.option("-o", "--output", type=FILE, metavar="FILE",
              help="Where to print the calls (0600); without it on standard error.")  # fmt: skip
@click.option(
    "--tcp", is_flag=True, help="Give the command mutual TLS on a free port instead of a unix socket."
)
@click.option(
    "--certs-dir", type=FILE, metavar="DIR", help="Our CA and certificates for --tcp; made on first use."
)
@FAULT
@CAPTURE
@takes_daemon
@takes_view
def command(
    words: tuple[str, ...],
    output: Path | None,
    tcp: bool,
    certs_dir: Path | None,
    faults: "tuple[FaultRule, ...]",
    capture: Path | None,
    daemon: "Callable[[], Endpoint]",
    view: View,
) -> int:
    """Run COMMAND and show what it says to Docker.

    Its own input, output and terminal stay untouched, signals are passed on, and its exit code is ours.

    \b
    apispy run -- docker compose up
    apispy run -o calls.txt -- docker run -it busybox sh
    """
    from apispy.app.run import run_under

    if words[0].startswith("-"):
        raise click.UsageError(f"No such option: {words[0]}. Type: apispy run [OPTIONS] -- COMMAND ...")
    return run_under(
        words,
        daemon(),
        view,
        output,
        tcp=tcp,
        certs_dir=certs_dir,
        terminal=sys.stderr,
        capture=capture,
        faults=faults,
    )
