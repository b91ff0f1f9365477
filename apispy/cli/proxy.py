"""``apispy``: the proxy between clients and a daemon."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy import __version__
from apispy.app.view import View
from apispy.cli.exit_codes import INCOMPLETE
from apispy.cli.group import Commands
from apispy.cli.options import (
    FAULT,
    LISTEN_GROUP,
    LOG,
    WEB,
    capture_options,
    metrics_option,
    otlp_option,
    policy_options,
    proxy_options,
    report_options,
    view_options,
)

if TYPE_CHECKING:
    from apispy.app.otlp import Settings as OtlpSettings
    from apispy.capture import Rotation
    from apispy.endpoints import Endpoint, Listen
    from apispy.gate import FaultRule, PolicyCheck


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@proxy_options
@LISTEN_GROUP
@FAULT
@policy_options
@capture_options
@report_options
@LOG
@WEB
@metrics_option
@otlp_option
@view_options
@click.version_option(__version__, "-V", "--version", message="apispy %(version)s")
@click.pass_context
def proxy(
    ctx: click.Context,
    listen: str,
    listen_group: str,
    daemon: "Callable[[], Endpoint]",
    certs_dir: Path | None,
    listen_plaintext: bool,
    insecure_allow_remote_plaintext: bool,
    allow_hosts: "tuple[str, ...]",
    faults: "tuple[FaultRule, ...]",
    policy: "PolicyCheck | None",
    capture: "tuple[Path | None, Rotation | None]",
    reports: tuple[str, ...],
    web: int | None,
    metrics: "Listen | None",
    otlp: "OtlpSettings | None",
    view: View,
) -> int:
    """Show the API calls of Docker clients, without changing the traffic.

    \b
    apispy run -- docker ps                  show the calls of one command
    apispy --upstream host:2376              show the calls of any client: paste the lines that this prints
    apispy record -o ps.json -- docker ps    record the calls of a command as a test fixture
    apispy replay ps.json -- docker ps       run a command against the fixture, without a daemon
    apispy explain docker run -it busybox    explain the calls that a docker command makes
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from apispy import endpoints
    from apispy.app.listener import listener_files, refuse_loop
    from apispy.app.proxy import ProxySession
    from apispy.app.server import serve_until_signal

    path, rotation = capture
    where = endpoints.listen(listen, listen_group)
    files = listener_files(where, certs_dir, listen_plaintext, insecure_allow_remote_plaintext)
    upstream = daemon()
    refuse_loop(where, upstream)
    session = ProxySession(
        where,
        upstream,
        files,
        replace(view, reports=reports, web=web, metrics=metrics, otlp=otlp, rotation=rotation),
        sys.stdout,
        path,
        faults,
        allow_hosts,
        policy=policy,
    )
    serve_until_signal(session)
    return 0 if session.complete else INCOMPLETE
