"""``apispy mcp``: a capture, or the calls that pass through a proxy, for assistants by the Model Context Protocol."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apispy.app.view import View
from apispy.cli.exit_codes import INCOMPLETE
from apispy.cli.help import Command, is_typed, option
from apispy.cli.options import (
    CAPTURE,
    FILE,
    REDACT,
    REDACT_ENV,
    proxy_options,
)
from apispy.errors import UsageError

if TYPE_CHECKING:
    from apispy.endpoints import Endpoint
    from apispy.redaction.policy import Env


@click.command(cls=Command, short_help="Serve calls to an assistant, by the Model Context Protocol.")
@click.argument("file", type=FILE, required=False)
@option("--live", is_flag=True,
        help="Serve the last 1000 calls that pass between clients and a daemon, in place of a FILE. The options "
             "below are for this proxy.")  # fmt: skip
@proxy_options
@CAPTURE
@REDACT
@REDACT_ENV
@click.pass_context
def command(
    ctx: click.Context,
    file: Path | None,
    live: bool,
    listen: str,
    daemon: "Callable[[], Endpoint]",
    certs_dir: Path | None,
    listen_plaintext: bool,
    insecure_allow_remote_plaintext: bool,
    allow_hosts: tuple[str, ...],
    capture: Path | None,
    redact: tuple[str, ...],
    redact_env: "Env",
) -> int:
    """Answer questions of an assistant about the capture FILE: a server of the Model Context Protocol on stdio.

    The assistant's program runs this command. Its tools list calls, show one, tell the story, and so on; they only
    read, and secrets are hidden. With --live, apispy is a proxy, and the questions are about the calls that it
    forwards; it ends with its standard input. See `apispy help mcp`.

    \b
    apispy mcp calls.jsonl
    apispy mcp --live --listen unix:///tmp/docker.sock
    """
    typed = [
        one.opts[-1] for one in ctx.command.params if one.param_type_name == "option" and is_typed(ctx, one)
    ]
    if live == (file is not None):
        raise UsageError("Expected a FILE or --live, not both. Type: apispy mcp FILE, or: apispy mcp --live")
    if not live and typed:
        raise UsageError(f"{typed[0]} is an option of a proxy. Add --live, or leave it out")
    if file is not None:
        from apispy.app.mcp import FileCalls, serve

        serve(FileCalls(file), sys.stdin.buffer, sys.stdout.buffer)
        return 0
    from apispy import endpoints
    from apispy.app.listener import listener_files, refuse_loop
    from apispy.app.mcp.live import LiveSession
    from apispy.app.server import serve_until_signal

    where, upstream = endpoints.listen(listen), daemon()
    files = listener_files(where, certs_dir, listen_plaintext, insecure_allow_remote_plaintext)
    refuse_loop(where, upstream)
    view = View(redact=redact, redact_env=redact_env, notes="off")
    session = LiveSession(where, upstream, files, view, capture, allow_hosts)
    serve_until_signal(session)
    return 0 if session.complete else INCOMPLETE
