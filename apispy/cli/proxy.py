"""``apispy``: stand between a client and a daemon, and show what they say."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy import __version__
from apispy.app.view import View
from apispy.cli.group import Commands
from apispy.cli.options import ALLOW_HOST, CAPTURE, FAULT, FILE, takes_daemon, takes_view

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint
    from apispy.gate import FaultRule


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--listen", default="2377", show_default=True, metavar="ADDRESS",
              help="Where clients connect: PORT (on 127.0.0.1), HOST:PORT, tcp://HOST:PORT or unix:///PATH. "
                   "Port 0 takes any free one.")  # fmt: skip
@takes_daemon
@click.option("--certs-dir", type=FILE, metavar="DIR",
              help="Our CA, and the certificates of the listener and its clients; made on first use.")  # fmt: skip
@click.option(
    "--listen-plaintext", is_flag=True, help="No TLS on a TCP listener: everybody who can connect is root."
)
@click.option("--insecure-allow-remote-plaintext", is_flag=True,
              help="Let --listen-plaintext use an address that other machines can reach.")  # fmt: skip
@ALLOW_HOST
@FAULT
@CAPTURE
@takes_view
@click.version_option(__version__, "-V", "--version", message="apispy %(version)s")
@click.pass_context
def proxy(
    ctx: click.Context,
    listen: str,
    daemon: "Callable[[], Endpoint]",
    certs_dir: Path | None,
    listen_plaintext: bool,
    insecure_allow_remote_plaintext: bool,
    allow_hosts: "tuple[str, ...]",
    faults: "tuple[FaultRule, ...]",
    capture: Path | None,
    view: View,
) -> int:
    """See what Docker clients and daemons say to each other, without being seen.

    \b
    apispy --upstream host:2376        then paste the lines it prints into another shell
    apispy --listen unix:///tmp/apispy.sock
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from apispy import endpoints
    from apispy.app.listener import listener_files, refuse_loop
    from apispy.app.proxy_session import ProxySession
    from apispy.app.standing import serve_forever

    where = endpoints.listen(listen)
    files = listener_files(where, certs_dir, listen_plaintext, insecure_allow_remote_plaintext)
    upstream = daemon()
    refuse_loop(where, upstream)
    return serve_forever(ProxySession(where, upstream, files, view, sys.stdout, capture, faults, allow_hosts))
