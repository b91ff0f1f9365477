"""``apispy run -- COMMAND ...``: show the calls of a command, as strace shows system calls."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.view import View
from apispy.cli.exit_codes import INCOMPLETE
from apispy.cli.help import FILES, Command, option
from apispy.cli.options import (
    CERTS_DIR,
    FAULT,
    LOG,
    NEW_FILE,
    TCP,
    WEB,
    capture_options,
    daemon_options,
    metrics_option,
    otlp_option,
    policy_options,
    report_options,
    view_options,
)

if TYPE_CHECKING:
    from apispy.app.otlp import Settings as OtlpSettings
    from apispy.capture import Rotation
    from apispy.endpoints import Endpoint, Listen
    from apispy.gate import FaultRule, PolicyCheck


@click.command(
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    short_help="Run a command and show its API calls.",
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND ...")
@option("-o", "--output", type=NEW_FILE, metavar="FILE", section=FILES,
        help="Write the calls to FILE (0600) instead of standard error.")  # fmt: skip
@option("--force", is_flag=True, section=FILES, help="Replace an existing FILE of --output.")
@report_options
@LOG
@WEB
@metrics_option
@otlp_option
@TCP
@CERTS_DIR
@FAULT
@policy_options
@capture_options
@daemon_options
@view_options
def command(
    words: tuple[str, ...],
    output: Path | None,
    force: bool,
    reports: tuple[str, ...],
    web: int | None,
    metrics: "Listen | None",
    otlp: "OtlpSettings | None",
    tcp: bool,
    certs_dir: Path | None,
    faults: "tuple[FaultRule, ...]",
    policy: "PolicyCheck | None",
    capture: "tuple[Path | None, Rotation | None]",
    daemon: "Callable[[], Endpoint]",
    view: View,
) -> int:
    """Run COMMAND and show the API calls that it sends to Docker.

    COMMAND keeps its input, output and terminal, and gets all signals. apispy exits with its status.

    \b
    apispy run -- docker compose up
    apispy run -o calls.txt -- docker run -it busybox sh
    apispy run --story -- docker compose up -d
    """
    from apispy.app.run import run_command

    path, rotation = capture
    if words[0].startswith("-"):
        raise click.UsageError(f"No such option: {words[0]}. Type: apispy run [OPTIONS] -- COMMAND ...")
    result = run_command(
        words,
        daemon(),
        replace(view, reports=reports, web=web, metrics=metrics, otlp=otlp, rotation=rotation),
        output,
        force=force,
        tcp=tcp,
        certs_dir=certs_dir,
        terminal=sys.stderr,
        capture=path,
        faults=faults,
        policy=policy,
    )
    return result.exit_code or (0 if result.complete else INCOMPLETE)
